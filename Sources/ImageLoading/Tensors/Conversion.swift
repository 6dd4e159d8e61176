internal import CImageStoreKernels
internal import ImageStoreCore

/// The state that a worker needs to convert images of one format; it is kept between batches.
///
/// Invariant behind the unsafe pointers: those of `kernel` are into memory of this object, which has
/// room for what `image_kernels_convert` writes.
@safe final class Conversion {
  private var kernel = unsafe image_kernels_conversion()
  private var patterns: UnsafeMutableBufferPointer<Float>
  private var scratch: UnsafeMutableRawBufferPointer
  let format: ImageFormat

  /// - Parameters:
  ///   - format: of the images.
  ///   - delivered: the result of ``BatchConverter/delivered(_:image:)`` for them.
  init(_ tensor: TensorFormat, format: ImageFormat, delivered: ImageFormat) {
    self.format = format
    // Eight samples at a time go through the kernel, so the pattern of channels repeats after 8 * channels.
    let period = 8 * format.channels
    let normalizes = tensor.elementType != nil
    unsafe patterns = .allocate(capacity: normalizes ? 2 * period : 0)
    if normalizes {
      for offset in 0..<period {
        let channel = offset % format.channels
        let (mean, scale) = tensor.statistics(ofChannel: channel, format)
        unsafe patterns[offset] = mean
        unsafe patterns[period + offset] = scale
      }
    }
    // The number of rows that fit the first level of cache together with their converted form.
    let rowBytes = delivered.width * format.bytesPerPixel
    let rows = max(1, min(delivered.height, 4096 / rowBytes))
    unsafe scratch = .allocate(byteCount: rows * rowBytes, alignment: 64)
    unsafe kernel.scratch_rows = rows
    unsafe kernel.height = format.height
    unsafe kernel.width = format.width
    unsafe kernel.channels = format.channels
    unsafe kernel.out_height = delivered.height
    unsafe kernel.out_width = delivered.width
    unsafe kernel.type = format.elementType.kernelSample
    unsafe kernel.out_type = delivered.elementType.kernelSample
    unsafe kernel.normalizes = normalizes ? 1 : 0
    unsafe kernel.planar = tensor.dimensionOrder == .nchw ? 1 : 0
    if normalizes {
      unsafe kernel.means = UnsafePointer(patterns.baseAddress!)
      unsafe kernel.scales = UnsafePointer(patterns.baseAddress! + period)
    }
  }

  deinit {
    unsafe patterns.deallocate()
    unsafe scratch.deallocate()
  }

  /// Writes the converted image to `destination`, which has room for it.
  ///
  /// - Parameter next: where the next image is, for prefetching; nil if that is not known.
  func convert(
    _ pixels: RawSpan, _ choice: AugmentationChoice, to destination: UnsafeMutableRawPointer,
    next: UnsafeRawPointer? = nil
  ) throws(StoreError) {
    guard pixels.byteCount == format.byteCount else {
      throw StoreError(
        .corrupt, "\(pixels.byteCount) bytes of pixels do not fit an image of \(format)")
    }
    unsafe pixels.withUnsafeBytes { source in
      unsafe image_kernels_convert(
        &kernel, source.baseAddress!, choice.row, choice.column, choice.isFlipped ? 1 : 0, destination,
        scratch.baseAddress!, UInt(bitPattern: next))
    }
  }
}
