#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

/// The current credentials. They are read again before they expire, on another thread, while
/// requests continue with the existing ones.
final class CredentialSource: Sendable {
  private struct State {
    var credentials: S3Credentials?
    var isReading = false
    var waiting: [@Sendable () -> Void] = []
    /// When a reading that failed may be repeated.
    var notBefore: Int64 = 0
    var failure: StoreError?
  }
  /// How long before they expire new ones are read.
  private static let lead: Int64 = 300
  private let state: Locked<State>
  private let read: @Sendable () throws(StoreError) -> S3Credentials?

  /// Reads them for the first time.
  init(_ read: @escaping @Sendable () throws(StoreError) -> S3Credentials?) throws(StoreError) {
    self.read = read
    let first = try read()
    state = Locked(State(credentials: first))
  }

  /// The existing credentials; nil if requests are not signed. It does not wait.
  ///
  /// - Parameter now: seconds since 1970.
  func current(_ now: Int64) -> S3Credentials? {
    let (credentials, mustRead) = state.withLock { state in
      let isDue =
        state.credentials?.expires(within: Self.lead, of: now) == true && !state.isReading
        && now >= state.notBefore
      if isDue {
        state.isReading = true
        state.notBefore = now + 10
      }
      return (state.credentials, isDue)
    }
    if mustRead { startReading() }
    return credentials
  }

  /// The existing credentials, and whether new ones should be read.
  var latest: S3Credentials? { state.withLock { $0.credentials } }

  /// Why they could not be read again, if they could not.
  var failure: StoreError? { state.withLock { $0.failure } }

  /// Reads them again, and notes whether that succeeded.
  func readAgain(completion: @escaping @Sendable () -> Void) {
    let mustRead = state.withLock { state in
      state.waiting.append(completion)
      defer { state.isReading = true }
      return !state.isReading
    }
    if mustRead { startReading() }
  }

  private func startReading() {
    let hasStarted = DetachedThread.start("image objects") { [self] in
      end(Result { () throws(StoreError) in try read() })
    }
    if !hasStarted { end(.failure(StoreError(.system, "the system could not start a thread"))) }
  }

  private func end(_ result: Result<S3Credentials?, StoreError>) {
    let waiting = state.withLock { state in
      switch result {
      case .success(let credentials):
        state.credentials = credentials
        state.failure = nil
      case .failure(let error): state.failure = error
      }
      state.isReading = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for completion in waiting { completion() }
  }
}
#endif
