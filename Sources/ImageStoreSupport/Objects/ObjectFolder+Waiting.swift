internal import Dispatch
package import ImageStoreCore
internal import Synchronization

extension ObjectFolder {
  /// Fetches bytes of an object and returns when they are there.
  package func fetchAndWait(
    _ range: Range<Int>, of name: String, expecting state: ObjectState? = nil
  ) throws(StoreError) -> PixelMemory {
    let memory = try PixelMemory(capacity: range.count)
    let done = DispatchSemaphore(value: 0)
    let failure = Mutex<StoreError?>(nil)
    fetch(range, of: name, expecting: state, into: memory) { error in
      failure.withLock { $0 = error }
      done.signal()
    }
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    guard memory.byteCount == range.count else {
      throw StoreError(
        .corrupt, "only \(memory.byteCount) of \(range.count) bytes arrived", path: "\(location)/\(name)")
    }
    return memory
  }
}
