internal import ImageStoreCore
internal import ImageStoreNumPy

/// What the values of a database that another program wrote are.
enum ForeignKind: Sendable, Hashable {
  /// Nothing but pixels, of a format that the caller stated.
  case raw(ImageFormat)
  /// A `.npy` array.
  case npy
  /// A PNG file.
  case png
  /// A pickled `CIFAR_Image`.
  case pickle
  /// Caffe's `Datum`.
  case datum

  /// Tells by a value.
  ///
  /// - Parameter rawFormat: the format of raw pixels, if the caller stated one. It goes before what a value
  ///   looks like, since pixels may look like anything.
  init(of value: UnsafeRawBufferPointer, rawFormat: ImageFormat?) throws(StoreError) {
    if let rawFormat, value.count == rawFormat.byteCount {
      self = .raw(rawFormat)
    } else if unsafe value.starts(with: NPYHeader.magic) {
      self = .npy
    } else if unsafe value.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if unsafe value.starts(with: [0xFF, 0xD8, 0xFF]) || Self.isWebP(value) {
      throw StoreError(
        .unsupported, "the values are JPEG or WebP images", remedy: "decode them to PNG or .npy values")
    } else if unsafe Self.isPickle(value) {
      self = .pickle
    } else if unsafe Datum.isDatum(value) {
      self = .datum
    } else if let rawFormat {
      throw StoreError(
        .unrecognized, "a value of \(value.count) bytes where \(rawFormat) takes \(rawFormat.byteCount)",
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
