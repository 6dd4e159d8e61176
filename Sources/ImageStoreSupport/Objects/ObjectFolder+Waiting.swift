internal import Dispatch
package import ImageStoreCore
internal import Synchronization

extension ObjectFolder {
  /// Fetches bytes of an object and returns when they are there.
  package func fetchAndWait(
    _ range: Range<Int>, of name: String, expecting state: ObjectState? = nil
  ) throws(StoreError) -> PixelMemory {
    let memory = try PixelMemory(capacity: range.count)
    try PendingFetch(range, of: name, in: self, expecting: state, into: memory).wait()
    return memory
  }

  /// Fetches a whole object and returns when it is there: a large one in parts, several at a time,
  /// since servers limit the rate of a connection.
  ///
  /// - Parameters:
  ///   - byteCount: how many bytes the object has.
  ///   - partByteCount: how many bytes a part has; an object of fewer than two parts is one request.
  ///   - check: gets all bytes in order, some at a time, while the rest is on its way.
  package func fetchAndWait(
    _ byteCount: Int, of name: String, partByteCount: Int = 16 << 20,
    check: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) -> PixelMemory {
    guard byteCount >= 2 * partByteCount else {
      let memory = try fetchAndWait(0..<byteCount, of: name)
      unsafe check(memory.bytes)
      return memory
    }
    let whole = try PixelMemory(capacity: byteCount)
    var pending: [PendingFetch] = []
    var begun = 0
    func begin(into memory: PixelMemory) {
      let range = begun..<min(begun + partByteCount, byteCount)
      pending.append(PendingFetch(range, of: name, in: self, expecting: nil, into: memory))
      begun = range.upperBound
    }
    while begun < byteCount, pending.count < 8 { begin(into: try PixelMemory(capacity: partByteCount)) }
    while !pending.isEmpty {
      let part = pending.removeFirst()
      try part.wait()
      unsafe check(part.memory.bytes)
      try whole.append { (output) throws(StoreError) in
        try unsafe output.appendBytes(part.memory.byteCount) { unsafe $0.copyMemory(from: part.memory.bytes) }
      }
      if begun < byteCount { begin(into: part.memory) }
    }
    return whole
  }
}

/// A fetch that somebody will wait for.
private final class PendingFetch: Sendable {
  let memory: PixelMemory
  private let range: Range<Int>
  private let path: String
  private let done = DispatchSemaphore(value: 0)
  private let failure = Mutex<StoreError?>(nil)

  /// Begins the fetch.
  init(
    _ range: Range<Int>, of name: String, in folder: any ObjectFolder, expecting state: ObjectState?,
    into memory: PixelMemory
  ) {
    self.range = range
    self.memory = memory
    path = "\(folder.location)/\(name)"
    folder.fetch(range, of: name, expecting: state, into: memory) { [self] error in
      failure.withLock { $0 = error }
      done.signal()
    }
  }

  /// Waits until all bytes are in `memory`.
  func wait() throws(StoreError) {
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    guard memory.byteCount == range.count else {
      throw StoreError(
        .corrupt, "only \(memory.byteCount) of \(range.count) bytes arrived", path: path)
    }
  }
}
