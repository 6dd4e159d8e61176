import ImageStoreCore
import ImageStoreDeflate

/// Writes zip archives by hand, as other programs may (PKWARE's APPNOTE.TXT 6.3).
struct ZipBuilder {
  private(set) var bytes: [UInt8] = []
  private var records: [UInt8] = []
  private var count = 0

  /// An entry.
  ///
  /// - Parameters:
  ///   - localName: the name before the entry's data, if it is another one.
  ///   - byteCount: the bytes that `data` inflates to; nil for stored data.
  mutating func add(
    _ name: [UInt8], _ data: [UInt8], localName: [UInt8]? = nil, byteCount: Int? = nil,
    checksum: UInt32? = nil,
    extra: [UInt8] = [], comment: [UInt8] = [], attributes: UInt32 = 0o600 << 16
  ) {
    let checksum = checksum ?? crc32(data)
    let offset = bytes.count
    let method: UInt64 = byteCount == nil ? 0 : 8
    let sizes =
      little(UInt64(checksum), 4) + little(UInt64(data.count), 4) + little(UInt64(byteCount ?? data.count), 4)
    let local = localName ?? name
    bytes +=
      little(0x0403_4B50, 4) + little(20, 2) + little(0, 2) + little(method, 2) + little(0x0021_0000, 4)
      + sizes
    bytes += little(UInt64(local.count), 2) + little(0, 2) + local + data
    records += little(0x0201_4B50, 4) + little(0x0314, 2) + little(20, 2) + little(0, 2) + little(method, 2)
    records += little(0x0021_0000, 4) + sizes
    records +=
      little(UInt64(name.count), 2) + little(UInt64(extra.count), 2) + little(UInt64(comment.count), 2)
    records +=
      little(0, 4) + little(UInt64(attributes), 4) + little(UInt64(offset), 4) + name + extra + comment
    count += 1
  }

  mutating func add(_ name: String, _ data: [UInt8]) { add(Array(name.utf8), data) }

  /// Writes the directory of all entries and an end record.
  mutating func end(comment: [UInt8] = []) {
    let offset = bytes.count
    bytes +=
      records + little(0x0605_4B50, 4) + little(0, 4) + little(UInt64(count), 2) + little(UInt64(count), 2)
    bytes +=
      little(UInt64(records.count), 4) + little(UInt64(offset), 4) + little(UInt64(comment.count), 2)
      + comment
  }

  /// Writes bytes that belong to nothing.
  mutating func skip(_ byteCount: Int) { bytes += [UInt8](repeating: 0, count: byteCount) }
}

/// What the end record of an archive says, found from the end, and where it is.
struct EndRecord {
  let offset: Int
  let directory: Range<Int>
  let comment: [UInt8]

  init?(of bytes: [UInt8]) {
    guard
      let offset = (0...bytes.count - 22).last(where: { Array(bytes[$0..<$0 + 4]) == [0x50, 0x4B, 5, 6] })
    else { return nil }
    func integer(_ position: Int, _ count: Int) -> Int {
      bytes[offset + position..<offset + position + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    self.offset = offset
    let start = integer(16, 4)
    directory = start..<start + integer(12, 4)
    comment = Array(bytes[(offset + 22)...])
  }
}

func little(_ value: UInt64, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

/// CRC-32 a bit at a time.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = .max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
  }
  return ~crc
}

/// An array as numpy writes it.
func npy(_ descr: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
  var text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }".utf8)
  while (10 + text.count + 1) % 64 != 0 { text.append(0x20) }
  text.append(0x0A)
  return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(UInt64(text.count), 2) + text + data
}

/// The array of an image of the ramps.
func image(_ number: Int) -> [UInt8] { npy("|u1", "(6, 4, 3)", ramp(number)) }

/// The array of labels.
func labelArray(_ labels: [Int]) -> [UInt8] {
  npy("<i8", "(\(labels.count),)", labels.flatMap { little(UInt64($0), 8) })
}

/// Bytes as a raw deflate stream.
func deflated(_ bytes: [UInt8]) throws -> [UInt8] {
  var deflater = try Deflater(.raw, level: 6)
  try unsafe deflater.deflate(bytes.span.bytes)
  return unsafe deflater.bytes.withUnsafeBytes { unsafe Array($0) }
}
