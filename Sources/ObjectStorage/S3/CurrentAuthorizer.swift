#if ObjectStorage
internal import ImageStoreCore
internal import ImageStorePlatform

/// The authorizer of this process. A forked child reads the credentials for itself, because a lock
/// may have been held during the fork.
///
/// Invariant behind `@unchecked Sendable`: `current` is written before a transport of this process
/// is made, and read after it.
final class CurrentAuthorizer: @unchecked Sendable {
  private let settings: AWSSettings
  private let region: String
  private var owner: Int32
  private var current: S3Authorizer

  /// Reads the credentials.
  init(_ settings: AWSSettings, region: String) throws(StoreError) {
    self.settings = settings
    self.region = region
    owner = getpid()
    current = try Self.make(settings, region)
  }

  private static func make(_ settings: AWSSettings, _ region: String) throws(StoreError) -> S3Authorizer {
    let ask: @Sendable (HTTPRequest) throws(HTTPFailure) -> HTTPResponse = { (request) throws(HTTPFailure) in
      let transport: HTTPTransport
      do throws(StoreError) {
        // Credentials are asked for rarely, so nothing is kept.
        transport = try HTTPTransport(connections: 1, authorizer: nil, certificates: settings.certificates)
      } catch {
        throw HTTPFailure(kind: .refused, message: error.message)
      }
      return try transport.perform(request)
    }
    let source = try CredentialSource { () throws(StoreError) in
      // The files may have changed.
      let settings = try AWSSettings(environment: settings.environment)
      return try CredentialChain(settings: settings, ask: ask).read()
    }
    return S3Authorizer(region: region, credentials: source)
  }

  /// Called when a transport is made: by one thread at a time.
  func forThisProcess() throws(StoreError) -> S3Authorizer {
    if owner != getpid() {
      current = try Self.make(settings, region)
      owner = getpid()
    }
    return current
  }

  func redacting(_ text: String) -> String { current.redacting(text) }

  /// The remedy for a refusal.
  func remedy(for response: HTTPResponse, _ address: S3Address) -> String? {
    let said = S3ErrorBody(response.note)
    if let region = response["x-amz-bucket-region"] ?? said.region, region != address.region {
      return "the bucket is in the region \(region.prefix(64)): set AWS_REGION"
    }
    switch said.code {
    case "NoSuchBucket": return "check the bucket's name, and AWS_ENDPOINT_URL if it is not Amazon's"
    case "SignatureDoesNotMatch": return "check AWS_SECRET_ACCESS_KEY and AWS_REGION"
    case "InvalidAccessKeyId", "InvalidToken":
      return "check the credentials, AWS_PROFILE and AWS_ENDPOINT_URL"
    case "ExpiredToken", "ExpiredTokenException":
      return current.failure.map { "new credentials could not be had: \($0)" } ?? "get new credentials"
    case "RequestTimeTooSkewed": return "set this machine's clock"
    default: break
    }
    switch response.status {
    case 301, 307, 308: return "set AWS_REGION to the bucket's region, or AWS_ENDPOINT_URL to its server"
    case 401, 403:
      return current.isAnonymous
        ? "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        : "check what the credentials may do with the bucket"
    case 501: return "the server does not have this part of the S3 API"
    default: return nil
    }
  }
}
#endif
