import Dispatch
import ImageStoreCore
import Synchronization

/// A range of a shard that is fetched, whose images stay in memory until they have been read.
final class FetchedRange: Sendable {
  let shard: Int
  let bytes: Range<Int>
  /// The block that a cache on this machine has the bytes in; nil without a cache.
  let block: Range<Int>?
  private let state = Mutex(State())

  private struct State {
    /// Whether the bytes have been compared with the checksums of their images.
    var isChecked = false
    var memory: PixelMemory?
    var failure: StoreError?
    var waiting: [DispatchSemaphore] = []
    var isOver: Bool { memory != nil || failure != nil }
  }

  init(_ piece: RangePlan.Piece) {
    shard = piece.shard
    bytes = piece.bytes
    block = piece.block
  }

  /// Sets the result, once.
  func finish(_ memory: PixelMemory?, _ failure: StoreError?, isChecked: Bool = false) {
    let waiting = state.withLock { state in
      state.isChecked = isChecked
      state.memory = memory
      state.failure = memory == nil ? failure : nil
      defer { state.waiting = [] }
      return state.waiting
    }
    for semaphore in waiting { semaphore.signal() }
  }

  /// Whether its bytes have been compared with the checksums of their images.
  var isChecked: Bool { state.withLock { $0.isChecked } }

  /// Gives up the memory, for another range; nil if it is not this process' own.
  func releaseMemory() -> PixelMemory? {
    state.withLock { $0.memory.take() }.flatMap { $0.isBorrowed ? nil : $0 }
  }

  /// Whether its bytes have arrived.
  var isThere: Bool { state.withLock { $0.memory != nil } }

  /// The bytes, once they have arrived.
  ///
  /// - Throws: the error of the fetch.
  func wait() throws(StoreError) -> PixelMemory {
    let semaphore = DispatchSemaphore(value: 0)
    let isOver = state.withLock { state in
      if !state.isOver { state.waiting.append(semaphore) }
      return state.isOver
    }
    if !isOver { semaphore.wait() }
    let (memory, failure) = state.withLock { ($0.memory, $0.failure) }
    if let memory { return memory }
    throw failure ?? StoreError(.system, "no bytes arrived")
  }
}
