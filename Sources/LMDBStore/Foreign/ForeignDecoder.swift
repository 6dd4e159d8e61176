internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStorePickle
internal import ImageStoreSupport

/// Decodes values of foreign databases one after another, reusing its memory. It is used by one
/// thread at a time.
final class ForeignDecoder {
  private let kind: ForeignKind
  private let description: StoreDescription
  private let encoded: EncodedImageDecoder
  /// A whole image of which a region is wanted.
  private var whole = GrowingMemory()

  /// - Parameter description: has the order of the planes of a Datum, if it is stated.
  init(_ kind: ForeignKind, _ description: StoreDescription) {
    self.kind = kind
    self.description = description
    encoded = ImageCodecs.decoder(description)
  }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameters:
  ///   - request: has the format of the value when the database was opened; the value must still
  ///     have it.
  ///   - slot: `request.byteCount` bytes.
  func decode(
    _ value: UnsafeRawBufferPointer, _ request: DecodeRequest, into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let format = request.format
    let region = request.region ?? ImageRegion(wholeOf: format)
    switch kind {
    case .raw(let geometry):
      try Self.check(value.count == format.byteCount)
      unsafe geometry.copy(region, from: value.baseAddress!, to: slot.baseAddress!)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let geometry = try header.geometry(.oneImage, description)
      try Self.check(geometry.format == format)
      let data = try unsafe header.data(in: value)
      unsafe geometry.copy(region, from: data.baseAddress!, to: slot.baseAddress!)
    case .encoded:
      try unsafe encoded.decode(RawSpan(_unsafeBytes: value), request, into: slot)
    case .pickle:
      let (_, pixels, form) = try unsafe PickledImages.read(value, description)
      try pixels.withBytes(in: unsafe RawSpan(_unsafeBytes: value)) { (bytes) throws(StoreError) in
        guard case .array(let geometry) = form else {
          return try unsafe encoded.decode(bytes, request, into: slot)
        }
        try Self.check(geometry.format == format)
        unsafe bytes.withUnsafeBytes {
          unsafe geometry.copy(region, from: $0.baseAddress!, to: slot.baseAddress!)
        }
      }
    case .datum:
      let datum = try unsafe Datum(value)
      if datum.isEncoded, let data = datum.data {
        let image = unsafe UnsafeRawBufferPointer(rebasing: value[data])
        return try unsafe encoded.decode(RawSpan(_unsafeBytes: image), request, into: slot)
      }
      try Self.check(datum.format() == format)
      guard request.region != nil else { return unsafe interleave(datum, value, format, into: slot) }
      try unsafe whole.write(format.byteCount) { (image) throws(StoreError) in
        unsafe interleave(datum, value, format, into: image)
        unsafe copyRegion(
          region, of: format, from: UnsafeRawPointer(image.baseAddress!), to: slot.baseAddress!)
      }
    }
  }

  /// Turns the planes of a record into pixels. By default, Caffe's planes are blue, green and red,
  /// as OpenCV has them: three and four channels are turned into red, green, blue and alpha. If
  /// this order is stated, the first three of more channels are also turned.
  private func interleave(
    _ datum: Datum, _ value: UnsafeRawBufferPointer, _ format: ImageFormat,
    into slot: UnsafeMutableRawBufferPointer
  ) {
    let size = format.elementType.byteCount
    let pixels = format.height * format.width
    let ranges = format.elementType == .float32 ? datum.floats : datum.data.map { [$0] } ?? []
    let isTurned =
      switch description.channelOrder {
      case .rgb?: false
      case .bgr?: format.channels >= 3
      case nil: format.channels == 3 || format.channels == 4
      }
    var sample = 0
    for range in ranges {
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: size) {
        let plane = sample / pixels
        let channel = isTurned && plane < 3 ? 2 - plane : plane
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
