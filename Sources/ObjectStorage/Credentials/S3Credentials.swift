#if ObjectStorage
/// The credentials that sign requests. Neither the description nor a dump shows any part of them.
struct S3Credentials: Sendable, Hashable {
  let accessKey: String
  let secretKey: String
  /// The additional token of temporary credentials.
  let sessionToken: String?
  /// Seconds since 1970; nil for those that do not expire.
  let expiration: Int64?
  /// Where they come from, for people.
  let source: String

  /// Whether new ones should be read.
  func expires(within seconds: Int64, of now: Int64) -> Bool {
    expiration.map { $0 - now < seconds } ?? false
  }

  /// A text without anything of the credentials.
  func redacting(_ text: String) -> String {
    var text = text
    for secret in [sessionToken ?? "", secretKey, accessKey] where secret.utf8.count >= 4 {
      text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "...")
    }
    return text
  }
}

extension S3Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  var description: String { "credentials of \(source)" }
  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: [] as [(label: String?, value: Any)]) }
}
#endif
