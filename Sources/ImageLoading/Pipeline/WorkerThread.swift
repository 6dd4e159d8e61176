internal import ImageStoreSupport
internal import Synchronization

/// The loader's own threads, which are counted.
enum WorkerThread {
  /// Starts a thread that does `work` and ends.
  ///
  /// - Returns: false if the system cannot start a thread.
  static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
    LoaderDiagnostics.threads.add(1, ordering: .relaxed)
    let isRunning = DetachedThread.start("image loader") {
      work()
      LoaderDiagnostics.threads.subtract(1, ordering: .releasing)
    }
    if !isRunning { LoaderDiagnostics.threads.subtract(1, ordering: .relaxed) }
    return isRunning
  }
}
