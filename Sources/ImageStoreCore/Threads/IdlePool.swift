internal import Synchronization

/// Objects that one thread at a time works with, such as decoders. They are kept between calls, so
/// that a call allocates no memory and sets up nothing.
///
/// Invariant behind `@unchecked Sendable`: an object is among the idle ones or in the hands of one thread,
/// never both.
package final class IdlePool<Object: AnyObject>: @unchecked Sendable {
  private struct Idle: @unchecked Sendable {
    var objects: [Object] = []
  }
  private let idle = Mutex(Idle())
  private let make: @Sendable () throws(StoreError) -> Object

  /// - Parameter make: makes an object if none is idle.
  package init(_ make: @escaping @Sendable () throws(StoreError) -> Object) {
    self.make = make
  }

  /// Whether one of the idle objects meets a condition.
  package func hasIdle(where condition: (Object) -> Bool) -> Bool {
    idle.withLock { $0.objects.contains { condition($0) } }
  }

  /// Lends an object to the calling thread.
  package func withObject<Result>(
    _ body: (Object) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let waiting = idle.withLock { $0.objects.popLast() }
    let object = if let waiting { waiting } else { try make() }
    defer { idle.withLock { $0.objects.append(object) } }
    return try body(object)
  }
}
