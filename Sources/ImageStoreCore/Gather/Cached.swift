import Synchronization

/// A value that is made when it is first asked for, by any thread, and then kept.
///
/// Making it must not ask for the same value again.
package final class Cached<Value: Sendable>: Sendable {
  private let storage = Mutex<Value?>(nil)

  package init() {}

  /// The value; an error is not kept, and the next caller tries again.
  package func value(_ make: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    try storage.withLock { (stored) throws(StoreError) -> Value in
      if let stored { return stored }
      let made = try make()
      stored = made
      return made
    }
  }
}
