/// Samples of the type bool, which are bytes of 0 or 1.
package enum TruthValues {
  /// The position of the first byte that is neither 0 nor 1, or nil if there is none.
  package static func firstOther(in bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 0
    while position + 8 <= bytes.count,
      unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0xFEFE_FEFE_FEFE_FEFE == 0
    {
      position += 8
    }
    while position < bytes.count {
      if unsafe bytes[position] > 1 { return position }
      position += 1
    }
    return nil
  }

  /// Turns bytes other than 0 to 1.
  ///
  /// numpy takes every byte but 0 for true and writes them as they are; Pillow gives it 255 for
  /// true in images of 1 bit. Code that delivers bool images must not pass such bytes on.
  package static func normalize(_ bytes: UnsafeMutableRawBufferPointer) {
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    var position = 0
    while position + 8 <= bytes.count {
      let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      // The top bit of each byte tells whether any bit of it is set; the sum carries into no neighbour.
      let ones = ((((word & low) &+ low) | word) >> 7) & 0x0101_0101_0101_0101
      unsafe bytes.storeBytes(of: ones, toByteOffset: position, as: UInt64.self)
      position += 8
    }
    while position < bytes.count {
      if unsafe bytes[position] != 0 { unsafe bytes[position] = 1 }
      position += 1
    }
  }

  /// Checks the images of a run that are of the type bool.
  ///
  /// - Parameters:
  ///   - pixels: `layout.byteCount` bytes.
  ///   - first: the index of the first image, for errors.
  /// - Throws: ``StoreError/Code/invalidArgument``, naming the image.
  package static func check(
    _ pixels: RawSpan, layout: BatchLayout, first: Int
  ) throws(StoreError) {
    if let format = layout.uniformFormat, format.elementType != .bool { return }
    for position in 0..<layout.count where layout[position].elementType == .bool {
      let image = pixels.extracting(layout.byteRange(of: position))
      let found = unsafe image.withUnsafeBytes { (bytes) -> (UInt8, Int)? in
        unsafe firstOther(in: bytes).map { unsafe (bytes[$0], $0) }
      }
      guard let (value, offset) = found else { continue }
      throw StoreError(
        .invalidArgument, "a bool sample is \(value), at byte \(offset) of the pixels",
        remedy: "make it 0 or 1", image: first + position)
    }
  }
}
