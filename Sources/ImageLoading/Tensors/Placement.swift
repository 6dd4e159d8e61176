internal import ImageStoreCore

/// Resizes, crops, turns and recolors images one after another, reusing its memory. It belongs to
/// one worker.
final class Placement {
  private let resampler = Resampler()
  private var placed = GrowingMemory()
  private var turned = GrowingMemory()
  private var conversion: Conversion?

  /// Writes the tensor of an image.
  ///
  /// - Parameters:
  ///   - pixels: rows of pixels without padding.
  ///   - held: the part of the image that `pixels` has.
  ///   - format: the format of the whole image.
  ///   - transform: the transform to apply.
  ///   - filter: how it is resized.
  ///   - step: the caller's processing at the end.
  ///   - index: the image's index in its store.
  ///   - destination: room for the tensor.
  func convert(
    _ pixels: UnsafeRawBufferPointer, holding held: ImageRegion, of format: ImageFormat,
    _ transform: ImageTransform, filter: ResizeFilter, as tensor: TensorFormat, step: ImageStep?, index: Int,
    to destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let request = transform.request(filter)
    let window = request.delivered(of: format)
    try unsafe placed.write(window.byteCount) { (memory) throws(StoreError) in
      try unsafe resampler.resample(pixels, holding: held, of: format, request, into: memory)
    }
    let size = transform.deliveredSize
    let result = format.resized(height: size.height, width: size.width)
    // A step gets the delivered image; without a step, the kernel flips while it converts.
    let flipsNow = step != nil && transform.isFlippedHorizontally
    let isTurned = transform.quarterTurns != 0 || transform.isFlippedVertically || flipsNow
    if isTurned {
      let source = unsafe placed.bytes
      try unsafe turned.write(result.byteCount) { (memory) throws(StoreError) in
        unsafe ImageTurn(
          quarterTurns: transform.quarterTurns, flipsRows: transform.isFlippedVertically,
          flipsColumns: flipsNow
        ).turn(source, window, to: memory)
      }
    }
    if transform.colors != nil || step != nil {
      let memory = unsafe isTurned ? turned.memory : placed.memory
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<result.byteCount])
      if let colors = transform.colors {
        unsafe colors.apply(to: bytes.bindMemory(to: UInt8.self), channels: result.channels)
      }
      if let step {
        var span = unsafe MutableRawSpan(_unsafeBytes: bytes)
        try step(index, result, &span)
      }
    }
    let delivered = result.withType(tensor.elementType ?? result.elementType)
    if conversion?.format != result { conversion = Conversion(tensor, format: result, delivered: delivered) }
    var choice = AugmentationChoice()
    choice.isFlipped = transform.isFlippedHorizontally && !flipsNow
    let source = unsafe isTurned ? turned.bytes : placed.bytes
    try unsafe conversion!.convert(
      RawSpan(_unsafeBytes: source), choice, to: destination.baseAddress!)
  }
}

extension ImageFormat {
  fileprivate func withType(_ type: ElementType) -> ImageFormat {
    ImageFormat(height: height, width: width, channels: channels, elementType: type)
  }
}
