#if ObjectStorage
package import ImageStoreCore

/// Why a request has no usable answer.
struct HTTPFailure: Error, Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// No answer, a partial answer, or a request to retry later, until there were no more tries.
    case exhausted
    /// Bytes that contradict the answer's header or the request, in every try.
    case wrongAnswer
    /// The object has changed.
    case changed
    /// A body beyond the limit.
    case tooLong
    /// A failure that another try would not change.
    case refused
  }

  var kind: Kind
  /// What was found.
  var message: String
  var remedy: String?
  var status: Int?
  var requestID: String?
  var tries = 1
  /// libcurl's number, if it has one.
  var number: Int32?

  /// The error that a caller sees, without the place.
  var error: StoreError {
    let code: StoreError.Code =
      switch kind {
      case .exhausted, .refused: .system
      case .wrongAnswer, .changed: .corrupt
      case .tooLong: .limitExceeded
      }
    var message = message
    if let requestID { message += " (request \(requestID))" }
    if tries > 1 { message += ", in \(tries) tries" }
    let underlying =
      number.map { StoreError.Underlying(.curl, $0) } ?? status.map { .init(.http, Int32(clamping: $0)) }
    return StoreError(code, message, remedy: remedy, underlying: underlying)
  }
}

extension StoreError.Underlying.Domain {
  /// A status of HTTP.
  package static let http = Self(rawValue: "http")
  /// A number of libcurl: `CURLE_...`.
  package static let curl = Self(rawValue: "curl")
}
#endif
