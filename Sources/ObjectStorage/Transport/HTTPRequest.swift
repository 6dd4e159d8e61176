#if ObjectStorage
internal import ImageStoreCore

/// A request to a server, before it is signed.
struct HTTPRequest: Sendable {
  enum Method: String, Sendable {
    case head = "HEAD"
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
  }

  /// Where an answer's body goes.
  enum Sink: Sendable {
    /// Exactly this many bytes.
    case memory(PixelMemory, byteCount: Int)
    /// The bytes of the answer, at most this many.
    case bytes(limit: Int)
  }

  /// How long to wait for an answer, and how often to ask for it.
  struct Patience: Sendable {
    /// From the first try on.
    var deadline: Duration = .seconds(120)
    var connecting: Duration = .seconds(10)
    /// Fewer than 1 KiB per second for this long means that the try has failed; nil waits until the
    /// deadline.
    var stall: Duration? = .seconds(5)
    var tries = Int.max

    /// A server may take long after it has received all bytes.
    static let forWriting = Patience(stall: .seconds(30))
  }

  var method: Method
  /// The whole URL, escaped.
  var url: String
  var headers: [(name: String, value: String)] = []
  var body: PixelMemory?
  var sink = Sink.bytes(limit: 1 << 20)
  /// The status whose body is wanted; nil means any success.
  var expectedStatus: Int?
  var patience = Patience()
  /// Whether a second request may be made if the first takes long: it asks for bytes and changes nothing.
  var mayBeHedged = false
  /// Whether redirects are followed. They never are with credentials.
  var followsRedirections = false
  /// Whether it is for this machine or its host, so that no proxy is in between.
  var bypassesProxy = false
  /// The requested range of bytes, and the object's state as far as it is known.
  var range: ExpectedRange?

  init(_ method: Method, _ url: String) {
    self.method = method
    self.url = url
  }

  /// How many bytes the body or the answer is expected to have, to compare how long requests take.
  var weight: Int {
    if case .memory(_, let byteCount) = sink { return byteCount }
    return body?.byteCount ?? 0
  }
}

/// The expected answer to a range.
struct ExpectedRange: Sendable {
  var bytes: Range<Int>
  /// The size of the whole object, if it is known.
  var total: Int?
  /// The expected tag of the object, if it is known.
  var tag: String?
}

/// The answer of a server.
struct HTTPResponse: Sendable {
  var status: Int
  /// The header's lines, the status line first.
  var header: [UInt8]
  /// The body if the sink is ``HTTPRequest/Sink/bytes(limit:)``.
  var bytes: [UInt8] = []
  /// The beginning of the body of an answer that is not a success.
  var note = ""
  /// How many tries it took.
  var tries = 1

  var isSuccess: Bool { (200..<300).contains(status) }

  /// The value of a header; the last one if there are several.
  subscript(name: StaticString) -> String? {
    var found: Range<Int>?
    var start = 0
    while start < header.count {
      let end = header[start...].firstIndex(of: UInt8(ascii: "\n")) ?? header.count
      if let value = value(of: name, start, end) { found = value }
      start = end + 1
    }
    return found.map { String(decoding: header[$0], as: UTF8.self) }
  }

  /// Where the value of a line is, without spaces at its ends, if it is a header of that name.
  private func value(of name: StaticString, _ start: Int, _ end: Int) -> Range<Int>? {
    let colon = start + name.utf8CodeUnitCount
    guard colon < end, header[colon] == UInt8(ascii: ":") else { return nil }
    let isName = name.withUTF8Buffer { name in
      for index in 0..<name.count where unsafe header[start + index] | 0x20 != name[index] | 0x20 {
        return false
      }
      return true
    }
    guard isName else { return nil }
    var (first, last) = (colon + 1, end)
    while first < last, header[first] <= 0x20 { first += 1 }
    while first < last, header[last - 1] <= 0x20 { last -= 1 }
    return first..<last
  }
}
#endif
