#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

/// Finds credentials where AWS's own tools do, in their order: the environment, a web identity, the
/// shared files, a container's endpoint, the machine's.
struct CredentialChain: Sendable {
  let settings: AWSSettings
  /// Asks a server; waits for the answer.
  let ask: @Sendable (HTTPRequest) throws(HTTPFailure) -> HTTPResponse

  /// Reads credentials; nil if none are configured, or if requests should not be signed.
  func read() throws(StoreError) -> S3Credentials? {
    if settings.isSet("AWS_NO_SIGN_REQUEST") { return nil }
    if let credentials = try ofEnvironment() { return credentials }
    if let file = settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
      let role = settings.variable("AWS_ROLE_ARN")
    {
      return try ofWebIdentity(file, role, session: settings.variable("AWS_ROLE_SESSION_NAME"))
    }
    if let credentials = try ofProfile() { return credentials }
    if let credentials = try ofContainer() { return credentials }
    return try ofMachine()
  }

  private func ofEnvironment() throws(StoreError) -> S3Credentials? {
    let (key, secret) = (settings.variable("AWS_ACCESS_KEY_ID"), settings.variable("AWS_SECRET_ACCESS_KEY"))
    if key == nil, secret == nil { return nil }
    guard let key, let secret else {
      let missing = key == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
      throw StoreError(
        .invalidArgument, "\(missing) is not set, but the other of the two is", remedy: "set both")
    }
    return try Self.checked(
      key, secret, settings.variable("AWS_SESSION_TOKEN"), expiration: nil, source: "the environment")
  }

  private func ofProfile() throws(StoreError) -> S3Credentials? {
    let (profile, name) = (settings.profile, settings.profileName)
    if let role = profile["role_arn"] {
      guard let file = profile["web_identity_token_file"] else {
        throw unsupported("role_arn is set without web_identity_token_file")
      }
      return try ofWebIdentity(file, role, session: profile["role_session_name"])
    }
    if let key = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
      return try Self.checked(
        key, secret, profile["aws_session_token"], expiration: nil, source: "the profile \(name)")
    }
    for kind in ["credential_process", "sso_session", "sso_start_url"] where profile[kind] != nil {
      throw unsupported(kind)
    }
    return nil
  }

  private func unsupported(_ what: String) -> StoreError {
    StoreError(
      .unsupported, "the profile \(settings.profileName) has \(what)",
      remedy:
        "set what `aws configure export-credentials --profile \(settings.profileName) --format env` prints")
  }

  /// Checks that credentials have no characters that could end a line of a request's header.
  static func checked(
    _ key: String, _ secret: String, _ token: String?, expiration: Int64?, source: String
  ) throws(StoreError) -> S3Credentials {
    for text in [key, secret, token ?? ""] {
      guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw StoreError(
          .invalidArgument, "the credentials of \(source) have spaces, line breaks or letters beyond ASCII")
      }
    }
    return S3Credentials(
      accessKey: key, secretKey: secret, sessionToken: token, expiration: expiration, source: source)
  }
}
#endif
