import Synchronization

/// Where the pixels of each image lie in the file, once they have been checked; 0 before.
///
/// Invariant behind `@unchecked Sendable`: every word is atomic and there are always as many.
@safe final class PixelOffsets: @unchecked Sendable {
  private let words: UnsafeMutablePointer<Atomic<Int>>
  let count: Int

  init(count: Int) {
    self.count = count
    unsafe words = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: count)
    // All bytes zero is an atomic zero; the pages are touched as images are.
    for index in 0..<count { unsafe (words + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe words.deinitialize(count: count)
    unsafe words.deallocate()
  }

  /// The index has been checked against ``count``.
  subscript(index: Int) -> Int {
    @inline(__always) get { unsafe words[index].load(ordering: .relaxed) }
    set { unsafe words[index].store(newValue, ordering: .relaxed) }
  }
}
