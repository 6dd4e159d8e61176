#if ObjectStorage
/// Signs requests, and handles refused signatures.
protocol RequestAuthorizer: AnyObject, Sendable {
  /// The additional headers of a request, with the current time. It is called for every try, and
  /// does not wait.
  func signature(for request: HTTPRequest) -> [(name: String, value: String)]

  /// The remedy for an answer that refuses a request; nil if there is none.
  func remedy(for response: HTTPResponse) -> AuthorizationRemedy?

  /// Reads the credentials again, and reports whether that succeeded.
  func readCredentials(completion: @escaping @Sendable () -> Void)
}

/// The remedies for a refusal, each used once per request.
enum AuthorizationRemedy: Sendable, Hashable {
  /// The clock has been corrected: the same once more.
  case clock
  /// The credentials have expired.
  case credentials
}
#endif
