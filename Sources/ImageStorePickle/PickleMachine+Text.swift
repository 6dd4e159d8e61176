import ImageStoreCore

// Instructions of protocol 0, which spell their argument as a line of text, and whole numbers of any
// length.

extension PickleMachine {
  /// Performs INT, LONG, FLOAT, STRING or UNICODE.
  mutating func pushText(_ opcode: Opcode) throws(StoreError) {
    let line = try cursor.takeLine()
    switch opcode {
    case .int where line.count == 2 && cursor.excerpt(line) == "00": stack.append(.bool(false))
    case .int where line.count == 2 && cursor.excerpt(line) == "01": stack.append(.bool(true))
    case .int: stack.append(.int(try integer(line)))
    case .long:
      let hasSuffix = unsafe cursor.bytes(line).last == UInt8(ascii: "L")
      stack.append(.int(try integer(hasSuffix ? line.lowerBound..<line.upperBound - 1 : line)))
    case .float:
      guard line.count <= 64, let value = Double(cursor.excerpt(line)) else {
        throw cursor.corrupt("has '\(cursor.excerpt(line))' in place of a number")
      }
      stack.append(.float(value))
    case .string: stack.append(.bytes(try unescapedString(line)))
    default: stack.append(.text(try unescapedUnicode(line)))
    }
  }

  /// The number of a memo entry in a line of text.
  mutating func memoIndex() throws(StoreError) -> Int {
    let line = try cursor.takeLine()
    let index = try integer(line)
    guard index >= 0 else { throw cursor.corrupt("uses memo entry \(index), which is negative") }
    return index
  }

  private func integer(_ line: Range<Int>) throws(StoreError) -> Int {
    guard line.count <= 20, let value = Int(cursor.excerpt(line)) else {
      throw cursor.corrupt("has '\(cursor.excerpt(line))' in place of a number of 64 bits")
    }
    return value
  }

  /// Pushes a little-endian number in two's complement.
  mutating func pushLong(_ range: Range<Int>) throws(StoreError) {
    guard range.count <= 8 else {
      throw cursor.refused("has a number of \(range.count) bytes, more than 64 bits")
    }
    var bits: UInt64 = 0
    for byte in unsafe [UInt8](cursor.bytes(range)).reversed() { bits = bits << 8 | UInt64(byte) }
    let unused = 64 - 8 * UInt64(range.count)
    stack.append(
      .int(range.isEmpty ? 0 : Int(truncatingIfNeeded: Int64(bitPattern: bits << unused) >> unused)))
  }

  /// A string of Python 2 as `repr` writes it.
  private mutating func unescapedString(_ line: Range<Int>) throws(StoreError) -> Stretch {
    let source = unsafe cursor.bytes(line)
    let quote = unsafe source.first
    guard line.count >= 2, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
      unsafe source.last == quote
    else { throw cursor.corrupt("has a string without quotes") }
    let inner = line.lowerBound + 1..<line.upperBound - 1
    let text = unsafe cursor.bytes(inner)
    guard unsafe text.contains(UInt8(ascii: "\\")) else { return .source(inner) }
    try countDecoding(text.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let byte = unsafe text[position]
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard position < text.count else { throw cursor.corrupt("ends within an escape sequence") }
      let escape = unsafe text[position]
      position += 1
      switch escape {
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(escape)
      case UInt8(ascii: "x"):
        let value = try unsafe hexadecimal(text, at: position, digits: 2)
        bytes.append(UInt8(value))
        position += 2
      // repr writes no other escape.
      default: throw cursor.corrupt("has an escape sequence that no pickler writes")
      }
    }
    return own(bytes)
  }

  /// A text in Latin-1 with `\uXXXX` and `\UXXXXXXXX` (Python's raw-unicode-escape).
  private mutating func unescapedUnicode(_ line: Range<Int>) throws(StoreError) -> Stretch {
    let text = unsafe cursor.bytes(line)
    guard unsafe text.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "\\") }) else {
      return .source(line)
    }
    try countDecoding(text.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(2 * text.count)
    var position = 0
    while position < text.count {
      let byte = unsafe text[position]
      position += 1
      guard byte == UInt8(ascii: "\\"), position < text.count else {
        appendUTF8(UInt32(byte), to: &bytes)
        continue
      }
      let next = unsafe text[position]
      switch next {
      case UInt8(ascii: "u"), UInt8(ascii: "U"):
        let digits = next == UInt8(ascii: "u") ? 4 : 8
        let scalar = try unsafe hexadecimal(text, at: position + 1, digits: digits)
        guard scalar <= 0x10FFFF else { throw cursor.corrupt("has a character beyond Unicode") }
        appendUTF8(scalar, to: &bytes)
        position += 1 + digits
      case UInt8(ascii: "\\"):
        // A backslash that is itself escaped begins no escape: both stand for themselves.
        bytes += [byte, next]
        position += 1
      default: bytes.append(byte)
      }
    }
    return own(bytes)
  }

  private func hexadecimal(
    _ text: UnsafeRawBufferPointer, at position: Int, digits: Int
  ) throws(StoreError) -> UInt32 {
    guard digits <= text.count - position else { throw cursor.corrupt("ends within an escape sequence") }
    var value: UInt32 = 0
    for offset in 0..<digits {
      let digit = unsafe Character(UnicodeScalar(text[position + offset])).hexDigitValue
      guard let digit else { throw cursor.corrupt("has an escape sequence without its digits") }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}

/// Appends a code point as UTF-8; a surrogate, which a Python text may hold, in the same manner.
private func appendUTF8(_ scalar: UInt32, to bytes: inout [UInt8]) {
  func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
  switch scalar {
  case ..<0x80: bytes.append(UInt8(scalar))
  case ..<0x800: bytes += [UInt8(0xC0 | scalar >> 6), continuation(0)]
  case ..<0x10000: bytes += [UInt8(0xE0 | scalar >> 12), continuation(6), continuation(0)]
  default: bytes += [UInt8(0xF0 | scalar >> 18), continuation(12), continuation(6), continuation(0)]
  }
}
