#if ObjectStorage
/// Who signs requests, and knows what to do if a signature is refused.
protocol RequestAuthorizer: AnyObject, Sendable {
  /// The headers that a request gets besides its own, with the time of now. Called for every try; waits for nothing.
  func signature(for request: HTTPRequest) -> [(name: String, value: String)]

  /// What may help against an answer that refuses a request; nil if nothing does.
  func remedy(for response: HTTPResponse) -> AuthorizationRemedy?

  /// Reads the credentials again, and says so when it has, or has failed to.
  func readCredentials(completion: @escaping @Sendable () -> Void)
}

/// What is done against a refusal, once per request each.
enum AuthorizationRemedy: Sendable, Hashable {
  /// The clock has been corrected: the same once more.
  case clock
  /// The credentials have expired.
  case credentials
}
#endif
