public import ImageStoreCore
import ImageStoreSupport

/// The form that crops of masks are read in.
public enum MaskForm: Sendable, Hashable, CaseIterable {
  /// A byte per pixel, 0 or 1; numpy's bool and uint8.
  case zeroOne
  /// A byte per pixel, 0 or 255; a gray image.
  case zeroFull
  /// A Float per pixel, 0 or 1. The destination's first free byte must be at a multiple of 4.
  case float
  /// Bits, packed along the store's axis in its bit order, beginning with the region: the result of
  /// `numpy.packbits` for the crop. Padding bits are 0.
  case bits

  var unpacked: UnpackedForm {
    switch self {
    case .zeroOne: .bytes(1)
    case .zeroFull: .bytes(255)
    case .float: .floats
    case .bits: .bits
    }
  }
}

extension PackedBitStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try read(indices, regions: regions, as: .zeroOne, into: &destination)
  }

  /// Appends masks, or a region of each, to the caller's memory in some form.
  ///
  /// - Parameters: as for `read(_:regions:into:)`; a crop takes ``byteCount(of:as:)`` bytes, and
  ///   the next follows it.
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, as form: MaskForm,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    guard let layout else {
      guard indices.count == 0 else { throw .indexOutOfRange(indices[0], count: 0) }
      return
    }
    let plan = try GatherPlan(indices, regions: regions, of: count, format: layout.format)
    guard plan.count > 0 else { return }
    let slots = try CropSlots(plan) { byteCount(of: $0, as: form) }
    let base = unsafe images.base
    let stride = layout.byteCount
    let unpacked = form.unpacked
    // A thread's waking takes as long as unpacking some 250 KB.
    let minimum = max(1, (1 << 18) / max(1, slots.byteCount / plan.count))
    try unsafe destination.appendBytes(slots.byteCount) { (memory) throws(StoreError) in
      let start = memory.baseAddress!
      guard form != .float || UInt(bitPattern: start) % 4 == 0 else {
        throw StoreError(.invalidArgument, "the memory for Float values does not begin at a multiple of 4")
      }
      try Workers.performRuns(of: plan.count, minimum: minimum, threads: threads) {
        (run) throws(StoreError) in
        for position in run {
          unsafe layout.unpack(
            plan.region(at: position), from: base + plan.indices[position] * stride, as: unpacked,
            to: start + slots.start(of: position))
        }
      }
    }
  }

  /// The bytes that a region of a mask takes in some form.
  public func byteCount(of region: ImageRegion, as form: MaskForm) -> Int {
    switch form {
    case .zeroOne, .zeroFull: region.height * region.width
    case .float: 4 * region.height * region.width
    case .bits: layout?.byteCount(of: region) ?? 0
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    // Few at a time, on one thread: they are to be in its cache when they are lent.
    try borrowDecoded(indices, byteBudget: 1 << 18, body)
  }

  /// Where crops are whose bytes depend on the form they are read in.
  private struct CropSlots {
    /// The bytes of all of them.
    let byteCount: Int
    private let first: Int
    /// Where each begins, unless all take as many bytes as the first.
    private let starts: [Int]

    init(_ plan: borrowing GatherPlan, _ byteCount: (ImageRegion) -> Int) throws(StoreError) {
      first = byteCount(plan.region(at: 0))
      var (end, overflows) = first.multipliedReportingOverflow(by: plan.count)
      var starts: [Int] = []
      if plan.layout.uniformFormat == nil {
        (end, overflows) = (0, false)
        starts.reserveCapacity(plan.count)
        for position in 0..<plan.count where !overflows {
          starts.append(end)
          (end, overflows) = end.addingReportingOverflow(byteCount(plan.region(at: position)))
        }
      }
      guard !overflows else {
        throw StoreError(.limitExceeded, "\(plan.count) crops are too many for one call")
      }
      self.byteCount = end
      self.starts = starts
    }

    func start(of position: Int) -> Int { starts.isEmpty ? position * first : starts[position] }
  }

  /// How many pixels of a mask are 1, without unpacking it.
  ///
  /// - Parameters:
  ///   - region: where to count; nil for the whole mask.
  ///   - index: which mask.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/invalidArgument`` for a region
  ///   outside the mask.
  public func count(in region: ImageRegion? = nil, ofImage index: Int) throws(StoreError) -> Int {
    guard let layout, index >= 0, index < count else { throw .indexOutOfRange(index, count: count) }
    let region = region ?? ImageRegion(wholeOf: layout.format)
    guard region.isContained(in: layout.format) else {
      throw .outside(region, of: layout.format, image: index)
    }
    return unsafe layout.countOnes(region, of: images.base + index * layout.byteCount)
  }

  /// How many pixels are 1 in each of some masks, or in a region of each, counted on several
  /// threads.
  ///
  /// - Parameters:
  ///   - indices: which masks; any order, repeats allowed.
  ///   - regions: none for whole masks, one for the same region of every mask, or a region of each.
  public func counts(
    of indices: [Int], in regions: [ImageRegion] = []
  ) throws(StoreError) -> [Int] {
    guard let layout else {
      guard indices.isEmpty else { throw .indexOutOfRange(indices[0], count: 0) }
      return []
    }
    let plan = try GatherPlan(indices.span, regions: regions.span, of: count, format: layout.format)
    var counts = [Int](repeating: 0, count: plan.count)
    var span = counts.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (memory) throws(StoreError) in
      let base = unsafe images.base
      try Workers.performRuns(of: plan.count, minimum: 16, threads: threads) { (run) throws(StoreError) in
        for position in run {
          let ones = unsafe layout.countOnes(
            plan.region(at: position), of: base + plan.indices[position] * layout.byteCount)
          unsafe memory.storeBytes(
            of: ones, toByteOffset: position * MemoryLayout<Int>.stride, as: Int.self)
        }
      }
    }
    return counts
  }

  public func advise(_ pattern: AccessPattern) { images.map.advise(pattern) }
}
