#if ObjectStorage
internal import CImageStoreCurl

/// The result of a try.
enum HTTPVerdict {
  /// The expected answer, or one that another try would not change.
  case answer(HTTPResponse)
  /// Another try may help.
  case again(HTTPFailure, isThrottle: Bool, wait: Duration?)
  case failure(HTTPFailure)
}

extension HTTPRequest {
  /// Judges a try that has ended.
  func verdict(on result: image_curl_result) -> HTTPVerdict {
    guard unsafe result.code == 0 else { return unsafe transportVerdict(on: result) }
    let response = HTTPResponse(result, hasOwnBytes: sink)
    guard !response.isSuccess else {
      return successVerdict(on: response, byteCount: unsafe result.body_count)
    }
    guard response.isTransient else { return .answer(response) }
    let failure = response.failure(.exhausted)
    let wait = response["Retry-After"].flatMap { Int($0) }.map { Duration.seconds(max(0, min($0, 5))) }
    return .again(failure, isThrottle: response.status == 429 || response.status == 503, wait: wait)
  }

  private func transportVerdict(on result: image_curl_result) -> HTTPVerdict {
    let said = unsafe String(cString: result.message)
    let code = unsafe result.code
    var failure = unsafe HTTPFailure(
      kind: .exhausted, message: said, status: result.status == 0 ? nil : result.status, number: code)
    if unsafe result.is_too_long != 0 {
      guard case .bytes(let limit) = sink else {
        return .again(.wrong("the answer has more bytes than the range"), isThrottle: false, wait: nil)
      }
      failure.kind = .tooLong
      failure.message = "more than the \(limit) bytes that are expected"
      failure.number = nil
      return .failure(failure)
    }
    if unsafe result.is_unexpected != 0 {
      failure.kind = .refused
      failure.message =
        unsafe "status \(result.status) instead of \(expectedStatus ?? 200): the server does not answer ranges"
      failure.remedy = "copy the data set to a server that does, or to this machine"
      failure.number = nil
      return .failure(failure)
    }
    switch code {
    // CURLE_UNSUPPORTED_PROTOCOL, URL_MALFORMAT, TOO_MANY_REDIRECTS.
    case 1, 3, 47: failure.kind = .refused
    // CURLE_SSL_CERTPROBLEM, PEER_FAILED_VERIFICATION, SSL_CACERT_BADFILE.
    case 58, 60, 77:
      failure.kind = .refused
      failure.remedy = "name the certificates in AWS_CA_BUNDLE or SSL_CERT_FILE if they are your own"
    // CURLE_WRITE_ERROR, OUT_OF_MEMORY: nothing else of ours refuses bytes.
    case 23, 27:
      failure.kind = .tooLong
      failure.message = "no memory for the answer"
    default: return .again(failure, isThrottle: false, wait: nil)
    }
    return .failure(failure)
  }

  private func successVerdict(on response: HTTPResponse, byteCount: Int) -> HTTPVerdict {
    guard case .memory(_, let expected) = sink, let range else {
      // A connection that is closed early would go unnoticed if libcurl has no length to compare
      // with.
      if method == .get, let length = response["Content-Length"].flatMap({ Int($0) }), length != byteCount {
        return .again(.wrong("\(byteCount) bytes of \(length)"), isThrottle: false, wait: nil)
      }
      return .answer(response)
    }
    if let tag = range.tag, let found = response.tag, found != tag {
      return .failure(
        HTTPFailure(
          kind: .changed, message: "the object was removed or changed", remedy: "open the data set again"))
    }
    guard byteCount == expected else {
      return .again(.wrong("\(byteCount) bytes instead of \(expected)"), isThrottle: false, wait: nil)
    }
    guard let found = response["Content-Range"], range.matches(found) else {
      let found = response["Content-Range"] ?? "nothing"
      return .again(.wrong("the answer is for the range \(found.prefix(64))"), isThrottle: false, wait: nil)
    }
    return .answer(response)
  }
}

extension HTTPFailure {
  static func wrong(_ message: String) -> HTTPFailure { HTTPFailure(kind: .wrongAnswer, message: message) }
}

extension ExpectedRange {
  /// Whether a `Content-Range` (RFC 9110, 14.4) is for exactly these bytes, of an object of the known size.
  func matches(_ value: String) -> Bool {
    let words = value.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return false }
    let parts = words[1].split(separator: "/")
    guard parts.count == 2, parts[0] == "\(bytes.lowerBound)-\(bytes.upperBound - 1)" else { return false }
    guard let total, parts[1] != "*" else { return true }
    return parts[1] == "\(total)"
  }
}

extension HTTPResponse {
  @safe init(_ result: image_curl_result, hasOwnBytes sink: HTTPRequest.Sink) {
    let header = unsafe UnsafeRawBufferPointer(start: result.header, count: result.header_count)
    let note = unsafe UnsafeRawBufferPointer(start: result.note, count: result.note_count)
    self.init(status: unsafe result.status, header: unsafe Array(header))
    self.note = unsafe String(decoding: note, as: UTF8.self)
    if case .bytes = sink {
      bytes = unsafe Array(UnsafeBufferPointer(start: result.body, count: result.body_count))
    }
  }

  /// Whether the server may give another answer in a moment.
  var isTransient: Bool {
    switch status {
    case 408, 429, 500, 502, 503, 504: true
    // S3 reports this for a body that took too long.
    case 400: S3ErrorBody(note).code == "RequestTimeout"
    default: false
    }
  }

  /// The tag that changes when the object does.
  var tag: String? { self["ETag"] ?? self["Last-Modified"] }

  /// The identifiers of the request for the people who run the server.
  var requestID: String? {
    (self["x-amz-request-id"] ?? self["x-request-id"]).map { String($0.prefix(64)) }
  }

  /// The answer as a failure: its status, and the code and message that S3 servers give.
  func failure(_ kind: HTTPFailure.Kind, remedy: String? = nil) -> HTTPFailure {
    let said = S3ErrorBody(note)
    var message = "the server answered \(status)"
    if let code = said.code { message += " \(code)" }
    if let text = said.message { message += ", \"\(text)\"" }
    return HTTPFailure(
      kind: kind, message: message, remedy: remedy, status: status, requestID: requestID, tries: tries)
  }
}
#endif
