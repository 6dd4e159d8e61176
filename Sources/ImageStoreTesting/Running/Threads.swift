import ImageStorePlatform
import Synchronization

/// Runs `body` on several threads at once and returns the first error any of them threw.
///
/// - Parameter body: takes the number of the thread, from 0.
func runOnThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) throws -> Void) throws {
  let failures = Failures()
  var threads: [pthread_t] = []
  for number in 0..<count {
    let work = Work {
      do { try body(number) } catch { failures.add(error) }
    }
    if let thread = work.start() {
      threads.append(thread)
    } else {
      failures.add(PlanViolation("no thread can be started"))
    }
  }
  for thread in threads { _ = pthread_join(thread, nil) }
  if let failure = failures.first { throw failure }
}

private final class Failures: Sendable {
  private let list = Mutex<[any Error]>([])
  func add(_ error: any Error) { list.withLock { $0.append(error) } }
  var first: (any Error)? { list.withLock { $0.first } }
}

/// A closure handed through the one pointer that a thread starts with.
private final class Work: Sendable {
  private let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func start() -> pthread_t? {
    // The thread takes over this reference and releases it.
    let pointer = unsafe Unmanaged.passRetained(self).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = unsafe pthread_create(&thread, nil, { Work.run($0) }, pointer)
    #else
    var thread = pthread_t()
    let status = unsafe pthread_create(&thread, nil, { unsafe Work.run($0!) }, pointer)
    #endif
    if status == 0 { return thread }
    unsafe Unmanaged<Work>.fromOpaque(pointer).release()
    return nil
  }

  private static func run(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
    return nil
  }
}
