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

/// Makes 1-bit samples of bytes, 1 where a byte is not 0; the first in the highest bit, zeros at the end.
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
