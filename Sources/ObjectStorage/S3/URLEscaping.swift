#if ObjectStorage
/// Bytes of a URL as AWS's signatures have them: all but letters, digits and `-._~` are `%XX` (RFC
/// 3986, 2.3).
enum URLEscaping {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// - Parameter keepsSlashes: whether slashes stay, as in the path of a URL.
  static func escaped(_ text: String, keepsSlashes: Bool = false) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      case UInt8(ascii: "/") where keepsSlashes: bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A query in the order that signatures have: by the escaped names, then by the values.
  static func query(_ items: [(name: String, value: String)]) -> String {
    items.map { (escaped($0.name), escaped($0.value)) }
      .sorted { $0.0 == $1.0 ? isBefore($0.1, $1.1) : isBefore($0.0, $1.0) }
      .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private static func isBefore(_ first: String, _ second: String) -> Bool {
    first.utf8.lexicographicallyPrecedes(second.utf8)
  }
}
#endif
