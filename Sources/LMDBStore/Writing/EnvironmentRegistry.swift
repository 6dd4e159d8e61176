internal import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// The folders whose environments this process has open.
///
/// liblmdb's locks belong to the process, so a second environment of the same files would silently drop
/// those of the first. The folder's advisory lock already keeps a second writer out; this also holds on
/// file systems that have no such locks.
enum EnvironmentRegistry {
  private static let open = Mutex<Set<FileIdentity>>([])

  /// A folder's place in the registry, given up when the value goes.
  struct Entry: ~Copyable, Sendable {
    private let identity: FileIdentity

    /// - Throws: ``StoreError/Code/busy`` where the folder's environment is open.
    init(_ held: HeldStore) throws(StoreError) {
      let identity = held.state.identity
      guard EnvironmentRegistry.open.withLock({ $0.insert(identity).inserted }) else {
        throw StoreError(
          .busy, "this process has a writer on it already", remedy: "finish that first", path: held.path)
      }
      self.identity = identity
    }

    deinit {
      let identity = identity
      EnvironmentRegistry.open.withLock { _ = $0.remove(identity) }
    }
  }
}
