#if ObjectStorage
internal import CImageStoreCurl
internal import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// Signs the requests to a bucket.
final class S3Authorizer: RequestAuthorizer {
  private struct DayKey {
    var credentials: S3Credentials
    var day: String
    var key: [UInt8]
  }
  private let region: String
  private let credentials: CredentialSource
  private let dayKey = Locked<DayKey?>(nil)
  /// How far the server's clock is ahead of ours, in seconds.
  private let skew = Atomic<Int64>(0)
  private let clock: @Sendable () -> Int64

  init(
    region: String, credentials: CredentialSource,
    clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
  ) {
    self.region = region
    self.credentials = credentials
    self.clock = clock
  }

  func signature(for request: HTTPRequest) -> [(name: String, value: String)] {
    let now = clock() + skew.load(ordering: .relaxed)
    guard let credentials = credentials.current(now), let url = URLParts(request.url) else { return [] }
    let time = SigningTime(seconds: now)
    let payload = request.headers.first { $0.name == "x-amz-content-sha256" }?.value
    var added = [(name: "x-amz-date", value: time.text)]
    if payload == nil { added.append((name: "x-amz-content-sha256", value: S3Signature.unsignedPayload)) }
    if let token = credentials.sessionToken { added.append((name: "x-amz-security-token", value: token)) }
    let signed =
      [(name: "host", value: url.host)] + added + request.headers.filter { $0.name.hasPrefix("x-amz-") }
    let signature = S3Signature(
      accessKey: credentials.accessKey, key: key(of: credentials, day: time.day), time: time, region: region)
    let authorization = signature.authorization(
      method: request.method.rawValue, path: url.path, query: url.query, headers: signed,
      payload: payload ?? S3Signature.unsignedPayload)
    return added + [(name: "Authorization", value: authorization)]
  }

  private func key(of credentials: S3Credentials, day: String) -> [UInt8] {
    dayKey.withLock { known in
      if let known, known.day == day, known.credentials == credentials { return known.key }
      let key = S3Signature.key(secret: credentials.secretKey, day: day, region: region)
      known = DayKey(credentials: credentials, day: day, key: key)
      return key
    }
  }

  func remedy(for response: HTTPResponse) -> AuthorizationRemedy? {
    guard response.status == 400 || response.status == 403, let credentials = credentials.latest else {
      return nil
    }
    let code = S3ErrorBody(response.note).code
    // The answer to HEAD has no body that would say why.
    if code == "RequestTimeTooSkewed" || code == nil, let date = response["Date"] {
      let server = unsafe date.withCString { unsafe image_curl_date($0) }
      let ahead = server - clock()
      if server > 0, abs(ahead - skew.load(ordering: .relaxed)) > 240 {
        skew.store(ahead, ordering: .relaxed)
        return .clock
      }
    }
    let isExpired = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"].contains(code ?? "")
    return isExpired || (code == nil && credentials.sessionToken != nil) ? .credentials : nil
  }

  func readCredentials(completion: @escaping @Sendable () -> Void) {
    credentials.readAgain(completion: completion)
  }

  /// Whether requests are not signed.
  var isAnonymous: Bool { credentials.latest == nil }

  /// Text that a server sent, without anything of the credentials.
  func redacting(_ text: String) -> String { credentials.latest?.redacting(text) ?? text }

  /// Why new credentials could not be read, if that failed.
  var failure: String? { credentials.failure.map { redacting($0.description) } }
}
#endif
