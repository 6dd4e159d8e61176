internal import Synchronization

/// What loaders have running and in memory in this process, so that tests can tell that nothing is left.
package enum LoaderDiagnostics {
  static let threads = Atomic(0)
  static let batches = Atomic(0)

  /// The worker threads that have not ended.
  package static var threadCount: Int { threads.load(ordering: .acquiring) }
  /// The batches whose memory has not been given back to the system.
  package static var batchCount: Int { batches.load(ordering: .acquiring) }
}
