/// The images of several stores one after another, whatever backends they have.
///
/// - ``format`` is nil where the stores differ in it.
/// - ``labels()`` is nil unless every store has labels.
/// - ``columnNames`` has the columns that every store has, of the same kind in all.
/// - ``classNames`` is nil unless every store has the same. Labels are not translated: where class
///   names differ, so may what a label means.
///
/// Stores without images have no say in any of this. A read calls each store it needs once,
/// whatever the order of its indices.
public struct ConcatenatedStore: ImageStore {
  /// The stores that have images.
  public let parts: [any ImageStore]
  /// The index of the first image of each part, and the number of all images.
  let starts: [Int]
  public let format: ImageFormat?
  public let classNames: [String]?
  public let lendsWithoutCopy: Bool
  private let rememberedLabels = Cached<[Int]?>()
  private let rememberedColumnNames = Cached<[String]>()

  /// Puts stores one after another.
  public init(_ stores: [any ImageStore]) {
    parts = stores.filter { $0.count > 0 }
    var starts = [0]
    for part in parts { starts.append(starts[starts.count - 1] + part.count) }
    self.starts = starts
    let (format, classNames) = (parts.first?.format, parts.first?.classNames)
    self.format = parts.allSatisfy { $0.format == format } ? format : nil
    self.classNames = parts.allSatisfy { $0.classNames == classNames } ? classNames : nil
    lendsWithoutCopy = parts.allSatisfy { $0.lendsWithoutCopy }
  }

  public var count: Int { starts[starts.count - 1] }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    if let format { return format }
    let part = part(of: index)
    return try parts[part].format(at: index - starts[part])
  }

  public func labels() throws(StoreError) -> [Int]? {
    try rememberedLabels.value { () throws(StoreError) in
      guard !parts.isEmpty else { return nil }
      var all: [Int] = []
      all.reserveCapacity(count)
      for part in parts {
        guard let labels = try part.labels() else { return nil }
        guard labels.count == part.count else {
          throw StoreError(.corrupt, "\(labels.count) labels for \(part.count) images")
        }
        all += labels
      }
      return all
    }
  }

  /// The columns that every store has, of the same kind in all.
  ///
  /// The first call reads the columns to learn their kinds. One that cannot be read is listed, so
  /// that asking for it says why.
  public var sourcePaths: [String] { parts.flatMap(\.sourcePaths) }

  public var columnNames: [String] {
    let names = try? rememberedColumnNames.value { () throws(StoreError) in
      guard let first = parts.first else { return [] }
      return first.columnNames.filter { name in
        guard parts.allSatisfy({ $0.columnNames.contains(name) }) else { return false }
        guard let kinds = try? parts.map({ try $0.column(name).kind }) else { return true }
        return Set(kinds).count == 1
      }
    }
    return names ?? []
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let first = parts.first, parts.allSatisfy({ $0.columnNames.contains(name) }) else {
      throw .noColumn(name, among: columnNames)
    }
    var all = try first.column(name)
    for part in parts.dropFirst() {
      let more = try part.column(name)
      guard more.kind == all.kind else { throw .noColumn(name, among: columnNames) }
      try all.append(more)
    }
    return all
  }

  public func advise(_ pattern: AccessPattern) {
    for part in parts { part.advise(pattern) }
  }

  public func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    for (part, start) in zip(parts, starts) {
      try part.verify { progress(start + $0) }
    }
  }

  public func verify(_ indices: Span<Int>) throws(StoreError) {
    var wanted = [[Int]](repeating: [], count: parts.count)
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
      let part = part(of: index)
      wanted[part].append(index - starts[part])
    }
    for (part, indices) in zip(parts, wanted) where !indices.isEmpty { try part.verify(indices.span) }
  }

  /// Which part an image in `0..<count` stands in.
  func part(of index: Int) -> Int {
    var (low, high) = (0, parts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }
}
