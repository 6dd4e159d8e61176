#if ObjectStorage
internal import Dispatch
package import ImageStoreCore
package import ImageStoreSupport

extension S3ObjectFolder {
  /// Files up to this size are sent in one request, larger ones in parts of it or more: S3 has at
  /// most 10,000 parts.
  private static let smallestPart = 8 << 20
  private static let greatestPartCount = 10_000
  /// How many parts are in memory and being sent at a time.
  private static let partsUnderWay = 4

  /// Writes a whole object.
  ///
  /// The server checks conditions itself (`If-None-Match`, `If-Match`: Amazon S3 since 2024, Ceph,
  /// MinIO, SeaweedFS). They are also checked before the object is sent. On a server without
  /// conditions this is the only check, and two writers at exactly the same time may both believe
  /// that they were first.
  package func put(
    _ bytes: [UInt8], as name: String, if condition: ObjectCondition
  ) throws(StoreError) -> ObjectState {
    try check(condition, name)
    var request = try writing(.put, url(name), PixelMemory(bytes))
    let plain = request
    switch condition {
    case .always: break
    case .absent: request.headers.append(("If-None-Match", "*"))
    case .unchanged(let state):
      if let tag = state.tag { request.headers.append(("If-Match", tag)) }
    }
    var response = try objects.answer(request, for: name)
    if response.status == 501, condition != .always { response = try objects.answer(plain, for: name) }
    if response.status == 412, case .unchanged(let expected) = condition, let tag = expected.tag,
      try state(of: name) == expected
    {
      // Ceph 16 compares with the tag without its quotes.
      var unquoted = plain
      unquoted.headers.append(("If-Match", tag.filter { $0 != "\"" }))
      response = try objects.answer(unquoted, for: name)
    }
    if [404, 409, 412].contains(response.status), condition != .always,
      S3ErrorBody(response.note).code != "NoSuchBucket"
    {
      // The answer to an earlier try may have been lost, so the object may be ours.
      guard response.tries > 1, let (found, state) = try contents(of: name, limit: bytes.count),
        found == bytes
      else {
        throw conflict(condition, name)
      }
      return state
    }
    guard response.isSuccess else { throw objects.place.refusal(response, name) }
    return ObjectState(byteCount: bytes.count, tag: response["ETag"])
  }

  private func check(_ condition: ObjectCondition, _ name: String) throws(StoreError) {
    switch condition {
    case .always: break
    case .absent: if try state(of: name) != nil { throw conflict(condition, name) }
    case .unchanged(let expected): if try state(of: name) != expected { throw conflict(condition, name) }
    }
  }

  private func conflict(_ condition: ObjectCondition, _ name: String) -> StoreError {
    if condition == .absent {
      return StoreError(.alreadyExists, "an object of this name already exists", path: location, key: name)
    }
    return StoreError(
      .busy, "another writer has changed or removed it",
      remedy: "open the data set again and repeat the change",
      path: location, key: name)
  }

  /// A request whose body is signed, so that the server accepts only these bytes.
  private func writing(
    _ method: HTTPRequest.Method, _ url: String, _ body: PixelMemory?
  ) throws(StoreError) -> HTTPRequest {
    var request = HTTPRequest(method, url)
    request.body = body
    request.patience = .forWriting
    let hash = body.map { SHA256.hexadecimal(SHA256.hash(of: $0.span)) } ?? S3Signature.emptyPayload
    request.headers = [("x-amz-content-sha256", hash)]
    return request
  }

  // MARK: - Uploads

  package func upload(
    _ path: String, as name: String, progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError) {
    let file = try File(path, .read)
    let byteCount = try file.byteCount()
    if let there = try state(of: name), there.byteCount == byteCount { return progress(byteCount) }
    guard byteCount > Self.smallestPart else {
      let body = try Self.part(of: file, 0..<byteCount)
      _ = try objects.success(writing(.put, url(name), body), for: name)
      return progress(byteCount)
    }
    try abortUploads(of: name)
    let (upload, tries) = try beginUpload(name)
    do throws(StoreError) {
      let tags = try sendParts(of: file, byteCount, name, upload, progress)
      try complete(name, upload, tags, byteCount)
      // An upload whose number was lost on the way is still open.
      if tries > 1 { try abortUploads(of: name) }
    } catch {
      // The next upload of the name removes what cannot be removed now.
      try? abort(name, upload)
      // Another writer of the same object may have been faster, and may have removed this upload.
      guard let there = try? state(of: name), there.byteCount == byteCount else { throw error }
      progress(byteCount)
    }
  }

