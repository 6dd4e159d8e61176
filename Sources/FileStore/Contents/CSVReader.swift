internal import ImageStoreCore
internal import ImageStoreSupport

/// One field of a record: where it is in the file.
struct CSVField {
  /// The field's bytes, without the quotes around them.
  var range: Range<Int>
  /// Whether a quote is there twice.
  var hasDoubledQuotes: Bool
}

/// Reads records of comma-separated values (RFC 4180, https://www.rfc-editor.org/rfc/rfc4180), UTF-8 with
/// or without a byte order mark, lines ended by CRLF, LF or CR. Empty lines are skipped.
///
/// Nothing is copied: fields are ranges of the file's bytes. A field may hold commas, quotes and line
/// breaks within quotes; a quote elsewhere, a quoted field that does not end, and a NUL byte are errors
/// that name the line.
///
/// Invariant behind `@safe`: `owner` keeps `bytes` readable and nobody writes to them.
@safe struct CSVReader {
  private let owner: AnyObject
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  /// The character between fields and the one around them.
  private let separator: UInt8
  private let quote: UInt8
  private var position = 0
  /// The number of the line to be read next, from 1.
  private var nextLine = 1
  /// The number of the line on which the record read last begins.
  private(set) var line = 0

  init(_ file: MappedFile, separator: Character = ",", quote: Character = "\"") {
    unsafe self.init(file, file.bytes, path: file.path, separator, quote)
  }

  /// - Parameter path: of the file that was read into the memory.
  init(_ memory: PixelMemory, path: String, separator: Character = ",") {
    unsafe self.init(memory, memory.bytes, path: path, separator, "\"")
  }

  private init(
    _ owner: AnyObject, _ bytes: UnsafeRawBufferPointer, path: String, _ separator: Character,
    _ quote: Character
  ) {
    self.owner = owner
    unsafe self.bytes = unsafe bytes
    self.path = path
    self.separator = separator.asciiValue!
    self.quote = quote.asciiValue!
    if unsafe bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Reads the next record that is not an empty line.
  ///
  /// - Parameters:
  ///   - fields: replaced by the record's fields; its memory is used again.
  ///   - most: how many fields a record may have, so that a record of only commas takes no more
  ///     memory.
  ///   - code: the code of the error for more fields.
  /// - Returns: false at the end of the file.
  mutating func next(
    _ fields: inout [CSVField], atMost most: Int, else code: StoreError.Code = .corrupt
  ) throws(StoreError) -> Bool {
    let bytes = unsafe bytes
    fields.removeAll(keepingCapacity: true)
    while position < bytes.count, unsafe isLineEnd(bytes[position]) {
      unsafe endLine(bytes)
    }
    guard position < bytes.count else { return false }
    line = nextLine
    while true {
      guard fields.count < most else {
        throw error(
          "more than \(most) \(most == 1 ? "field" : "fields")", code, remedy: "quote fields that hold commas"
        )
      }
      fields.append(try unsafe field(bytes))
      guard position < bytes.count else { return true }
      if unsafe bytes[position] == separator {
        position += 1
      } else {
        unsafe endLine(bytes)
        return true
      }
    }
  }

  /// An error about the record read last.
  func error(_ message: String, _ code: StoreError.Code = .corrupt, remedy: String? = nil) -> StoreError {
    StoreError(code, message, remedy: remedy, path: path, key: "line \(line)")
  }

  /// The field that begins at `position`, which is left at what ends it.
  private mutating func field(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> CSVField {
    if position < bytes.count, unsafe bytes[position] == quote { return try unsafe quotedField(bytes) }
    let start = position
    while position < bytes.count {
      let byte = unsafe bytes[position]
      if byte == separator || isLineEnd(byte) { break }
      if byte == quote { throw error("a quotation mark inside a field that does not begin with one") }
      if byte == 0 { throw error("a NUL byte") }
      position += 1
    }
    return CSVField(range: start..<position, hasDoubledQuotes: false)
  }

  private mutating func quotedField(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> CSVField {
    position += 1
    let start = position
    var hasDoubledQuotes = false
    while position < bytes.count {
      let byte = unsafe bytes[position]
      if byte == quote {
        let isDoubled = unsafe position + 1 < bytes.count && bytes[position + 1] == quote
        guard isDoubled else {
          let range = start..<position
          position += 1
          if position < bytes.count {
            let after = unsafe bytes[position]
            guard after == separator || isLineEnd(after) else {
              throw error("characters after the quotation mark that ends a field")
            }
          }
          return CSVField(range: range, hasDoubledQuotes: hasDoubledQuotes)
        }
        hasDoubledQuotes = true
        position += 1
      } else if byte == 0 {
        throw error("a NUL byte")
      } else if byte == 0x0A {
        nextLine += 1
      }
      position += 1
    }
    throw error("a quoted field that does not end")
  }

  @inline(__always)
  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// Passes CRLF, LF or CR.
  private mutating func endLine(_ bytes: UnsafeRawBufferPointer) {
    let isCRLF = unsafe bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
    position += isCRLF ? 2 : 1
    nextLine += 1
  }
}

extension CSVReader {
  /// The bytes of a field, doubled quotes not undone; readable while the reader is.
  @unsafe func bytes(of field: CSVField) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: bytes[field.range])
  }

  /// A field as text.
  func text(_ field: CSVField) throws(StoreError) -> String {
    defer { withExtendedLifetime(owner) {} }
    let bytes = unsafe bytes(of: field)
    guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
      throw error("a field is not UTF-8")
    }
    guard field.hasDoubledQuotes else { return text }
    var result = ""
    var wasQuote = false
    for character in text.unicodeScalars {
      let isQuote = character == Unicode.Scalar(quote)
      if isQuote && wasQuote {
        wasQuote = false
        continue
      }
      wasQuote = isQuote
      result.unicodeScalars.append(character)
    }
    return result
  }

  /// A field as an integer: digits with a sign or none and spaces around; nil for anything else.
  func integer(_ field: CSVField) -> Int? {
    let bytes = unsafe bytes
    var range = field.range
    while let last = range.last, unsafe bytes[last] == 0x20 { range.removeLast() }
    while let first = range.first, unsafe bytes[first] == 0x20 { range.removeFirst() }
    var isNegative = false
    if let first = range.first, unsafe bytes[first] == UInt8(ascii: "-") || bytes[first] == UInt8(ascii: "+")
    {
      isNegative = unsafe bytes[first] == UInt8(ascii: "-")
      range.removeFirst()
    }
    guard !range.isEmpty else { return nil }
    var value = 0
    for position in range {
      let byte = unsafe bytes[position]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (scaled, overflow1) = value.multipliedReportingOverflow(by: 10)
      let digit = Int(byte - 0x30)
      // Summed with its sign, since the least integer has no positive counterpart.
      let (sum, overflow2) =
        isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
      guard !overflow1, !overflow2 else { return nil }
      value = sum
    }
    return value
  }
}
