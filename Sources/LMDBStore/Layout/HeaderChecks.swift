internal import Synchronization

/// Which blocks have been checked to be what the positions say, so that opening a store touches none of
/// them and each is checked when first read.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the flags are atomic, and the memory is freed with the last
/// reference.
@safe final class HeaderChecks: @unchecked Sendable {
  private let flags: UnsafeMutablePointer<Atomic<UInt8>>
  private let count: Int

  init(count: Int) {
    self.count = count
    unsafe flags = .allocate(capacity: max(1, count))
    for block in 0..<count { unsafe (flags + block).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe flags.deinitialize(count: count)
    unsafe flags.deallocate()
  }

  /// The flags to ask while the checks live: asked of the object itself, each question would count a reference.
  @unsafe struct Flags {
    fileprivate let flags: UnsafeMutablePointer<Atomic<UInt8>>

    /// Whether a block has been marked.
    ///
    /// The caller has checked that the block is one of those there are.
    @inline(__always)
    func isMarked(_ block: Int) -> Bool { unsafe flags[block].load(ordering: .relaxed) != 0 }
  }

  @unsafe var view: Flags { unsafe Flags(flags: flags) }

  func isMarked(_ block: Int) -> Bool {
    precondition(block >= 0 && block < count)
    return unsafe view.isMarked(block)
  }

  func mark(_ block: Int) {
    precondition(block >= 0 && block < count)
    unsafe flags[block].store(1, ordering: .relaxed)
  }
}
