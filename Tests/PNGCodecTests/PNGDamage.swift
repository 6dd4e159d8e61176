import CImageStoreZlib
import ImageStorePlatform
import Testing

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

/// Writes the CRC of each chunk again, as far as the lengths allow.
func repairChecksums(_ file: inout [UInt8]) {
  var start = 8
  while start + 12 <= file.count {
    let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = start + 8 + length
    guard end + 4 <= file.count else { return }
    let checked = Array(file[start + 4..<end])
    let sum = UInt32(unsafe CImageStoreZlib.crc32(0, checked, UInt32(checked.count)))
    for index in 0..<4 { file[end + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
    start = end + 4
  }
}

/// Makes PNGs of 8 bits per sample, chunk by chunk.
struct PNGBuilder {
  private var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Bytes after the compressed ones in their chunk.
  var surplus: [UInt8] = []
  /// Chunks between the pixels and the end.
  var chunksAfter: [(String, [UInt8])] = []
  /// What the last byte of the Adler-32 is changed by.
  var adlerChange: UInt8 = 0

  init(width: UInt8, height: UInt8, colorType: UInt8) {
    add("IHDR", [0, 0, 0, width, 0, 0, 0, height, 8, colorType, 0, 0, 0])
  }

  /// - Parameter isDamaged: whether the CRC is a wrong one.
  mutating func add(_ type: String, _ payload: [UInt8], isDamaged: Bool = false) {
    let checked = Array(type.utf8) + payload
    let sum = UInt32(unsafe CImageStoreZlib.crc32(0, checked, UInt32(checked.count))) ^ (isDamaged ? 1 : 0)
    func big(_ number: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }
    bytes += big(UInt32(payload.count)) + checked + big(sum)
  }

  /// The file with its pixels: rows with a filter byte each.
  func file(rows: [UInt8], isEndDamaged: Bool = false) throws -> [UInt8] {
    var whole = self
    var size = compressBound(UInt(rows.count))
    var compressed = [UInt8](repeating: 0, count: Int(size))
    let status = unsafe compress(&compressed, &size, rows, UInt(rows.count))
    try #require(status == Z_OK)
    compressed[Int(size) - 1] ^= adlerChange
    whole.add("IDAT", Array(compressed[..<Int(size)]) + surplus)
    for (type, payload) in chunksAfter { whole.add(type, payload) }
    whole.add("IEND", [], isDamaged: isEndDamaged)
    return whole.bytes
  }
}

/// The offset of four letters.
func position(of letters: String, in file: [UInt8]) -> Int? {
  let bytes = Array(letters.utf8)
  return file.indices.dropLast(3).first { Array(file[$0..<$0 + 4]) == bytes }
}

/// The paths of all files in a folder and its folders.
func filesBelow(_ folder: String) -> [String] {
  guard let listing = unsafe opendir(folder) else { return [] }
  defer { unsafe closedir(listing) }
  var paths: [String] = []
  while let entry = unsafe readdir(listing) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
      unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    guard name != "." && name != ".." else { continue }
    let below = filesBelow("\(folder)/\(name)")
    paths += below.isEmpty ? ["\(folder)/\(name)"] : below
  }
  return paths
}
