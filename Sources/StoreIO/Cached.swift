package import ImageStoreCore
internal import Synchronization

/// A value that is read from a file when it is first asked for, and kept.
package final class Cached<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  package init() {}

  /// The value, made by `make` where it is not known yet. An error is not kept.
  package func value(_ make: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    if let known = value.withLock({ $0 }) { return known }
    // Made outside the lock: two threads may both make it, and both make the same.
    let made = try make()
    value.withLock { $0 = made }
    return made
  }
}
