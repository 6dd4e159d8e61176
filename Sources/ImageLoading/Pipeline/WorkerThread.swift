internal import ImageStorePlatform
internal import ImageStoreSupport
internal import Synchronization

/// Threads of the loader's own, since reading may wait for a disk, which would block the threads of Swift's
/// tasks or of Dispatch's queues.
enum WorkerThread {
  private final class Start {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }

  private static func run(_ context: UnsafeMutableRawPointer) {
    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    nameThread("image loader")
    start.work()
    LoaderDiagnostics.threads.subtract(1, ordering: .releasing)
  }

  /// Starts a thread that does `work` and ends.
  ///
  /// - Returns: false if the system has no thread to give.
  static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
    // Which module declares the type's initializer depends on what else is imported; the C library needs none.
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { unsafe attributes.deallocate() }
    unsafe pthread_attr_init(attributes)
    defer { unsafe pthread_attr_destroy(attributes) }
    // musl's default of 128 KB is too little for decoders. Pages take memory only once they are touched.
    unsafe pthread_attr_setstacksize(attributes, 2 << 20)
    unsafe pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
    let context = unsafe Unmanaged.passRetained(Start(work)).toOpaque()
    LoaderDiagnostics.threads.add(1, ordering: .relaxed)
    #if canImport(Darwin)
    var thread: pthread_t?
    let result = unsafe pthread_create(
      &thread, attributes,
      { context in
        unsafe WorkerThread.run(context)
        return nil
      }, context)
    #else
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, attributes,
      { context in
        unsafe WorkerThread.run(context!)
        return nil
      }, context)
    #endif
    guard result == 0 else {
      unsafe Unmanaged<Start>.fromOpaque(context).release()
      LoaderDiagnostics.threads.subtract(1, ordering: .relaxed)
      return false
    }
    return true
  }
}
