import CZlib

/// A generator whose seed a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Bytes with runs, repeats and noise.
func sampleBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count < count {
    switch UInt8.random(in: 0..<3, using: &generator) {
    case 0:
      let value = UInt8.random(in: 0...255, using: &generator)
      bytes += repeatElement(value, count: Int.random(in: 1...300, using: &generator))
    case 1:
      for _ in 0..<Int.random(in: 1...50, using: &generator) {
        bytes.append(UInt8.random(in: 0...255, using: &generator))
      }
    default:
      guard bytes.count > 10 else { continue }
      let start = Int.random(in: 0..<bytes.count - 5, using: &generator)
      bytes += Array(bytes[start..<min(bytes.count, start + 40)])
    }
  }
  return Array(bytes[..<count])
}

/// zlib's own one-call compression, used directly: the oracle of what we inflate.
func zlibCompressed(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
  var output = [UInt8](repeating: 0, count: Int(compressBound(UInt(bytes.count))))
  var count = UInt(output.count)
  let status = unsafe compress2(&output, &count, bytes, UInt(bytes.count), level)
  precondition(status == Z_OK)
  return Array(output[..<Int(count)])
}

/// zlib's own one-call decompression: the oracle of what we deflate.
func zlibUncompressed(_ bytes: [UInt8], count: Int) -> [UInt8]? {
  var output = [UInt8](repeating: 0, count: count + 1)
  var written = UInt(output.count)
  let status = unsafe uncompress(&output, &written, bytes, UInt(bytes.count))
  return status == Z_OK ? Array(output[..<Int(written)]) : nil
}

/// A gzip member around the raw deflate stream of a zlib stream, put together by hand (RFC 1952).
func gzipMember(_ bytes: [UInt8], name: String? = nil) -> [UInt8] {
  let body = zlibCompressed(bytes).dropFirst(2).dropLast(4)
  var member: [UInt8] = [0x1F, 0x8B, 8, name == nil ? 0 : 8, 0, 0, 0, 0, 0, 255]
  if let name { member += Array(name.utf8) + [0] }
  member += body
  let sum = unsafe crc32(0, bytes, UInt32(bytes.count))
  for shift in [0, 8, 16, 24] { member.append(UInt8(truncatingIfNeeded: sum >> UInt(shift))) }
  for shift in [0, 8, 16, 24] { member.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
  return member
}
