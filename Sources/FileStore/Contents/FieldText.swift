// The text of vectors and bytes in a field of a table.

/// A list of numbers, as Python's `json` writes and reads it: `[1, -2.5, NaN]`.
enum NumberList {
  /// A number as the list has it: the shortest text that is read as the same.
  static func text(of number: Double) -> String {
    if number.isNaN { return "NaN" }
    return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : number.description
  }

  /// Reads a list, and hands out each number as text.
  ///
  /// - Returns: whether it is a list of which `body` takes every number.
  static func read(_ text: String, _ body: (Substring) -> Bool) -> Bool {
    guard text.first == "[", text.last == "]", text.utf8.count > 2 else { return false }
    return text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).allSatisfy {
      var number = $0
      while number.first == " " { number.removeFirst() }
      while number.last == " " { number.removeLast() }
      return body(number)
    }
  }

  static func double(_ text: Substring) -> Double? {
    switch text {
    case "NaN": .nan
    case "Infinity": .infinity
    case "-Infinity": -.infinity
    default: Double(text)
    }
  }
}

/// Bytes as text, by RFC 4648, section 4 (https://www.rfc-editor.org/rfc/rfc4648).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  /// The value of each character; 255 for none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  static func encoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let count = min(3, bytes.endIndex - position)
      var group = 0
      for place in 0..<3 { group = group << 8 | (place < count ? Int(bytes[position + place]) : 0) }
      for place in 0..<4 {
        text.append(place <= count ? alphabet[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
      position += 3
    }
    return text
  }

  /// The bytes of a text, or nil if it is not valid base64.
  static func decoded(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    bytes.reserveCapacity(characters.count / 4 * 3)
    let padding = characters.suffix(2).count { $0 == UInt8(ascii: "=") }
    let end = characters.count - padding
    var group = 0
    for (position, character) in characters[..<end].enumerated() {
      let value = values[Int(character)]
      guard value < 64 else { return nil }
      group = group << 6 | Int(value)
      guard position % 4 == 3 else { continue }
      bytes += [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)]
      group = 0
    }
    switch (padding, end % 4) {
    case (0, 0): break
    case (1, 3) where group & 3 == 0: bytes += [UInt8(group >> 10 & 255), UInt8(group >> 2 & 255)]
    case (2, 2) where group & 15 == 0: bytes.append(UInt8(group >> 4 & 255))
    default: return nil
    }
    return bytes
  }
}
