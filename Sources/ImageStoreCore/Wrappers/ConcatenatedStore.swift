/// The images of several stores, of any backends, one after another.
///
/// - ``format`` is nil if the stores differ in it.
/// - ``labels()`` is nil unless every store has labels.
/// - ``columnNames`` has the columns that every store has, of the same kind in all.
/// - ``classNames`` has the names of the first store and then those that only later ones have, if
///   every store has class names; labels are translated by them, so that a label means the same in
///   all. It is nil if a store has none.
///
/// Stores without images do not count in any of this. A read calls each store it needs once, in
/// whatever order its indices are.
public struct ConcatenatedStore: ImageStore {
  /// The stores that have images.
  public let stores: [any ImageStore]
  /// The index of the first image of each store, and the number of all images.
  let starts: [Int]
  public let format: ImageFormat?
  public let classNames: [String]?
  public let isZeroCopy: Bool
  public let checksumCoverage: ChecksumCoverage
  /// How the labels of each store change; nil if they stay.
  private let merges: [ClassNameMerge?]
  private let rememberedLabels = Cached<[Int]?>()
  private let rememberedColumnNames = Cached<[String]>()

  /// Puts stores one after another.
  public init(_ stores: [any ImageStore]) {
    let stores = stores.filter { $0.count > 0 }
    self.stores = stores
    var starts = [0]
    for store in stores { starts.append(starts[starts.count - 1] + store.count) }
    self.starts = starts
    let format = stores.first?.format
    self.format = stores.allSatisfy { $0.format == format } ? format : nil
    (classNames, merges) = Self.merge(stores.map(\.classNames))
    isZeroCopy = stores.allSatisfy { $0.isZeroCopy }
    checksumCoverage = ChecksumCoverage(of: stores.map(\.checksumCoverage))
  }

  /// The class names of all stores together, and how the labels of each change.
  private static func merge(_ all: [[String]?]) -> (names: [String]?, merges: [ClassNameMerge?]) {
    let unchanged = [ClassNameMerge?](repeating: nil, count: all.count)
    let lists = all.compactMap { $0 }
    guard let first = lists.first, lists.count == all.count else { return (nil, unchanged) }
    if lists.allSatisfy({ $0 == first }) { return (first, unchanged) }
    do throws(StoreError) {
      var names = first
      for list in lists.dropFirst() {
        names = try ClassNameMerge(list, onto: names) { () in nil }.names ?? names
      }
      // Onto all of them, so that a label without a name is refused whichever store has it.
      var merges: [ClassNameMerge?] = []
      for list in lists { merges.append(try ClassNameMerge(list, onto: names) { () in nil }) }
      return (names, merges)
    } catch {
      // A name that stands for two classes of one store cannot say which of them a label means.
      return (nil, unchanged)
    }
  }

  public var count: Int { starts[starts.count - 1] }
  public var sourcePaths: [String] { stores.flatMap(\.sourcePaths) }
  public var notes: [ReadingNote] {
    var seen: Set<ReadingNote> = []
    return (stores.flatMap(\.notes) + notesOfParts + notesOfClasses).filter { seen.insert($0).inserted }
  }

  /// Notes on labels and columns that only some of the stores have.
  private var notesOfParts: [ReadingNote] {
    // Reading a column reports its error.
    let haveLabels = stores.compactMap { try? $0.labels() != nil }
    let labels =
      Set(haveLabels).count > 1 ? [ReadingNote(.notRead, "labels, which some parts do not have")] : []
    let areNamed = stores.contains { $0.classNames != nil }
    let classes =
      classNames == nil && areNamed
      ? [ReadingNote(.notRead, "class names, which some parts do not have or have twice")] : []
    let kept = Set(columnNames)
    return labels + classes
      + Set(stores.flatMap(\.columnNames)).subtracting(kept).sorted().map { name in
        let isEverywhere = stores.allSatisfy { $0.columnNames.contains(name) }
        let reason =
          isEverywhere ? "whose values are of another kind in some parts" : "which some parts do not have"
        return ReadingNote(.notRead, "the column \(name), \(reason)")
      }
  }

