internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStorePickle
internal import ImageStoreSupport

/// Decodes values of foreign databases one after another, with memory that is used again. One thread at a time has it.
final class ForeignDecoder {
  private let kind: ForeignKind
  private let encoded = EncodedImageDecoder(ForeignKind.codecs)
  /// A whole image of which a region is wanted.
  private var whole = GrowingMemory()

  init(_ kind: ForeignKind) { self.kind = kind }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameters:
  ///   - request: has the format that the value said when the database was opened; it must say so still.
  ///   - slot: `request.byteCount` bytes.
  func decode(
    _ value: UnsafeRawBufferPointer, _ request: DecodeRequest, into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let format = request.format
    let region = request.region ?? ImageRegion(wholeOf: format)
    switch kind {
    case .raw:
      try Self.check(value.count == format.byteCount)
      unsafe copyRegion(region, of: format, from: value.baseAddress!, to: slot.baseAddress!)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let images = try NPYImages(imageOf: header)
      try Self.check(images.format == format)
      let data = try unsafe header.data(in: value)
      unsafe images.copy(region, from: data.baseAddress!, to: slot.baseAddress!)
    case .encoded:
      try unsafe encoded.decode(RawSpan(_unsafeBytes: value), request, into: slot)
    case .pickle:
      let (image, pixels) = try unsafe PickledImages.read(value)
      try Self.check(image.format == format)
      try unsafe pixels.withBytes(in: RawSpan(_unsafeBytes: value)) { (bytes) throws(StoreError) in
        unsafe bytes.withUnsafeBytes {
          unsafe copyRegion(region, of: format, from: $0.baseAddress!, to: slot.baseAddress!)
        }
      }
    case .datum:
      let datum = try unsafe Datum(value)
      if datum.isEncoded, let data = datum.data {
        let image = unsafe UnsafeRawBufferPointer(rebasing: value[data])
        return try unsafe encoded.decode(RawSpan(_unsafeBytes: image), request, into: slot)
      }
      try Self.check(datum.format() == format)
      guard request.region != nil else { return unsafe Self.interleave(datum, value, format, into: slot) }
      try unsafe whole.write(format.byteCount) { (image) throws(StoreError) in
        unsafe Self.interleave(datum, value, format, into: image)
        unsafe copyRegion(
          region, of: format, from: UnsafeRawPointer(image.baseAddress!), to: slot.baseAddress!)
      }
    }
  }

  /// Turns the planes of a record into pixels. Caffe's planes are blue, green and red, as OpenCV has them;
  /// three and four channels are turned to red, green, blue and alpha.
  private static func interleave(
    _ datum: Datum, _ value: UnsafeRawBufferPointer, _ format: ImageFormat,
    into slot: UnsafeMutableRawBufferPointer
  ) {
    let size = format.elementType.byteCount
    let pixels = format.height * format.width
    let ranges = format.elementType == .float32 ? datum.floats : datum.data.map { [$0] } ?? []
    var sample = 0
    for range in ranges {
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: size) {
        let plane = sample / pixels
        let channel =
          (format.channels == 3 || format.channels == 4) && plane < 3 ? 2 - plane : plane
        let target = ((sample - plane * pixels) * format.channels + channel) * size
        unsafe (slot.baseAddress! + target).copyMemory(from: value.baseAddress! + offset, byteCount: size)
        sample += 1
      }
    }
  }

  private static func check(_ isSame: Bool) throws(StoreError) {
    guard isSame else {
      throw StoreError(
        .busy, "another program changed the value while the database was open", remedy: "open it again")
    }
  }
}
