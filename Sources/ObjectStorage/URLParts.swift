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

  /// nil for what is no `http` or `https` URL, or has a name and a password in it.
  init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let end = text.firstRange(of: "://") else {
      return nil
    }
    scheme = text[..<end.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    var rest = text[end.upperBound...]
    if let mark = rest.firstIndex(of: "#") { rest = rest[..<mark] }
    query = rest.firstIndex(of: "?").map { String(rest[rest.index(after: $0)...]) } ?? ""
    if let mark = rest.firstIndex(of: "?") { rest = rest[..<mark] }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    host = rest[..<slash].lowercased()
    guard !host.isEmpty, !host.contains("@") else { return nil }
    path = String(rest[slash...])
  }
}
#endif