  /// How labels change because stores name their classes differently.
  private var notesOfClasses: [ReadingNote] {
    let changes = zip(stores, merges).enumerated().compactMap { number, part -> String? in
      guard let translation = part.1?.translation, let names = part.0.classNames else { return nil }
      let moved = translation.indices.filter { translation[$0] != $0 }
      guard !moved.isEmpty else { return nil }
      let shown = moved.prefix(6).map { "\(names[$0]) \($0) is \(translation[$0])" }
      let others = moved.count > 6 ? " and \(moved.count - 6) more" : ""
      return "of part \(number + 1), \(shown.joined(separator: ", "))\(others)"
    }
    guard let classNames, merges.contains(where: { $0 != nil }) else { return [] }
    return [
      ReadingNote(
        .decided,
        "classes are matched by name, \(classNames.count) in all"
          + (changes.isEmpty ? "" : ": " + changes.joined(separator: "; ")))
    ]
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    if let format { return format }
    let number = storeNumber(of: index)
    return try stores[number].format(at: index - starts[number])
  }

  public func labels() throws(StoreError) -> [Int]? {
    try rememberedLabels.value { () throws(StoreError) in
      guard !stores.isEmpty else { return nil }
      var all: [Int] = []
      all.reserveCapacity(count)
      for (number, store) in stores.enumerated() {
        guard let labels = try store.labels() else { return nil }
        guard labels.count == store.count else {
          throw StoreError(.corrupt, "\(labels.count) labels for \(store.count) images")
        }
        guard let merge = merges[number] else {
          all += labels
          continue
        }
        do throws(StoreError) {
          all += try merge.translating(labels, first: starts[number])
        } catch {
          throw StoreError(
            error.code,
            "\(error.message), and the stores that are put together have different class names",
            remedy: "give each store a name for every label", image: error.image)
        }
      }
      return all
    }
  }

  /// The columns that every store has, of the same kind in all.
  ///
  /// The first call reads the columns to learn their kinds. One that cannot be read is listed, so
  /// that asking for it says why.
  public var columnNames: [String] {
    let names = try? rememberedColumnNames.value { () throws(StoreError) in
      guard let first = stores.first else { return [] }
      return first.columnNames.filter { name in
        guard stores.allSatisfy({ $0.columnNames.contains(name) }) else { return false }
        guard let kinds = try? stores.map({ try $0.column(name).kind }) else { return true }
        return Set(kinds).count == 1
      }
    }
    return names ?? []
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let first = stores.first, stores.allSatisfy({ $0.columnNames.contains(name) }) else {
      throw .noColumn(name, among: columnNames)
    }
    var all = try first.column(name)
    for store in stores.dropFirst() {
      let more = try store.column(name)
      guard more.kind == all.kind else { throw .noColumn(name, among: columnNames) }
      try all.append(more)
    }
    return all
  }

  public func advise(_ pattern: AccessPattern) {
    for store in stores { store.advise(pattern) }
  }

  public func willRead(_ indices: Span<Int>) {
    withEachStore(indices) { store, indices in store.willRead(indices) }
  }

  /// The mean over the stores, by their number of images.
  public func residentShare() -> Double {
    guard count > 0 else { return 1 }
    return stores.reduce(0.0) { $0 + $1.residentShare() * Double($1.count) } / Double(count)
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    for (store, start) in zip(stores, starts) {
      try store.verify { progress(start + $0) }
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    try withEachStore(indices) { (store, indices) throws(StoreError) in try store.verify(indices) }
  }

  /// Calls once per store with its share of some images, by their indices in it. Indices that no
  /// image has are left out.
  func withEachStore(
    _ indices: Span<Int>, _ body: (any ImageStore, Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    var shares = [[Int]](repeating: [], count: stores.count)
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      let number = storeNumber(of: indices[position])
      shares[number].append(indices[position] - starts[number])
    }
    for (store, indices) in zip(stores, shares) where !indices.isEmpty { try body(store, indices.span) }
  }

  /// The same for a body that cannot fail.
  func withEachStore(_ indices: Span<Int>, _ body: (any ImageStore, Span<Int>) -> Void) {
    try? withEachStore(indices) { (store, indices) throws(StoreError) in body(store, indices) }
  }

  /// Which store has an image in `0..<count`.
  func storeNumber(of index: Int) -> Int {
    var (low, high) = (0, stores.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }
}
