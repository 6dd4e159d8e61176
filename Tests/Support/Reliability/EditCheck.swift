import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

/// Many edits of one store, one after another, each compared with a model.
package struct EditCheck {
  /// Makes `count` edits of a store chosen by a seed, among them appends and removals, and compares
  /// all that the store says after each with what it should say. A store that was opened before the
  /// last edit must still give the same answers.
  ///
  /// - Returns: how many edits changed something.
  package static func run(_ backend: Backend, count: Int, seed: UInt64) throws -> Int {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    var generator = SplitMix64(seed: seed)
    var model = Commits(backend, imagesPerCommit: 9).images(of: 0)
    try backend.write(path, .create, WriterRun(model))
    var changed = 0
    for number in 0..<count {
      do {
        let held = try backend.open(path)
        // What has been read is not read again.
        _ = try held.labels()
        for name in held.columnNames { _ = try held.column(name) }
        let before = model
        try change(&model, at: path, backend, number, &generator)
        if model != before { changed += 1 }
        let store = try backend.open(path)
        try store.verify()
        if let difference = try model.difference(from: store) { throw Violation(difference) }
        if !backend.opensImagesWhenRead, let difference = try before.difference(from: held) {
          throw Violation("the store that was open: \(difference)")
        }
      } catch {
        throw Violation("\(backend), seed \(seed), edit \(number): \(error)")
      }
    }
    try require(FileSystem.names(in: folder.path).count == 1, "something is left beside the store")
    return changed
  }

  private static func change(
    _ model: inout ModelImages, at path: String, _ backend: Backend, _ number: Int,
    _ generator: inout SplitMix64
  ) throws {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0:
      // Labels that are not of the class names, if there are any, would be refused.
      let most = model.classNames?.count ?? 1000
      let labels = model.formats.map { _ in Int.random(in: -1..<most, using: &generator) }
      try backend.edit(path) { try $0.relabeled(with: labels, classNames: $0.classNames) }
      model.labels = labels
    case 1:
      let column = randomColumn(count: model.count, &generator)
      let name = ["a", "box/b", "note", "camera"].randomElement(using: &generator)!
      try backend.edit(path) { try $0.withColumns([name: column]) }
      model.columns[name] = column
    case 2:
      guard let name = model.columns.keys.sorted().randomElement(using: &generator) else { return }
      try backend.edit(path) { try $0.withoutColumns(name) }
      model.columns[name] = nil
    case 3:
      let names: [String]? =
        Bool.random(using: &generator) ? nil : (0..<12).map { "class \($0) of \(number)" }
      let labels = model.labels
      try backend.edit(path) { try $0.relabeled(with: labels, classNames: names) }
      model.classNames = names
    case 4:
      let labels: [Int]? = model.labels == nil ? model.formats.map { _ in number % 5 } : nil
      try backend.edit(path) { try $0.relabeled(with: labels, classNames: $0.classNames) }
      model.labels = labels
    case 5:
      // All at once, and nothing at all.
      let column = randomColumn(count: model.count, &generator)
      let labels = model.formats.map { _ in Int.random(in: 0..<5, using: &generator) }
      try backend.edit(path) {
        try $0.relabeled(with: labels, classNames: ["v", "w", "x", "y", "z"]).withColumns(["a": column])
      }
      model.labels = labels
      model.classNames = ["v", "w", "x", "y", "z"]
      model.columns["a"] = column
      try backend.edit(path) { $0 }
      return
    case 6:
      guard model.count > 4 else { return }
      let removed = Set((0..<2).map { _ in Int.random(in: 0..<model.count, using: &generator) })
      try backend.remove(removed.sorted(), from: path)
      var left = ModelImages()
      for index in 0..<model.count where !removed.contains(index) {
        left.append(contentsOf: model.slice(index..<index + 1))
      }
      left.classNames = model.classNames
      model = left
    default:
      // Another writer adds an image like the first.
      var more = model.slice(0..<1)
      more.classNames = model.classNames
      try backend.write(path, .append, WriterRun(more))
      model.append(contentsOf: more)
    }
  }

  private static func randomColumn(count: Int, _ generator: inout SplitMix64) -> Column {
    let numbers = (0..<count).map { _ in Int64.random(in: -9..<9, using: &generator) }
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: return .int64(numbers)
    case 1: return .double(numbers.map { Double($0) / 3 })
    case 2: return .string(numbers.map { $0 < 0 ? "" : "text, \($0)" })
    case 3: return .bytes(Column.Bytes(numbers.map { [UInt8](repeating: 3, count: max(0, Int($0))) }))
    default:
      do throws(StoreError) {
        return .int64Vectors(try Column.Vectors(numbers + numbers, width: 2))
      } catch {
        preconditionFailure("\(error)")
      }
    }
  }
}
