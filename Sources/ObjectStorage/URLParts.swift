#if ObjectStorage
/// The parts of an `http` URL.
struct URLParts: Sendable, Hashable {
  var scheme: String
  /// The name and the port, if there is one.
  var host: String
  /// From the first slash on; empty if there is none.
  var path: String
  var query: String

  /// The host without the port.
  var name: String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return host.firstIndex(of: ":").map { String(host[..<$0]) } ?? host
  }

  /// nil for anything that is not an `http` or `https` URL, or that has a name and a password in
  /// it.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func position(of byte: UInt8, in range: Range<Int>) -> Int? { bytes[range].firstIndex(of: byte) }
    guard let colon = position(of: UInt8(ascii: ":"), in: 0..<bytes.count),
      bytes[colon...].starts(with: "://".utf8)
    else { return nil }
    scheme = string(0..<colon).lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    let start = colon + 3
    let end = position(of: UInt8(ascii: "#"), in: start..<bytes.count) ?? bytes.count
    let mark = position(of: UInt8(ascii: "?"), in: start..<end) ?? end
    let slash = position(of: UInt8(ascii: "/"), in: start..<mark) ?? mark
    host = string(start..<slash).lowercased()
    guard !host.isEmpty, position(of: UInt8(ascii: "@"), in: start..<slash) == nil else { return nil }
    path = string(slash..<mark)
    query = mark < end ? string(mark + 1..<end) : ""
  }
}
#endif
