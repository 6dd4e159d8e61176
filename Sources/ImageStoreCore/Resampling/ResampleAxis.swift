internal import CImageStoreKernels

/// The taps and weights of some positions of a resized axis. They are kept, because the images of
/// many data sets have few sizes.
///
/// Invariant behind `@safe`: the taps and weights of ``key`` are in ``memory`` and nobody else has it.
@safe final class ResampleAxis {
  struct Key: Hashable {
    /// The length of the axis, and of the resized one.
    var from: Int
    var to: Int
    /// The positions of the resized axis.
    var window: Range<Int>
    var filter: ResizeFilter
    var kind: Kind
  }

  /// The type of the weights, or `nearest` if there are only positions.
  enum Kind { case fixed, float, double, nearest }

  private(set) var key: Key?
  /// When it was last used.
  var age = 0
  private var memory = GrowingMemory()
  private var stride = 0
  private var weightOffset = 0

  /// Calculates taps and weights, unless they already exist.
  func prepare(_ key: Key) throws(StoreError) {
    guard self.key != key else { return }
    self.key = nil
    let (count, from, to) = (key.window.count, key.from, key.to)
    if key.kind == .nearest {
      try memory.reserve(count * MemoryLayout<UInt32>.stride)
      unsafe image_kernels_nearest(
        from, to, key.window.lowerBound, count,
        memory.memory.baseAddress!.assumingMemoryBound(to: UInt32.self))
    } else {
      stride = image_kernels_tap_stride(key.filter.kernel, from, to)
      weightOffset = (count * MemoryLayout<image_kernels_taps>.stride + 63) / 64 * 64
      // Weights take 4 bytes, or 8. An axis has below 2^31 samples and an image 2^36 bytes, so this
      // is below 2^61.
      let weights = count * stride * (key.kind == .double ? 8 : 4)
      let scratch = weightOffset + (weights + 63) / 64 * 64
      try memory.reserve(scratch + stride * MemoryLayout<Double>.stride)
      let base = unsafe memory.memory.baseAddress!
      unsafe image_kernels_make_taps(
        key.filter.kernel, from, to, key.window.lowerBound, count, stride, key.kind.kernel,
        base.assumingMemoryBound(to: image_kernels_taps.self), base + weightOffset,
        (base + scratch).assumingMemoryBound(to: Double.self))
    }
    self.key = key
  }

  /// The axis as kernels take it.
  ///
  /// - Parameter origin: the place in the axis of the first sample that is in memory.
  @unsafe func kernelAxis(origin: Int) -> image_kernels_axis {
    let base = unsafe UnsafeRawPointer(memory.memory.baseAddress!)
    return unsafe image_kernels_axis(
      taps: base.assumingMemoryBound(to: image_kernels_taps.self), weights: base + weightOffset,
      stride: stride,
      count: key?.window.count ?? 0, origin: UInt32(origin))
  }

  /// The nearest sample of each position, of ``Kind/nearest``.
  @unsafe var places: UnsafePointer<UInt32> {
    unsafe UnsafePointer(memory.memory.baseAddress!.assumingMemoryBound(to: UInt32.self))
  }

  /// The samples of an axis that the positions of a window are calculated from.
  static func needed(_ key: Key) -> Range<Int> {
    let (first, last) = (key.window.lowerBound, key.window.upperBound - 1)
    if key.from == key.to { return key.window }
    if key.filter == .nearest {
      // A sample more on each side, for what sums step by step are off by.
      let scale = Double(key.from) / Double(key.to)
      let start = Int((Double(first) + 0.5) * scale) - 1
      let end = Int((Double(last) + 0.5) * scale) + 2
      return max(0, min(start, key.from - 1))..<min(key.from, max(end, 1))
    }
    let start = image_kernels_taps_of(key.filter.kernel, key.from, key.to, first)
    let end = image_kernels_taps_of(key.filter.kernel, key.from, key.to, last)
    return Int(start.first)..<Int(end.first) + Int(end.count)
  }
}

extension ResizeFilter {
  fileprivate var kernel: image_kernels_filter {
    self == .bicubic ? image_kernels_bicubic : image_kernels_bilinear
  }
}

extension ResampleAxis.Kind {
  fileprivate var kernel: image_kernels_weights {
    switch self {
    case .fixed, .nearest: image_kernels_fixed_weights
    case .float: image_kernels_float_weights
    case .double: image_kernels_double_weights
    }
  }
}
