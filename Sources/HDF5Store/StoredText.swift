/// Text as a file holds it.
struct StoredText: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    /// As many bytes for each string.
    case fixed(byteCount: Int, Padding)
    /// A reference each to bytes on a heap of the file.
    case variable
  }

  /// What follows a string that is shorter than its place.
  enum Padding: Sendable, Hashable {
    /// A zero, then anything.
    case terminated
    case zeros
    case spaces
  }

  let form: Form
  /// Whether it is said to be ASCII and not UTF-8.
  let isASCII: Bool

  /// The bytes of a string in its place.
  static func trimmed(_ place: UnsafeRawBufferPointer, _ padding: Padding) -> UnsafeRawBufferPointer {
    var end = place.count
    switch padding {
    case .terminated: unsafe end = place.firstIndex(of: 0) ?? place.count
    case .zeros: unsafe end = lengthWithout(0, at: place)
    case .spaces: unsafe end = lengthWithout(0x20, at: place)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: place[..<end])
  }

  /// The strings that lie one after another in places of some bytes each.
  static func strings(
    _ bytes: UnsafeRawBufferPointer, _ byteCount: Int, _ padding: Padding
  ) -> [String] {
    stride(from: 0, to: bytes.count - byteCount + 1, by: byteCount).map { start in
      let place = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + byteCount])
      return unsafe String(decoding: trimmed(place, padding), as: UTF8.self)
    }
  }

  /// The number of bytes before those of one value at the end: eight at a time, since columns of long places with short strings
  /// have little else.
  private static func lengthWithout(_ padding: UInt8, at place: UnsafeRawBufferPointer) -> Int {
    let eight = UInt64(padding) &* 0x0101_0101_0101_0101
    var end = place.count
    while end >= 8, unsafe place.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == eight { end -= 8 }
    while end > 0, unsafe place[end - 1] == padding { end -= 1 }
    return end
  }
}
