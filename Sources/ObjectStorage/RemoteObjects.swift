#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

/// The common code for objects in a bucket and on a plain server: requests for them, and errors if
/// the answer is not a success.
struct RemoteObjects: Sendable {
  let place: RemotePlace
  let client: HTTPClient
  let followsRedirections: Bool
  /// How long to wait for ranges.
  var patience = HTTPRequest.Patience()

  /// Waits for an answer with any status.
  func answer(_ request: HTTPRequest, for name: String?) throws(StoreError) -> HTTPResponse {
    let transport = try client.transport()
    do throws(HTTPFailure) {
      return try transport.perform(request)
    } catch {
      throw place.error(error, name)
    }
  }

  /// Waits for a success.
  func success(_ request: HTTPRequest, for name: String?) throws(StoreError) -> HTTPResponse {
    let response = try answer(request, for: name)
    guard response.isSuccess else { throw place.refusal(response, name) }
    return response
  }

  func state(of name: String, at url: String) throws(StoreError) -> ObjectState? {
    var request = HTTPRequest(.head, url)
    request.followsRedirections = followsRedirections
    let response = try answer(request, for: name)
    if response.status == 404 { return nil }
    guard response.isSuccess else { throw place.refusal(response, name) }
    guard let count = response["Content-Length"].flatMap({ Int($0) }), count >= 0 else {
      throw StoreError(
        .unsupported, "the server does not say how large the object is", path: place.location, key: name)
    }
    return ObjectState(byteCount: count, tag: response.tag)
  }

  func contents(
    of name: String, at url: String, limit: Int
  ) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)? {
    var request = HTTPRequest(.get, url)
    request.sink = .bytes(limit: limit)
    request.followsRedirections = followsRedirections
    let response = try answer(request, for: name)
    // A missing bucket is not the same as a missing object.
    if response.status == 404, S3ErrorBody(response.note).code != "NoSuchBucket" { return nil }
    guard response.isSuccess else { throw place.refusal(response, name) }
    return (response.bytes, ObjectState(byteCount: response.bytes.count, tag: response.tag))
  }

  func fetch(
    _ range: Range<Int>, of name: String, at url: String, expecting state: ObjectState?,
    into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  ) {
    guard range.lowerBound >= 0, range.count <= memory.capacity, range.upperBound <= state?.byteCount ?? .max
    else {
      let size = state.map { " of \($0.byteCount)" } ?? ""
      completion(
        StoreError(
          .invalidArgument, "bytes \(range)\(size) do not fit memory of \(memory.capacity) bytes",
          path: place.location,
          key: name))
      return
    }
    if range.isEmpty {
      _ = unsafe memory.beginFilling()
      completion(nil)
      return
    }
    var request = HTTPRequest(.get, url)
    request.headers = [("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
    // A tag that is not strong matches nothing (RFC 9110, 13.1.1); it is compared with the answer's
    // in any case.
    if let tag = state?.tag, tag.hasPrefix("\"") { request.headers.append(("If-Match", tag)) }
    request.sink = .memory(memory, byteCount: range.count)
    request.expectedStatus = 206
    request.range = ExpectedRange(bytes: range, total: state?.byteCount, tag: state?.tag)
    request.patience = patience
    request.mayBeHedged = true
    request.followsRedirections = followsRedirections
    let transport: HTTPTransport
    do throws(StoreError) { transport = try client.transport() } catch { return completion(error) }
    // Requests in progress do not keep the transport alive: it ends with the folder.
    transport.submit(request) { [place] result in
      switch result {
      case .success(let response) where response.isSuccess: completion(nil)
      case .success(let response): completion(place.refusal(response, name, range: range))
      case .failure(let failure): completion(place.error(failure, name, range: range))
      }
    }
  }
}

extension PixelMemory {
  /// Memory with a copy of some bytes.
  convenience init(_ bytes: [UInt8]) throws(StoreError) {
    try self.init(capacity: bytes.count)
    let target = unsafe beginFilling()
    unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    assumeFilled(bytes.count)
  }
}
#endif
