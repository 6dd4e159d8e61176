#if ObjectStorage
internal import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// The transport of this process: a child that was forked makes its own at its first request, since
/// it has neither the thread nor may it use the connections, which its parent reads from.
///
/// Invariant behind `@unchecked Sendable`: `current` is written before `owner` is, and read after it.
final class HTTPClient: @unchecked Sendable {
  private let make: @Sendable () throws(StoreError) -> HTTPTransport
  private let owner: Atomic<Int32>
  private var current: HTTPTransport
  private let making = Locked(())

  /// - Parameter make: makes a transport and everything that it does not share.
  init(_ make: @escaping @Sendable () throws(StoreError) -> HTTPTransport) throws(StoreError) {
    self.make = make
    current = try make()
    owner = Atomic(getpid())
  }

  func transport() throws(StoreError) -> HTTPTransport {
    let process = getpid()
    if owner.load(ordering: .acquiring) == process { return current }
    return try making.withLock { (_) throws(StoreError) in
      if owner.load(ordering: .acquiring) != process {
        current = try make()
        owner.store(process, ordering: .releasing)
      }
      return current
    }
  }
}
#endif
