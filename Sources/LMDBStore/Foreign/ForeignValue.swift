internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// The header of one value of a foreign database.
struct ForeignValue {
  let format: ImageFormat
  let label: PickledLabel
  /// Where the pixels begin within the value, if they are stored as they are delivered.
  let pixels: Int?

  /// Reads a value's head.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` and others if the value is not of that kind.
  init(
    _ kind: ForeignKind, _ value: UnsafeRawBufferPointer, _ description: StoreDescription,
    _ pickles: inout PickledImages, _ decoder: EncodedImageDecoder
  ) throws(StoreError) {
    switch kind {
    case .raw(let geometry):
      guard value.count == geometry.format.byteCount else {
        throw StoreError(
          .corrupt,
          "the value has \(value.count) bytes, but an image of \(geometry.format) takes \(geometry.format.byteCount)"
        )
      }
      self.init(format: geometry.format, label: .none, pixels: geometry.isDirect ? 0 : nil)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let geometry = try header.geometry(.oneImage, description)
      let data = try unsafe header.data(in: value)
      // Checked here, because pixels lent from the map are not checked later.
      if geometry.format.elementType == .bool, unsafe TruthValues.firstOther(in: data) != nil {
        throw StoreError(.corrupt, "a bool sample is neither 0 nor 1")
      }
      self.init(
        format: geometry.format, label: .none, pixels: geometry.isDirect ? header.dataOffset : nil)
    case .encoded:
      self.init(format: try unsafe Self.format(ofEncoded: value, decoder), label: .none, pixels: nil)
    case .pickle:
      let image = try unsafe pickles.image(of: value, decoder)
      self.init(format: image.format, label: image.label, pixels: image.pixels)
    case .datum:
      try unsafe self.init(Datum(value), value, decoder)
    }
  }

  private init(
    _ datum: Datum, _ value: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) {
    guard !datum.isEncoded else {
      guard let data = datum.data else { throw StoreError(.corrupt, "the encoded Datum has no data") }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: value[data])
      self.init(
        format: try unsafe Self.format(ofEncoded: bytes, decoder), label: Self.label(of: datum), pixels: nil)
      return
    }
    let format = try datum.format()
    // With one channel, planes and pixels are the same.
    let isDirect = format.channels == 1 && format.elementType == .uint8
    self.init(
      format: format, label: Self.label(of: datum), pixels: isDirect ? datum.data?.lowerBound : nil)
  }

  private static func label(of datum: Datum) -> PickledLabel { datum.label.map { .number($0) } ?? .none }

  private static func format(
    ofEncoded image: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) -> ImageFormat {
    guard let format = try unsafe decoder.format(ofHead: RawSpan(_unsafeBytes: image)) else {
      throw StoreError(.corrupt, "the encoded image ends before its header does")
    }
    return format
  }

  private init(format: ImageFormat, label: PickledLabel, pixels: Int?) {
    self.format = format
    self.label = label
    self.pixels = pixels
  }
}

/// The kind of the values of a database that another program wrote.
enum ForeignKind: Sendable, Hashable {
  /// Only pixels, which are laid out as the caller stated.
  case raw(ArrayGeometry)
  /// A `.npy` array.
  case npy
  /// The file of an image, such as a PNG.
  case encoded
  /// A pickled image with its label.
  case pickle
  /// Caffe's `Datum`.
  case datum

  /// Finds the kind from a value.
  ///
  /// - Parameter raw: how raw pixels are laid out, if the caller stated it. It takes precedence
  ///   over the look of a value, because pixels may look like anything.
  init(of value: UnsafeRawBufferPointer, raw: ArrayGeometry?) throws(StoreError) {
    if let raw, value.count == raw.format.byteCount {
      self = .raw(raw)
    } else if unsafe value.starts(with: NPYHeader.magic) {
      self = .npy
    } else if unsafe ImageCodecs.recognize(RawSpan(_unsafeBytes: value)) {
      self = .encoded
    } else if unsafe Self.isPickle(value) {
      self = .pickle
    } else if unsafe Datum.isDatum(value) {
      self = .datum
    } else if let known = unsafe FileSignature(
      UnsafeRawBufferPointer(rebasing: value.prefix(FileSignature.byteCount)))
    {
      throw known.error(instead: ImageCodecs.names)
    } else if let raw {
      throw StoreError(
        .unrecognized,
        "the value has \(value.count) bytes, but an image of \(raw.format) takes \(raw.format.byteCount)",
        remedy: "describe raw pixels with --shape and --dtype; --images PREFIX leaves other keys out")
    } else {
      throw StoreError(
        .unrecognized, "the value has \(value.count) bytes and no header that gives their format",
        remedy: "describe raw pixels with --shape; --images PREFIX leaves other keys out")
    }
  }

  /// A pickle of protocol 2 or later begins with its number, earlier ones with a name or a mark; all end
  /// with STOP.
  static func isPickle(_ value: UnsafeRawBufferPointer) -> Bool {
    guard unsafe value.count > 2 && value[value.count - 1] == UInt8(ascii: ".") else { return false }
    return unsafe (value[0] == 0x80 && (2...5).contains(value[1])) || value.starts(with: "ccopy_reg\n".utf8)
      || value.starts(with: "c__main__\n".utf8)
      || value.starts(with: "(".utf8) && value.count > 16
  }
}
