#if ObjectStorage
internal import ImageStoreCore

/// The name of a remote folder, and the errors for answers that are not a success.
struct RemotePlace: Sendable {
  let location: String
  /// The remedy for a refusal, by the answer.
  let remedy: @Sendable (HTTPResponse) -> String?
  /// Text that a server sent, without secrets.
  let redacting: @Sendable (String) -> String

  /// The error for an answer that is not a success.
  func refusal(_ response: HTTPResponse, _ name: String?, range: Range<Int>? = nil) -> StoreError {
    var failure = response.failure(.refused, remedy: remedy(response))
    if response.status == 412 || response.status == 404 && range != nil || response.status == 416 {
      failure.kind = .changed
      failure.message = "the object was removed or changed: \(failure.message)"
      failure.remedy = "open the data set again"
    }
    var error = error(failure, name, range: range)
    if response.status == 404, range == nil { error.code = .notFound }
    return error
  }

  func error(_ failure: HTTPFailure, _ name: String?, range: Range<Int>? = nil) -> StoreError {
    var error = failure.error.at(path: location, key: name)
    error.message = redacting(error.message)
    if let range { error.message = "bytes \(range): \(error.message)" }
    return error
  }
}
#endif
