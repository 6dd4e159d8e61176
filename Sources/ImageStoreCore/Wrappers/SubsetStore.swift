/// Some images of a store, in an order of their own; the same image may be in it more than once.
///
/// A range takes no memory per image until ``labels()`` or ``column(_:)`` is asked for; a list of
/// indices takes 8 bytes per image. Labels are picked once and kept. A subset of a subset reads from
/// the store underneath.
public struct SubsetStore: StoreWrapper {
  private enum Selection {
    case range(Range<Int>)
    case list([Int], isRising: Bool)

    /// The images of this selection at a range.
    func picking(_ inner: Range<Int>) -> Selection {
      switch self {
      case .range(let range):
        .range(range.lowerBound + inner.lowerBound..<range.lowerBound + inner.upperBound)
      case .list(let list, let isRising): .list(Array(list[inner]), isRising: isRising)
      }
    }

    /// The images of this selection at some indices, which rise or not.
    func picking(_ indices: [Int], isRising: Bool) -> Selection {
      switch self {
      case .range(let range): .list(indices.map { range.lowerBound + $0 }, isRising: isRising)
      case .list(let list, let wasRising):
        .list(indices.map { list[$0] }, isRising: isRising && wasRising)
      }
    }
  }

  /// The store the images are read from.
  public let base: any ImageStore
  private let selection: Selection
  private let rememberedLabels = Cached<[Int]?>()
  private let rememberedFormat = Cached<ImageFormat?>()

  /// The images of `base` at `indices`, in that order.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  init(_ base: any ImageStore, _ indices: [Int]) throws(StoreError) {
    let count = base.count
    var isRising = true
    var previous = -1
    for index in indices {
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
      if index < previous { isRising = false }
      previous = index
    }
    let inner = base as? SubsetStore
    self.base = inner?.base ?? base
    selection = inner?.selection.picking(indices, isRising: isRising) ?? .list(indices, isRising: isRising)
  }

  /// A range of the images of `base`.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  init(_ base: any ImageStore, _ range: Range<Int>) throws(StoreError) {
    guard range.lowerBound >= 0 && range.upperBound <= base.count else {
      throw .indexOutOfRange(
        range.lowerBound < 0 ? range.lowerBound : range.upperBound - 1, count: base.count)
    }
    let inner = base as? SubsetStore
    self.base = inner?.base ?? base
    selection = inner?.selection.picking(range) ?? .range(range)
  }

  public var count: Int {
    switch selection {
    case .range(let range): range.count
    case .list(let list, _): list.count
    }
  }

  /// The index of an image in ``base``.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public func baseIndex(_ index: Int) -> Int {
    precondition(index >= 0 && index < count, "no image \(index) in a subset of \(count)")
    return switch selection {
    case .range(let range): range.lowerBound + index
    case .list(let list, _): list[index]
    }
  }

  /// The format that all images have. If the formats of ``base`` differ, the first call looks at
  /// those of the subset, up to the first that differs; a header that cannot be read counts as
  /// different.
  public var format: ImageFormat? {
    if count == 0 { return nil }
    if let format = base.format { return format }
    return
      (try? rememberedFormat.value { () throws(StoreError) in
        let first = try base.format(at: baseIndex(0))
        for index in 1..<max(1, count) {
          guard try base.format(at: baseIndex(index)) == first else { return nil }
        }
        return first
      }) ?? nil
  }

  public func labels() throws(StoreError) -> [Int]? {
    try rememberedLabels.value { () throws(StoreError) in
      guard let all = try base.labels() else { return nil }
      guard all.count == base.count else {
        throw StoreError(.corrupt, "\(all.count) labels for \(base.count) images")
      }
      return switch selection {
      case .range(let range): Array(all[range])
      case .list(let list, _): list.map { all[$0] }
      }
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    let column = try base.column(name)
    guard column.count == base.count else {
      throw StoreError(.corrupt, "\(column.count) values for \(base.count) images", key: name)
    }
    return switch selection {
    case .range(let range): column.gathering(range)
    case .list(let list, _): column.gathering(list)
    }
  }

  /// Passes the advice on; if the subset is not in rising order, reading it in sequence reads
  /// ``base`` in random order.
  public func advise(_ pattern: AccessPattern) {
    switch selection {
    case .list(_, isRising: false) where pattern == .sequential: base.advise(.random)
    default: base.advise(pattern)
    }
  }

  public func withBaseIndices(
    _ indices: Span<Int>, _ body: (_ baseIndices: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    let count = count
    var translated: [Int] = []
    translated.reserveCapacity(indices.count)
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
      switch selection {
      case .range(let range): translated.append(range.lowerBound + index)
      case .list(let list, _): translated.append(list[index])
      }
    }
    try body(translated.span)
  }
}

extension ImageStore {
  /// The images at some indices, in that order, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ indices: [Int]) throws(StoreError) -> SubsetStore {
    try SubsetStore(self, indices)
  }

  /// A range of the images, without copying them.
  ///
  /// - Throws: ``StoreError/Code/indexOutOfRange``.
  public func subset(_ range: Range<Int>) throws(StoreError) -> SubsetStore {
    try SubsetStore(self, range)
  }
}
