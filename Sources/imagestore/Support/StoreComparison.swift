internal import ImageStoreCore

/// Whether two stores have the same pixels, labels, class names and columns in the same order.
struct StoreComparison {
  private let first: OpenedStore
  private let second: OpenedStore

  init(_ first: OpenedStore, _ second: OpenedStore) {
    self.first = first
    self.second = second
  }

  /// Compares everything.
  ///
  /// - Throws: the first difference.
  func run(progress: (_ compared: Int) -> Void) throws(StoreError) {
    let (a, b) = (first.store, second.store)
    guard a.count == b.count else {
      throw difference("\(Numbers.count(a.count, "image")), but \(second.path) has \(b.count)")
    }
    try compareLabels(a, b)
    try compareClassNames(a, b)
    try compareColumns(a, b)
    a.advise(.sequential)
    b.advise(.sequential)
    var (pixelsOfA, pixelsOfB) = (ImageBatch(), ImageBatch())
    var start = 0
    while start < a.count {
      let end = try a.endOfRun(from: start, byteCount: 8 << 20)
      try a.readPixels(start..<end, into: &pixelsOfA)
      try b.readPixels(start..<end, into: &pixelsOfB)
      for position in 0..<end - start {
        try comparePixels(pixelsOfA, pixelsOfB, position, image: start + position)
      }
      start = end
      progress(start)
    }
  }

  private func compareLabels(_ a: any ImageStore, _ b: any ImageStore) throws(StoreError) {
    let (x, y) = (try a.labels(), try b.labels())
    guard x != y else { return }
    guard let x, let y else {
      throw difference(
        x == nil ? "no labels, but \(second.path) has labels" : "labels, but \(second.path) has none")
    }
    if let index = x.indices.first(where: { x[$0] != y[$0] }) {
      throw difference("the label is \(x[index]), but \(second.path) has \(y[index])", image: index)
    }
  }

  /// A store without class names does not contradict any.
  private func compareClassNames(_ a: any ImageStore, _ b: any ImageStore) throws(StoreError) {
    guard let x = a.classNames, let y = b.classNames, x != y else { return }
    let label = (0..<max(x.count, y.count)).first {
      !x.indices.contains($0) || !y.indices.contains($0) || x[$0] != y[$0]
    }!
    func name(_ names: [String]) -> String { names.indices.contains(label) ? "'\(names[label])'" : "no name" }
    throw difference("\(name(x)) for the class \(label), but \(second.path) has \(name(y))")
  }

  private func compareColumns(_ a: any ImageStore, _ b: any ImageStore) throws(StoreError) {
    guard a.columnNames == b.columnNames else {
      let names = { (store: any ImageStore) in
        store.columnNames.isEmpty ? "no columns" : "the columns \(store.columnNames.joined(separator: ", "))"
      }
      throw difference("\(names(a)), but \(second.path) has \(names(b))")
    }
    for name in a.columnNames {
      let (x, y) = (try a.column(name), try b.column(name))
      guard x.kind == y.kind else {
        throw difference(
          "the values are \(x.kind.rawValue), but in \(second.path) they are \(y.kind.rawValue)", key: name)
      }
      guard let index = x.firstDifference(from: y) else { continue }
      throw difference("the value differs from the one in \(second.path)", image: index, key: name)
    }
  }

  private func comparePixels(
    _ a: borrowing ImageBatch, _ b: borrowing ImageBatch, _ position: Int, image: Int
  ) throws(StoreError) {
    let (format, other) = (a.layout[position], b.layout[position])
    guard format == other else {
      throw difference("the image is \(format), but \(second.path) has \(other)", image: image)
    }
    let offset = a.pixels.extracting(a.layout.byteRange(of: position))
      .firstDifference(from: b.pixels.extracting(b.layout.byteRange(of: position)))
    guard let offset else { return }
    let sample = offset / format.elementType.byteCount
    let pixel = sample / format.channels
    throw difference(
      "the pixels differ from those in \(second.path), first at row \(pixel / format.width), column \(pixel % format.width), "
        + "channel \(sample % format.channels)", image: image)
  }

  private func difference(_ message: String, image: Int? = nil, key: String? = nil) -> StoreError {
    StoreError(.corrupt, message, path: first.path, image: image, key: key)
  }
}

extension Column {
  /// The first image whose value differs, of columns of one kind and length: bits that differ are a
  /// difference, and NaN equals itself.
  fileprivate func firstDifference(from other: Column) -> Int? {
    func differ(_ x: Double, _ y: Double) -> Bool { x != y && !(x.isNaN && y.isNaN) }
    return switch (self, other) {
    case (.int64(let x), .int64(let y)): x.indices.first { x[$0] != y[$0] }
    case (.double(let x), .double(let y)): x.indices.first { differ(x[$0], y[$0]) }
    case (.string(let x), .string(let y)): x.indices.first { !x[$0].utf8.elementsEqual(y[$0].utf8) }
    case (.bytes(let x), .bytes(let y)): x.indices.first { x[$0] != y[$0] }
    case (.int64Vectors(let x), .int64Vectors(let y)): x.indices.first { x[$0] != y[$0] }
    case (.doubleVectors(let x), .doubleVectors(let y)):
      x.values.indices.first { differ(x.values[$0], y.values[$0]) }.map { $0 / x.width }
    default: 0
    }
  }
}

extension RawSpan {
  /// The offset of the first byte that differs; nil if all are equal.
  func firstDifference(from other: RawSpan) -> Int? {
    unsafe withUnsafeBytes { a in
      unsafe other.withUnsafeBytes { b in
        guard a.count == b.count else { return min(a.count, b.count) }
        guard unsafe !a.elementsEqualFast(b) else { return nil }
        return a.indices.first { unsafe a[$0] != b[$0] }
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func elementsEqualFast(_ other: UnsafeRawBufferPointer) -> Bool {
    let words = count / 8
    for word in 0..<words {
      let offset = word * 8
      let a = unsafe loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let b = unsafe other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if a != b { return false }
    }
    return unsafe self[(words * 8)...].elementsEqual(other[(words * 8)...])
  }
}
