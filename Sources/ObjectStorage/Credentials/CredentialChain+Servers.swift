#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

// Credentials that a server gives out, for a while.
extension CredentialChain {
  /// The answer of containers and machines.
  private struct Answer: Decodable {
    var AccessKeyId: String?
    var SecretAccessKey: String?
    var Token: String?
    var Expiration: String?
    var Code: String?
  }

  /// One call of STS, AssumeRoleWithWebIdentity, with the token of a file (Kubernetes' service
  /// accounts, and others).
  func ofWebIdentity(_ file: String, _ role: String, session: String?) throws(StoreError) -> S3Credentials {
    let source = "the web identity of \(file)"
    let token = try text(ofFile: file, for: source)
    let region = settings.region
    let address =
      settings.endpoint(of: "STS") ?? region.map { "https://sts.\($0).amazonaws.com" }
      ?? "https://sts.amazonaws.com"
    var request = HTTPRequest(.post, address.hasSuffix("/") ? address : address + "/")
    let items = [
      ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
      ("RoleSessionName", session ?? "swift-image-stores"), ("WebIdentityToken", token),
    ]
    request.headers = [("Content-Type", "application/x-www-form-urlencoded")]
    request.body = try PixelMemory(Array(URLEscaping.query(items).utf8))
    request.patience = .init(deadline: .seconds(20), connecting: .seconds(5))
    let response = try answer(request, source)
    guard let found = XMLElement(response.bytes)?.descendant("Credentials"), let key = found["AccessKeyId"],
      let secret = found["SecretAccessKey"], let session = found["SessionToken"]
    else { throw StoreError(.corrupt, "\(source): the server's answer has no credentials") }
    return try Self.checked(
      key, secret, session, expiration: found["Expiration"].flatMap { SigningTime.seconds($0) },
      source: source)
  }

  /// The credentials that Amazon ECS and EKS, Greengrass and others give to a container.
  func ofContainer() throws(StoreError) -> S3Credentials? {
    let address: String
    if let path = settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      address = "http://169.254.170.2\(path.hasPrefix("/") ? "" : "/")\(path)"
    } else if let whole = settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
      guard Self.mayBeAsked(whole) else {
        throw StoreError(
          .invalidArgument,
          "AWS_CONTAINER_CREDENTIALS_FULL_URI is not an https URL, and not on this machine or its host")
      }
      address = whole
    } else {
      return nil
    }
    let source = "the container's endpoint"
    var request = HTTPRequest(.get, address)
    if let file = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      request.headers.append(("Authorization", try text(ofFile: file, for: source)))
    } else if let token = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
      request.headers.append(("Authorization", try Self.line(token, source)))
    }
    request.patience = .init(deadline: .seconds(10), connecting: .seconds(2), tries: 3)
    request.bypassesProxy = true
    return try credentials(in: answer(request, source), source)
  }

  /// The credentials that Amazon EC2 gives to a machine, by version 2 of its metadata service; nil
  /// if there is no such service.
  func ofMachine() throws(StoreError) -> S3Credentials? {
    if settings.isSet("AWS_EC2_METADATA_DISABLED") { return nil }
    let source = "the machine's role"
    var root = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
    while root.hasSuffix("/") { root.removeLast() }
    func request(_ method: HTTPRequest.Method, _ path: String) -> HTTPRequest {
      var request = HTTPRequest(method, "\(root)/latest/\(path)")
      request.patience = .init(deadline: .seconds(3), connecting: .seconds(1), tries: 2)
      request.bypassesProxy = true
      return request
    }
    var first = request(.put, "api/token")
    first.headers = [("X-aws-ec2-metadata-token-ttl-seconds", "21600")]
    // On any other machine, nobody answers there.
    guard let session = try? ask(first), session.isSuccess else { return nil }
    let token = try Self.line(String(decoding: session.bytes, as: UTF8.self), source)
    func get(_ path: String) throws(StoreError) -> HTTPResponse? {
      var next = request(.get, path)
      next.headers = [("X-aws-ec2-metadata-token", token)]
      do throws(HTTPFailure) {
        let response = try ask(next)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw response.failure(.refused) }
        return response
      } catch {
        throw StoreError(.system, "\(source): \(error.message)", remedy: error.remedy)
      }
    }
    let folder = "meta-data/iam/security-credentials/"
    guard let roles = try get(folder),
      let role = String(decoding: roles.bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first,
      let response = try get(folder + URLEscaping.escaped(String(role)))
    else { return nil }
    return try credentials(in: response, source)
  }

  private func answer(_ request: HTTPRequest, _ source: String) throws(StoreError) -> HTTPResponse {
    do throws(HTTPFailure) {
      let response = try ask(request)
      guard response.isSuccess else { throw response.failure(.refused) }
      return response
    } catch {
      // Nothing of the request: it has a token.
      throw StoreError(
        .system, "\(source): \(error.message)",
        remedy: error.remedy ?? "check the role, and which identities can assume it"
      )
    }
  }

  private func credentials(in response: HTTPResponse, _ source: String) throws(StoreError) -> S3Credentials {
    guard let found = try? JSONDecoder().decode(Answer.self, from: Data(response.bytes)),
      let key = found.AccessKeyId,
      let secret = found.SecretAccessKey, found.Code == nil || found.Code == "Success"
    else { throw StoreError(.corrupt, "\(source): the server's answer has no credentials") }
    return try Self.checked(
      key, secret, found.Token, expiration: found.Expiration.flatMap { SigningTime.seconds($0) },
      source: source)
  }

  private func text(ofFile path: String, for source: String) throws(StoreError) -> String {
    do throws(StoreError) {
      return try Self.line(
        String(decoding: FileSystem.contents(of: path, limit: 64 << 10), as: UTF8.self), source)
    } catch {
      throw StoreError(error.code, "\(source): \(error.message)", remedy: error.remedy, path: path)
    }
  }

  /// Text without line breaks at its ends, and none within.
  private static func line(_ text: String, _ source: String) throws(StoreError) -> String {
    let words = text.split(whereSeparator: \.isNewline)
    guard words.count == 1 else {
      throw StoreError(.corrupt, "\(source): the token has \(words.count) lines, but one is expected")
    }
    return String(words[0])
  }

  /// Whether a URL may be asked for credentials: encrypted, or of this machine or its host.
  private static func mayBeAsked(_ address: String) -> Bool {
    if address.hasPrefix("https://") { return true }
    guard let parts = URLParts(address), parts.scheme == "http" else { return false }
    return ["127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains(
      parts.name)
  }
}
#endif
