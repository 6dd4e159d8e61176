import Synchronization

/// A value that is made when it is first asked for, once, whatever thread asks.
final class Remembered<Value: Sendable>: Sendable {
  private let storage = Mutex<Value?>(nil)

  /// The value; an error is not remembered, and the next caller tries again.
  func value(_ make: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    try storage.withLock { (stored) throws(StoreError) -> Value in
      if let stored { return stored }
      let made = try make()
      stored = made
      return made
    }
  }
}