  private static func part(of file: borrowing File, _ range: Range<Int>) throws(StoreError) -> PixelMemory {
    let memory = try PixelMemory(capacity: range.count)
    let target = unsafe memory.beginFilling()
    try unsafe file.read(
      at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: target[..<range.count]))
    memory.assumeFilled(range.count)
    return memory
  }

  private func beginUpload(_ name: String) throws(StoreError) -> (upload: String, tries: Int) {
    let request = try writing(.post, url(name, [("uploads", "")]), nil)
    let response = try objects.success(request, for: name)
    guard let upload = try page(response, "InitiateMultipartUploadResult")["UploadId"], !upload.isEmpty else {
      throw StoreError(.corrupt, "the server's answer names no upload", path: location, key: name)
    }
    return (upload, response.tries)
  }

  /// Sends all parts, some at a time.
  ///
  /// - Returns: the tag of each.
  private func sendParts(
    of file: borrowing File, _ byteCount: Int, _ name: String, _ upload: String,
    _ progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError) -> [String] {
    let partSize = max(Self.smallestPart, (byteCount + Self.greatestPartCount - 1) / Self.greatestPartCount)
    let count = (byteCount + partSize - 1) / partSize
    let sent = SentParts(count: count, underWay: Self.partsUnderWay, progress)
    let transport = try objects.client.transport()
    do throws(StoreError) {
      for index in 0..<count {
        guard sent.waitForRoom() else { break }
        let range = index * partSize..<min(byteCount, (index + 1) * partSize)
        let query = [(name: "partNumber", value: "\(index + 1)"), (name: "uploadId", value: upload)]
        let request = try writing(.put, url(name, query), Self.part(of: file, range))
        transport.submit(request) { [place = objects.place] result in
          switch result {
          case .success(let response) where response.isSuccess:
            sent.end(index, range.count, response["ETag"])
          case .success(let response): sent.fail(place.refusal(response, name))
          case .failure(let failure): sent.fail(place.error(failure, name))
          }
        }
      }
    } catch {
      sent.fail(error)
    }
    return try sent.waitForAll()
  }

  private func complete(
    _ name: String, _ upload: String, _ tags: [String], _ byteCount: Int
  ) throws(StoreError) {
    var text = "<CompleteMultipartUpload>"
    for (index, tag) in tags.enumerated() {
      let escaped = tag.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
        "\"", with: "&quot;")
      text += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(escaped)</ETag></Part>"
    }
    text += "</CompleteMultipartUpload>"
    var request = try writing(.post, url(name, [("uploadId", upload)]), PixelMemory(Array(text.utf8)))
    request.headers.append(("Content-Type", "application/xml"))
    let response = try objects.answer(request, for: name)
    // A failure may come with status 200, since the server begins to answer before it knows.
    let isDone = response.isSuccess && XMLElement(response.bytes)?.name != "Error"
    // An answer to an earlier try may have been lost; then there is no such upload any more.
    if !isDone, try state(of: name)?.byteCount != byteCount {
      var failed = response
      if response.isSuccess { failed.note = String(decoding: response.bytes, as: UTF8.self) }
      throw objects.place.refusal(failed, name)
    }
  }

  private func abort(_ name: String, _ upload: String) throws(StoreError) {
    _ = try objects.answer(HTTPRequest(.delete, url(name, [("uploadId", upload)])), for: name)
  }

  /// Removes the parts of incomplete uploads of this name: they cost money, and listings do not
  /// show them.
  private func abortUploads(of name: String) throws(StoreError) {
    let key = key(of: name)
    let request = HTTPRequest(.get, address.url("", [("uploads", ""), ("prefix", key)]))
    let response = try objects.answer(request, for: name)
    // Not every user that may write may list uploads, and not all servers can.
    guard response.isSuccess, let page = XMLElement(response.bytes) else { return }
    for upload in page.children where upload.name == "Upload" && upload["Key"] == key {
      if let identifier = upload["UploadId"] { try abort(name, identifier) }
    }
  }
}

/// The parts of an upload that are being sent.
private final class SentParts: Sendable {
  private struct State {
    var tags: [String?]
    var byteCount = 0
    var error: StoreError?
  }
  private let state: Locked<State>
  private let room: DispatchSemaphore
  private let most: Int
  private let progress: @Sendable (_ byteCount: Int) -> Void

  init(count: Int, underWay most: Int, _ progress: @escaping @Sendable (_ byteCount: Int) -> Void) {
    state = Locked(State(tags: Array(repeating: nil, count: count)))
    room = DispatchSemaphore(value: most)
    self.most = most
    self.progress = progress
  }

  /// Waits until another part may be begun, which must then end or fail; false if no more parts are
  /// needed.
  func waitForRoom() -> Bool {
    room.wait()
    if state.withLock({ $0.error == nil }) { return true }
    room.signal()
    return false
  }

  func end(_ index: Int, _ byteCount: Int, _ tag: String?) {
    let total = state.withLock { state in
      state.tags[index] = tag
      state.byteCount += byteCount
      return state.byteCount
    }
    progress(total)
    room.signal()
  }

  func fail(_ error: StoreError) {
    state.withLock { state in
      if state.error == nil { state.error = error }
    }
    room.signal()
  }

  /// Waits until no part is being sent.
  func waitForAll() throws(StoreError) -> [String] {
    for _ in 0..<most { room.wait() }
    // A semaphore must end as it began.
    for _ in 0..<most { room.signal() }
    let (tags, error) = state.withLock { ($0.tags, $0.error) }
    if let error { throw error }
    let known = tags.compactMap { $0 }
    guard known.count == tags.count else {
      throw StoreError(.corrupt, "the server's answer to a part has no ETag")
    }
    return known
  }
}
#endif
