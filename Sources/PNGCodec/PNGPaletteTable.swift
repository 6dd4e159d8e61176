import ImageStoreCore

/// The colors of a palette, ready to be stored four bytes at once.
struct PNGPaletteTable: ~Copyable, Sendable {
  private var colors = [UInt32](repeating: 0, count: 256)
  private var count = 0

  mutating func fill(palette: UnsafeRawBufferPointer, alpha: UnsafeRawBufferPointer) {
    count = palette.count / 3
    for index in 0..<count {
      let opacity: UInt8 = index < alpha.count ? unsafe alpha[index] : 255
      let color =
        unsafe UInt32(palette[3 * index]) | UInt32(palette[3 * index + 1]) << 8
        | UInt32(palette[3 * index + 2]) << 16 | UInt32(opacity) << 24
      colors[index] = color.littleEndian
    }
  }

  /// Checks that every index has a color.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func check(_ indices: UnsafeRawPointer, count pixels: Int) throws(StoreError) {
    guard count < 256 else { return }
    var largest: UInt8 = 0
    for index in 0..<pixels {
      largest = max(largest, unsafe indices.load(fromByteOffset: index, as: UInt8.self))
    }
    guard largest < count else {
      throw .malformed("pixels have color \(largest) of a palette of \(count)")
    }
  }

  /// Makes 3 or 4 bytes of each index; every index must have been checked.
  func expand(
    _ indices: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count pixels: Int, channels: Int
  ) {
    unsafe colors.withUnsafeBufferPointer { colors in
      // Four bytes are stored even where three count, except at the very end.
      for index in 0..<pixels - 1 {
        let color = unsafe colors[Int(indices.load(fromByteOffset: index, as: UInt8.self))]
        unsafe target.storeBytes(of: color, toByteOffset: index * channels, as: UInt32.self)
      }
      var last = unsafe colors[Int(indices.load(fromByteOffset: pixels - 1, as: UInt8.self))]
      unsafe (target + (pixels - 1) * channels).copyMemory(from: &last, byteCount: channels)
    }
  }
}
