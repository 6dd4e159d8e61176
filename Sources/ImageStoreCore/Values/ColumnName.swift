/// The names of columns in files: their own names, apart from characters and words that a format
/// cannot use there.
///
/// All formats use the same escapes. A byte that is not allowed becomes a percent sign and two
/// hexadecimal digits, as in URLs, so that `urllib.parse.unquote` undoes it: `a/b` is `a%2Fb`. A
/// name without such bytes stays as it is. A percent sign before two hexadecimal digits becomes
/// `%25`, so that every name can be restored.
package enum ColumnName {
  /// The place in a file that a name must be valid for.
  package enum Place: Sendable {
    /// A component of a path: of a file, of an entry of an archive, of an object in a file. Slashes
    /// and backslashes divide such paths, `.` and `..` are folders.
    case path
    /// A heading among others of the format's own, such as those of a table.
    case heading(reserved: Set<String>)
  }

  /// The name of a column in a place.
  package static func escaped(_ name: String, for place: Place) -> String {
    let bytes = Array(name.utf8)
    var text: [UInt8] = []
    for (position, byte) in bytes.enumerated() {
      let isEscaped =
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "\\"): if case .path = place { true } else { false }
        case UInt8(ascii: "%"):
          position + 2 < bytes.count && digit(bytes[position + 1]) != nil && digit(bytes[position + 2]) != nil
        default: position == 0 && place.reserves(name)
        }
      guard isEscaped else {
        text.append(byte)
        continue
      }
      text += [UInt8(ascii: "%"), hexadecimal(byte >> 4), hexadecimal(byte & 15)]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The name of a column, from its name in a place. A text that ``escaped(_:for:)`` cannot have
  /// made is the name itself, such as one from before there were escapes, or of another program.
  package static func unescaped(_ text: String, in place: Place) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    let bytes = Array(text.utf8)
    var name: [UInt8] = []
    var position = 0
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "%"), position + 2 < bytes.count,
        let high = digit(bytes[position + 1]), let low = digit(bytes[position + 2])
      {
        name.append(high << 4 | low)
        position += 3
      } else {
        name.append(bytes[position])
        position += 1
      }
    }
    guard let name = String(validating: name, as: UTF8.self),
      escaped(name, for: place).utf8.elementsEqual(bytes)
    else { return text }
    return name
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }
}

extension ColumnName.Place {
  /// Whether a whole name has another meaning there.
  fileprivate func reserves(_ name: String) -> Bool {
    switch self {
    case .path: name == "." || name == ".."
    case .heading(let reserved): reserved.contains(name)
    }
  }
}

extension Column {
  /// Checks that a text can be the name of a column: it has no control characters, and 1 to 200
  /// bytes when each slash and backslash counts as three. A format that uses a name for something
  /// else writes the column under an escaped name.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument``.
  public static func validate(name: String) throws(StoreError) {
    guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      throw StoreError(
        .invalidArgument, "invalid column name", remedy: "use 1 to 200 bytes without control characters",
        key: name)
    }
    let byteCount = ColumnName.escaped(name, for: .path).utf8.count
    guard byteCount <= 200 else {
      throw StoreError(
        .invalidArgument, "the column name has \(byteCount) bytes", remedy: "use 1 to 200 bytes", key: name)
    }
  }
}
