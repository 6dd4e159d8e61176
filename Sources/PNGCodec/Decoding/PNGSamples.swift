import ImageStoreCore

/// Copies 16-bit samples and changes their byte order from the file's to the machine's or back.
func swapBytes(of source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
  for index in 0..<count {
    let value = unsafe source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
    unsafe target.storeBytes(of: UInt16(bigEndian: value), toByteOffset: 2 * index, as: UInt16.self)
  }
}

/// Makes bytes of samples of 1, 2, 4 or 8 bits, the first in the highest bits, times a factor.
func unpackSamples(
  _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, bits: Int, factor: UInt8
) {
  if bits == 1 {
    unsafe unpackBits(source, to: target, count: count, factor: factor)
    return
  }
  let perByte = 8 / bits
  let mask = UInt8((1 << bits) - 1)
  var written = 0
  while written < count {
    let byte = unsafe source.load(fromByteOffset: written / perByte, as: UInt8.self)
    var shift = 8 - bits
    while shift >= 0 && written < count {
      let sample = (byte >> UInt8(shift)) & mask
      unsafe target.storeBytes(of: sample &* factor, toByteOffset: written, as: UInt8.self)
      written += 1
      shift -= bits
    }
  }
}

/// Eight bits at a time: each lands in its byte of a word by a multiplication.
private func unpackBits(
  _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, factor: UInt8
) {
  let whole = count / 8
  for index in 0..<whole {
    let word = spreadBits(unsafe source.load(fromByteOffset: index, as: UInt8.self))
    unsafe target.storeBytes(
      of: (word &* UInt64(factor)).littleEndian, toByteOffset: 8 * index, as: UInt64.self)
  }
  guard whole * 8 < count else { return }
  var word = spreadBits(unsafe source.load(fromByteOffset: whole, as: UInt8.self))
  for index in whole * 8..<count {
    unsafe target.storeBytes(
      of: UInt8(truncatingIfNeeded: word) &* factor, toByteOffset: index, as: UInt8.self)
    word >>= 8
  }
}

/// The bits of a byte as eight bytes of 0 or 1, the highest bit in the lowest byte.
private func spreadBits(_ byte: UInt8) -> UInt64 {
  let bits = (UInt64(byte) &* 0x0101_0101_0101_0101) & 0x0102_0408_1020_4080
  return ((bits &+ 0x7F7F_7F7F_7F7F_7F7F) >> 7) & 0x0101_0101_0101_0101
}

/// Makes 1-bit samples of bytes, 1 if a byte is not 0; the first in the highest bit, zeros at the end.
func packBits(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
  let whole = count / 8
  for index in 0..<whole {
    let word = UInt64(
      littleEndian: unsafe source.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    // The highest bit of each byte says whether any bit of it is set.
    let isSet =
      (((word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F) | word) & 0x8080_8080_8080_8080
    let byte = ((isSet >> 7) &* 0x8040_2010_0804_0201) >> 56
    unsafe target.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: index, as: UInt8.self)
  }
  guard whole * 8 < count else { return }
  var byte: UInt8 = 0
  for index in whole * 8..<count where unsafe source.load(fromByteOffset: index, as: UInt8.self) != 0 {
    byte |= 0x80 >> UInt8(index - whole * 8)
  }
  unsafe target.storeBytes(of: byte, toByteOffset: whole, as: UInt8.self)
}

/// The colors of a palette, ready to be stored four bytes at once.
struct PNGPaletteTable: ~Copyable, Sendable {
  private var colors = [UInt32](repeating: 0, count: 256)

  mutating func fill(palette: UnsafeRawBufferPointer, alpha: UnsafeRawBufferPointer) {
    let count = palette.count / 3
    // As in libpng, an index beyond the palette is black.
    for index in count..<256 { colors[index] = UInt32(0xFF00_0000).littleEndian }
    for index in 0..<count {
      let opacity: UInt8 = index < alpha.count ? unsafe alpha[index] : 255
      let color =
        unsafe UInt32(palette[3 * index]) | UInt32(palette[3 * index + 1]) << 8
        | UInt32(palette[3 * index + 2]) << 16 | UInt32(opacity) << 24
      colors[index] = color.littleEndian
    }
  }

  /// Makes 3 or 4 bytes of each index.
  func expand(
    _ indices: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count pixels: Int, channels: Int
  ) {
    unsafe colors.withUnsafeBufferPointer { colors in
      // Four bytes are stored even if three count, except at the very end.
      for index in 0..<pixels - 1 {
        let color = unsafe colors[Int(indices.load(fromByteOffset: index, as: UInt8.self))]
        unsafe target.storeBytes(of: color, toByteOffset: index * channels, as: UInt32.self)
      }
      var last = unsafe colors[Int(indices.load(fromByteOffset: pixels - 1, as: UInt8.self))]
      unsafe (target + (pixels - 1) * channels).copyMemory(from: &last, byteCount: channels)
    }
  }
}

/// The one color of a gray or RGB image that is transparent.
struct PNGTransparentKey: Sendable {
  private var samples: (UInt16, UInt16, UInt16) = (0, 0, 0)

  /// Of each 16-bit sample of tRNS only the bits of the image's depth count.
  mutating func fill(_ payload: UnsafeRawBufferPointer, bitDepth: Int) {
    let mask = UInt16((1 << bitDepth) - 1)
    func sample(_ index: Int) -> UInt16 {
      guard 2 * index < payload.count else { return 0 }
      let value = unsafe payload.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
      return UInt16(bigEndian: value) & mask
    }
    samples = (sample(0), sample(1), sample(2))
  }

  /// Appends alpha to each pixel of 1 or 3 bytes, and multiplies samples by a factor.
  func expand8(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int, channels: Int,
    factor: UInt8
  ) {
    for column in 0..<width {
      let from = unsafe source + column * channels
      let to = unsafe target + column * (channels + 1)
      var isKey = true
      for channel in 0..<channels {
        let value = unsafe from.load(fromByteOffset: channel, as: UInt8.self)
        if UInt16(value) != self[channel] { isKey = false }
        unsafe to.storeBytes(of: value &* factor, toByteOffset: channel, as: UInt8.self)
      }
      unsafe to.storeBytes(of: isKey ? 0 : 255, toByteOffset: channels, as: UInt8.self)
    }
  }

  /// Appends alpha to each pixel of 1 or 3 big-endian 16-bit samples, which get the machine's order.
  func expand16(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, width: Int, channels: Int
  ) {
    for column in 0..<width {
      let from = unsafe source + column * channels * 2
      let to = unsafe target + column * (channels + 1) * 2
      var isKey = true
      for channel in 0..<channels {
        let value = unsafe UInt16(
          bigEndian: from.loadUnaligned(fromByteOffset: 2 * channel, as: UInt16.self))
        if value != self[channel] { isKey = false }
        unsafe to.storeBytes(of: value, toByteOffset: 2 * channel, as: UInt16.self)
      }
      let alpha: UInt16 = isKey ? 0 : .max
      unsafe to.storeBytes(of: alpha, toByteOffset: 2 * channels, as: UInt16.self)
    }
  }

  private subscript(channel: Int) -> UInt16 {
    switch channel {
    case 0: samples.0
    case 1: samples.1
    default: samples.2
    }
  }
}
