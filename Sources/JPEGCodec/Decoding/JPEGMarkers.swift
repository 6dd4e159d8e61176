#if JPEG
import ImageStoreCore

/// The segments of a JPEG before its pixels, found as libjpeg finds them: bytes between segments
/// are skipped, as are fill bytes.
struct JPEGMarkers: ~Escapable {
  /// One segment.
  struct Marker {
    var code: Int
    /// Where its payload is; it may reach beyond the bytes at hand.
    var payload: Range<Int>
  }

  private let bytes: RawSpan
  private var position = 2
  /// Whether the segments before the pixels have all been seen.
  private(set) var isAtEnd = false

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) throws(StoreError) {
    guard bytes.byteCount >= 2, bytes[0] == 0xFF, bytes[1] == 0xD8 else {
      throw StoreError(.unrecognized, "this is not a JPEG")
    }
    self.bytes = bytes
  }

  /// Marks that pixels follow.
  mutating func end() { isAtEnd = true }

  /// The next segment, or nil at the end or after the last of the bytes at hand.
  mutating func next() throws(StoreError) -> Marker? {
    guard !isAtEnd else { return nil }
    while true {
      while position < bytes.byteCount, bytes[position] != 0xFF { position += 1 }
      while position < bytes.byteCount, bytes[position] == 0xFF { position += 1 }
      guard position < bytes.byteCount else { return nil }
      let code = Int(bytes[position])
      position += 1
      // A zero is not a marker.
      if code == 0 { continue }
      switch code {
      case 0x01, 0xD0...0xD7: continue
      case 0xD8: throw .malformed("start marker occurs twice")
      case 0xD9: return Marker(code: code, payload: position..<position)
      default: break
      }
      guard position + 2 <= bytes.byteCount else { return nil }
      let length = bytes.bigEndian16(at: position)
      guard length >= 2 else { throw .malformed("segment has an impossible length, \(length) bytes") }
      let payload = position + 2..<position + length
      position += length
      return Marker(code: code, payload: payload)
    }
  }
}

extension RawSpan {
  /// A byte; traps out of bounds.
  subscript(offset: Int) -> UInt8 {
    // Loading a byte is checked against the bounds, and any byte is one.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// Two bytes, the high one first.
  func bigEndian16(at offset: Int) -> Int { Int(self[offset]) << 8 | Int(self[offset + 1]) }
}
#endif
