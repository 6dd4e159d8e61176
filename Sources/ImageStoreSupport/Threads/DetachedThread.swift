internal import ImageStorePlatform

/// This package's own threads, for work that waits for a disk or a network and would block the
/// threads of Swift's tasks or of Dispatch's queues.
package enum DetachedThread {
  private final class Start {
    let name: StaticString
    let work: @Sendable () -> Void

    init(_ name: StaticString, _ work: @escaping @Sendable () -> Void) {
      self.name = name
      self.work = work
    }
  }

  private static func run(_ context: UnsafeMutableRawPointer) {
    let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    nameThread(start.name)
    start.work()
  }

  /// Starts a thread that does `work` and ends.
  ///
  /// - Parameter name: its name in debuggers, at most 15 ASCII characters.
  /// - Returns: false if the system cannot start a thread.
  package static func start(_ name: StaticString, _ work: @escaping @Sendable () -> Void) -> Bool {
    // Which module declares the type's initializer depends on what else is imported; the C library
    // needs none.
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { unsafe attributes.deallocate() }
    unsafe pthread_attr_init(attributes)
    defer { unsafe pthread_attr_destroy(attributes) }
    // musl's default of 128 KB is too little for decoders. Pages take memory only once they are touched.
    unsafe pthread_attr_setstacksize(attributes, 2 << 20)
    unsafe pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
    let context = unsafe Unmanaged.passRetained(Start(name, work)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let result = unsafe pthread_create(
      &thread, attributes,
      { context in
        unsafe DetachedThread.run(context)
        return nil
      }, context)
    #else
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, attributes,
      { context in
        unsafe DetachedThread.run(context!)
        return nil
      }, context)
    #endif
    guard result == 0 else {
      unsafe Unmanaged<Start>.fromOpaque(context).release()
      return false
    }
    return true
  }
}
