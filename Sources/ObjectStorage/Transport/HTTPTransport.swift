#if ObjectStorage
internal import CImageStoreCurl
internal import Dispatch
internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport
internal import Synchronization

/// The statistics of a transport.
final class HTTPCounters: Sendable {
  /// Requests that were sent, with those that were sent again.
  let attempts = Atomic(0)
  /// Tries that failed and were followed by another, or by an error.
  let failures = Atomic(0)
  /// Answers that asked for fewer requests.
  let throttles = Atomic(0)
  let hedges = Atomic(0)
  let connections = Atomic(0)
}

/// Where other threads leave transfers for the one that drives them.
///
/// Invariant behind `@unchecked Sendable`: all is behind the lock.
final class HTTPInbox: @unchecked Sendable {
  @safe private struct State: @unchecked Sendable {
    var new: [HTTPTransfer] = []
    var ready: [HTTPTransfer] = []
    var isClosed = false
    /// nil once the thread has ended.
    var multi: OpaquePointer?
  }
  private let state: Locked<State>

  init(_ multi: OpaquePointer) {
    var first = State()
    unsafe first.multi = multi
    state = Locked(first)
  }

  func submit(_ transfer: HTTPTransfer) {
    let isOpen = state.withLock { state in
      guard !state.isClosed else { return false }
      state.new.append(transfer)
      Self.wake(state)
      return true
    }
    if !isOpen { transfer.completion(.failure(HTTPFailure(kind: .refused, message: "the folder is closed"))) }
  }

  /// Retries a transfer that waited for credentials.
  func resume(_ transfer: HTTPTransfer) {
    state.withLock { state in
      state.ready.append(transfer)
      Self.wake(state)
    }
  }

  func close() {
    state.withLock { state in
      state.isClosed = true
      Self.wake(state)
    }
  }

  /// Everything that has been added since the last call. After a call that returns that it is
  /// closed, nothing is woken any more.
  func take() -> (new: [HTTPTransfer], ready: [HTTPTransfer], isClosed: Bool) {
    state.withLock { state in
      defer {
        state.new = []
        state.ready = []
        if state.isClosed { unsafe state.multi = nil }
      }
      return (state.new, state.ready, state.isClosed)
    }
  }

  private static func wake(_ state: State) {
    if let multi = unsafe state.multi { unsafe image_curl_wake(multi) }
  }
}

/// Sends requests to servers, many at a time over kept connections, with one thread that ends with
/// the transport.
///
/// It belongs to the process that made it: a forked child has the memory but not the thread; see
/// ``HTTPClient``.
final class HTTPTransport: Sendable {
  private let inbox: HTTPInbox
  let counters = HTTPCounters()
  private let process = getpid()

  /// - Parameters:
  ///   - connections: how many requests may be in progress.
  ///   - certificates: a file of certificates to trust, or nil for the system's.
  init(
    connections: Int, authorizer: (any RequestAuthorizer)?, certificates: String?
  ) throws(StoreError) {
    guard let multi = unsafe image_curl_multi_make(connections * 2) else {
      throw StoreError(.limitExceeded, "no memory for connections")
    }
    let inbox = unsafe HTTPInbox(multi)
    self.inbox = inbox
    let (counters, address) = (counters, UInt(bitPattern: multi))
    let hasStarted = DetachedThread.start("image objects") {
      // From now on only the thread uses it, apart from being woken by the inbox.
      let multi = unsafe OpaquePointer(bitPattern: address)!
      unsafe HTTPDriver(
        inbox, multi, connections: connections, authorizer, certificates: certificates, counters
      ).run()
    }
    guard hasStarted else {
      unsafe image_curl_multi_free(multi)
      throw StoreError(.system, "the system could not start a thread")
    }
  }

  deinit {
    // In a child, another thread may have held the lock during the fork.
    if getpid() == process { inbox.close() }
  }

  /// Begins a request; `completion` is called once, on the transport's thread, and must not wait
  /// for another request.
  func submit(
    _ request: HTTPRequest, completion: @escaping @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
  ) {
    inbox.submit(HTTPTransfer(request, completion))
  }

  /// Waits for the answer.
  func perform(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
    let answer = Answer()
    submit(request) { answer.set($0) }
    return try answer.wait().get()
  }

  private final class Answer: Sendable {
    private let result = Locked<Result<HTTPResponse, HTTPFailure>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ answer: Result<HTTPResponse, HTTPFailure>) {
      result.withLock { $0 = answer }
      isThere.signal()
    }

    func wait() -> Result<HTTPResponse, HTTPFailure> {
      isThere.wait()
      return result.withLock { $0! }
    }
  }
}
#endif
