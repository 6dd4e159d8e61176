public import ImageStoreCore

extension ImageStore {
  /// An image as a PNG file, for example for a server to send.
  ///
  /// - Parameters:
  ///   - index: which image.
  ///   - compression: how much time is spent on making it small.
  /// - Returns: the bytes of the file.
  /// - Throws: what reading throws; ``ImageStoreCore/StoreError/Code/unsupported`` for an image
  ///   that PNG cannot hold.
  public func png(at index: Int, compression: Compression = .fast) throws(StoreError) -> [UInt8] {
    var encoder = try PNGEncoder(compression: compression)
    try withImage(at: index) { (format, pixels) throws(StoreError) in
      try encoder.encode(pixels, format: format)
    }
    return [UInt8](copying: encoder.bytes)
  }
}
