#if ObjectStorage
internal import ImageStoreSupport

/// AWS's Signature Version 4 ("Signature Calculations for the Authorization Header", Amazon S3 API
/// Reference).
struct S3Signature: Sendable {
  /// The value in place of the hash for a body that is not signed.
  static let unsignedPayload = "UNSIGNED-PAYLOAD"
  /// The SHA-256 of no bytes.
  static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  let accessKey: String
  let scope: String
  private let time: SigningTime
  private let key: [UInt8]

  /// - Parameters:
  ///   - key: the key of the day, region and service; see ``key(secret:day:region:service:)``.
  init(accessKey: String, key: [UInt8], time: SigningTime, region: String, service: String = "s3") {
    self.accessKey = accessKey
    self.key = key
    self.time = time
    scope = "\(time.day)/\(region)/\(service)/aws4_request"
  }

  /// The key that signs a day's requests: it is made once a day.
  static func key(secret: String, day: String, region: String, service: String = "s3") -> [UInt8] {
    var key = Array("AWS4\(secret)".utf8)
    for part in [day, region, service, "aws4_request"] { key = code(part, key) }
    return key
  }

  private static func code(_ text: String, _ key: [UInt8]) -> [UInt8] {
    let bytes = Array(text.utf8)
    return unsafe SHA256.authenticationCode(of: bytes.span.bytes, key: key)
  }

  /// The value of the header `Authorization`.
  ///
  /// - Parameters:
  ///   - path: escaped once, as the URL has it.
  ///   - query: escaped and in the order of ``URLEscaping/query(_:)``, as the URL has it.
  ///   - headers: the signed headers, including `host` and `x-amz-date`.
  ///   - payload: the SHA-256 of the body in hexadecimal digits, or ``unsignedPayload``.
  func authorization(
    method: String, path: String, query: String, headers: [(name: String, value: String)], payload: String
  ) -> String {
    let (request, names) = Self.canonicalRequest(
      method: method, path: path, query: query, headers: headers, payload: payload)
    let bytes = Array(request.utf8)
    let hash = unsafe SHA256.hexadecimal(SHA256.hash(of: bytes.span.bytes))
    let signature = SHA256.hexadecimal(Self.code("AWS4-HMAC-SHA256\n\(time.text)\n\(scope)\n\(hash)", key))
    return "AWS4-HMAC-SHA256 Credential=\(accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
  }

  /// The text that is hashed, and the names of the signed headers.
  static func canonicalRequest(
    method: String, path: String, query: String, headers: [(name: String, value: String)], payload: String
  ) -> (text: String, names: String) {
    let sorted = headers.map { ($0.name.lowercased(), collapsed($0.value)) }.sorted { $0.0 < $1.0 }
    let names = sorted.map(\.0).joined(separator: ";")
    let lines = sorted.map { "\($0.0):\($0.1)\n" }.joined()
    return ("\(method)\n\(path.isEmpty ? "/" : path)\n\(query)\n\(lines)\n\(names)\n\(payload)", names)
  }

  /// Without spaces at the ends, and with one space in place of several.
  private static func collapsed(_ value: String) -> String {
    guard value.first == " " || value.last == " " || value.contains("  ") else { return value }
    return value.split(separator: " ").joined(separator: " ")
  }
}
#endif
