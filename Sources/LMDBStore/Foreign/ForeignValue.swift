internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport
internal import PNGCodec

/// What one value of a foreign database says.
struct ForeignValue {
  let format: ImageFormat
  let label: Int?
  /// Where the pixels begin within the value, if they are there as they are delivered.
  let pixels: Int?

  /// Reads a value's head.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` and others if the value is not of that kind.
  init(
    _ kind: ForeignKind, _ value: UnsafeRawBufferPointer, _ pickles: inout PickledImages,
    _ decoder: EncodedImageDecoder
  ) throws(StoreError) {
    switch kind {
    case .raw(let format):
      guard value.count == format.byteCount else {
        throw StoreError(
          .corrupt, "a value of \(value.count) bytes, while \(format) takes \(format.byteCount)")
      }
      self.init(format: format, label: nil, pixels: 0)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let images = try NPYImages(imageOf: header)
      let data = try unsafe header.data(in: value)
      // Checked here, since what is lent from the map is not looked at any more.
      if images.format.elementType == .bool, unsafe TruthValues.firstOther(in: data) != nil {
        throw StoreError(.corrupt, "a bool sample that is neither 0 nor 1")
      }
      self.init(format: images.format, label: nil, pixels: images.isDirect ? header.dataOffset : nil)
    case .encoded:
      self.init(format: try unsafe Self.format(ofEncoded: value, decoder), label: nil, pixels: nil)
    case .pickle:
      let image = try unsafe pickles.image(of: value)
      self.init(format: image.format, label: image.label, pixels: image.pixels)
    case .datum:
      try unsafe self.init(Datum(value), value, decoder)
    }
  }

  private init(
    _ datum: Datum, _ value: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) {
    guard !datum.isEncoded else {
      guard let data = datum.data else { throw StoreError(.corrupt, "an encoded Datum without data") }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: value[data])
      self.init(
        format: try unsafe Self.format(ofEncoded: bytes, decoder), label: datum.label, pixels: nil)
      return
    }
    let format = try datum.format()
    // Of one channel planes and pixels are the same.
    let isDirect = format.channels == 1 && format.elementType == .uint8
    self.init(
      format: format, label: datum.label, pixels: isDirect ? datum.data?.lowerBound : nil)
  }

  private static func format(
    ofEncoded image: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) -> ImageFormat {
    guard let format = try unsafe decoder.format(ofHead: RawSpan(_unsafeBytes: image)) else {
      throw StoreError(.corrupt, "an encoded image that ends before it says its format")
    }
    return format
  }

  private init(format: ImageFormat, label: Int?, pixels: Int?) {
    self.format = format
    self.label = label
    self.pixels = pixels
  }
}

/// What the values of a database that another program wrote are.
enum ForeignKind: Sendable, Hashable {
  /// Nothing but pixels, of a format that the caller stated.
  case raw(ImageFormat)
  /// A `.npy` array.
  case npy
  /// The file of an image, such as a PNG.
  case encoded
  /// A pickled `CIFAR_Image`.
  case pickle
  /// Caffe's `Datum`.
  case datum

  /// What encoded images are decoded by.
  static let codecs: [any ImageCodec] = [PNG()]

  /// Tells by a value.
  ///
  /// - Parameter rawFormat: the format of raw pixels, if the caller stated one. It goes before what a value
  ///   looks like, since pixels may look like anything.
  init(of value: UnsafeRawBufferPointer, rawFormat: ImageFormat?) throws(StoreError) {
    if let rawFormat, value.count == rawFormat.byteCount {
      self = .raw(rawFormat)
    } else if unsafe value.starts(with: NPYHeader.magic) {
      self = .npy
    } else if Self.codecs.contains(where: { unsafe $0.recognizes(RawSpan(_unsafeBytes: value)) }) {
      self = .encoded
    } else if unsafe value.starts(with: [0xFF, 0xD8, 0xFF]) || Self.isWebP(value) {
      throw StoreError(
        .unsupported, "the values are JPEG or WebP images", remedy: "decode them to PNG or .npy values")
    } else if unsafe Self.isPickle(value) {
      self = .pickle
    } else if unsafe Datum.isDatum(value) {
      self = .datum
    } else if let rawFormat {
      throw StoreError(
        .unrecognized, "a value of \(value.count) bytes, while \(rawFormat) takes \(rawFormat.byteCount)",
        remedy: "state the format of the raw pixels")
    } else {
      throw StoreError(
        .unrecognized, "a value of \(value.count) bytes that says nothing of its format",
        remedy: "state the format of the raw pixels")
    }
  }

  /// A pickle of protocol 2 or later begins with its number, earlier ones with a name or a mark; all end
  /// with STOP.
  private static func isPickle(_ value: UnsafeRawBufferPointer) -> Bool {
    guard unsafe value.count > 2 && value[value.count - 1] == UInt8(ascii: ".") else { return false }
    return unsafe (value[0] == 0x80 && (2...5).contains(value[1])) || value.starts(with: "ccopy_reg\n".utf8)
      || value.starts(with: "c__main__\n".utf8)
  }

  private static func isWebP(_ value: UnsafeRawBufferPointer) -> Bool {
    unsafe value.count > 12 && value.starts(with: "RIFF".utf8) && value[8..<12].elementsEqual("WEBP".utf8)
  }
}
