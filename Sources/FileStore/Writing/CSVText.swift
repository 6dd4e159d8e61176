internal import ImageStoreCore

/// Comma-separated values being written (RFC 4180): fields quoted if they must be, lines ended by CRLF.
struct CSVText {
  private(set) var bytes: [UInt8]
  private var isAtStartOfLine = true

  /// - Parameter bytes: the earlier lines, each with its line end.
  init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  mutating func append(_ integer: some FixedWidthInteger) {
    separate()
    bytes.append(contentsOf: String(integer).utf8)
  }

  mutating func append(_ number: Double) {
    separate()
    // The shortest text that is read as the same number.
    bytes.append(contentsOf: number.description.utf8)
  }

  mutating func append(_ text: String) throws(StoreError) {
    separate()
    var mustBeQuoted = false
    for byte in text.utf8 {
      switch byte {
      case 0:
        throw StoreError(
          .unsupported, "the text has a NUL character, which a CSV file cannot hold",
          remedy: "remove the character")
      case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: mustBeQuoted = true
      default: break
      }
    }
    // Spaces at the ends are kept by most readers only within quotes.
    mustBeQuoted = mustBeQuoted || text.utf8.first == 0x20 || text.utf8.last == 0x20
    guard mustBeQuoted else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a field of numbers, as a list of JSON.
  mutating func append(list numbers: [String]) {
    separate()
    bytes.append(contentsOf: "\"[\(numbers.joined(separator: ", "))]\"".utf8)
  }

  /// Appends a field of bytes that need no quotes.
  mutating func append(plain field: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: field)
  }

  mutating func endLine() {
    bytes.append(0x0D)
    bytes.append(0x0A)
    isAtStartOfLine = true
  }

  private mutating func separate() {
    if !isAtStartOfLine { bytes.append(UInt8(ascii: ",")) }
    isAtStartOfLine = false
  }
}
