import CImageStoreZlib

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

/// zlib's inflate of a raw stream, used directly; nil if it refuses, else the bytes and how many
/// bytes of the stream it read.
func zlibInflateRaw(_ bytes: [UInt8], room: Int) -> (bytes: [UInt8], read: Int)? {
  var stream = unsafe z_stream()
  var input = bytes
  var output = [UInt8](repeating: 0, count: room + 1)
  return unsafe input.withUnsafeMutableBufferPointer { input in
    unsafe output.withUnsafeMutableBufferPointer { output in
      precondition(unsafe CZlib_inflateInit2(&stream, -15) == Z_OK)
      defer { _ = unsafe inflateEnd(&stream) }
      unsafe stream.next_in = input.baseAddress
      unsafe stream.avail_in = UInt32(input.count)
      unsafe stream.next_out = output.baseAddress
      unsafe stream.avail_out = UInt32(room)
      guard unsafe inflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
      return unsafe (Array(output[..<Int(stream.total_out)]), Int(stream.total_in))
    }
  }
}

/// zlib's raw stream of random settings, in one piece or with a flush in the middle.
func zlibDeflateRaw(
  _ bytes: [UInt8], using generator: inout SeededGenerator
) -> [UInt8] {
  var stream = unsafe z_stream()
  var input = bytes
  var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 2 + 1_000)
  let level = Int32.random(in: 0...9, using: &generator)
  let window = Int32.random(in: 9...15, using: &generator)
  let memory = Int32.random(in: 1...9, using: &generator)
  let strategy = Int32.random(in: 0...4, using: &generator)
  let flush = [Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_FULL_FLUSH].randomElement(using: &generator)!
  return unsafe input.withUnsafeMutableBufferPointer { input in
    unsafe output.withUnsafeMutableBufferPointer { output in
      let status = unsafe CZlib_deflateInit2(&stream, level, -window, memory, strategy)
      precondition(status == Z_OK)
      defer { _ = unsafe deflateEnd(&stream) }
      unsafe stream.next_in = input.baseAddress
      unsafe stream.next_out = output.baseAddress
      unsafe stream.avail_out = UInt32(output.count)
      unsafe stream.avail_in = UInt32(input.count / 2)
      _ = unsafe deflate(&stream, flush)
      unsafe stream.avail_in += UInt32(input.count - input.count / 2)
      precondition(unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return unsafe Array(output[..<Int(stream.total_out)])
    }
  }
}
