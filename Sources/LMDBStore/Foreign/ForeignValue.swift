internal import ImageStoreCore
internal import ImageStoreNumPy
internal import PNGCodec

/// What one value of a foreign database says.
struct ForeignValue {
  let format: ImageFormat
  let label: Int?
  /// Where the pixels begin within the value, where they stand there as they are delivered.
  let pixels: Int?

  /// Reads a value's head.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` and others where the value is not of that kind.
  init(
    _ kind: ForeignKind, _ value: UnsafeRawBufferPointer, _ pickles: inout PickledImages
  ) throws(StoreError) {
    switch kind {
    case .raw(let format):
      guard value.count == format.byteCount else {
        throw StoreError(
          .corrupt, "a value of \(value.count) bytes where \(format) takes \(format.byteCount)")
      }
      self.init(format: format, label: nil, pixels: 0)
    case .npy:
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value))
      let images = try NPYImages(imageOf: header)
      let data = try unsafe header.data(in: value)
      // Checked here, since what is lent from the map is not looked at any more.
      if images.format.elementType == .bool, unsafe NPYImages.firstNonBoolean(in: data) != nil {
        throw StoreError(.corrupt, "a bool sample that is neither 0 nor 1")
      }
      self.init(format: images.format, label: nil, pixels: images.isDirect ? header.dataOffset : nil)
    case .png:
      let format = try unsafe PNGDecoder().readHeader(of: RawSpan(_unsafeBytes: value)).format
      self.init(format: format, label: nil, pixels: nil)
    case .pickle:
      let image = try unsafe pickles.image(of: value)
      self.init(format: image.format, label: image.label, pixels: image.pixels)
    case .datum:
      try unsafe self.init(Datum(value), value)
    }
  }

  private init(_ datum: Datum, _ value: UnsafeRawBufferPointer) throws(StoreError) {
    guard !datum.isEncoded else {
      guard let data = datum.data else { throw StoreError(.corrupt, "an encoded Datum without data") }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: value[data])
      self.init(
        format: try unsafe PNGDecoder().readHeader(of: RawSpan(_unsafeBytes: bytes)).format,
        label: datum.label, pixels: nil)
      return
    }
    let format = try datum.format()
    // Of one channel planes and pixels are the same.
    let isDirect = format.channels == 1 && format.elementType == .uint8
    self.init(
      format: format, label: datum.label, pixels: isDirect ? datum.data?.lowerBound : nil)
  }

  private init(format: ImageFormat, label: Int?, pixels: Int?) {
    self.format = format
    self.label = label
    self.pixels = pixels
  }
}
