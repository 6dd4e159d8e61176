internal import Dispatch
internal import ImageStorePlatform
internal import Synchronization

/// Work spread over the cores.
package enum Workers {
  /// How many processors are online.
  package static let processorCount: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// The number of threads to use: the number asked for, or one per processor.
  package static func threadCount(_ asked: Int?) -> Int {
    max(1, asked ?? processorCount)
  }

  /// Does `pieces` pieces of work, numbered from 0, on up to `threads` threads, the caller's among
  /// them, and returns when all are done. Pieces are begun in order. Their work must not depend on
  /// the thread that does it, and they must not write to the same memory.
  ///
  /// - Throws: the error of the lowest piece that failed, whatever the number of threads. Pieces after a
  ///   failed one may not be begun.
  package static func perform(
    _ pieces: Int, threads: Int, _ body: (_ piece: Int) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard threads > 1, pieces > 1 else {
      for piece in 0..<pieces { try body(piece) }
      return
    }
    let next = Atomic(0)
    let failure = Mutex<(piece: Int, error: StoreError)?>(nil)
    withoutActuallyEscaping(body) { body in
      // Called from several threads until concurrentPerform returns, which is what this function's
      // contract says of `body`.
      nonisolated(unsafe) let work = body
      DispatchQueue.concurrentPerform(iterations: min(threads, pieces)) { _ in
        while true {
          let piece = next.add(1, ordering: .relaxed).oldValue
          if piece >= pieces { return }
          do throws(StoreError) {
            try unsafe work(piece)
          } catch {
            failure.withLock { first in
              if first == nil || piece < first!.piece { first = (piece, error) }
            }
            next.store(pieces, ordering: .relaxed)
            return
          }
        }
      }
    }
    if let (_, error) = failure.withLock({ $0 }) { throw error }
  }

  /// Splits `count` items into runs of equal length and does the runs as ``perform(_:threads:_:)`` does
  /// pieces; runs are no shorter than `minimum`, so that small calls stay on the caller's thread.
  package static func performRuns(
    of count: Int, minimum: Int, threads: Int,
    _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard count > 0 else { return }
    // More runs than threads, so that a thread that is late holds up little.
    let runs = max(1, min(count / max(1, minimum), threads * 4))
    try perform(runs, threads: threads) { (run) throws(StoreError) in
      try body(count * run / runs..<count * (run + 1) / runs)
    }
  }
}

extension GatherPlan {
  /// Does the positions in runs, on up to `threads` threads, if the images only have to be copied.
  package func performRuns(
    threads: Int, _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    // Waking a thread takes as long as copying some hundred KB.
    let minimum = max(1, (512 << 10) / max(1, byteCount / max(1, count)))
    try Workers.performRuns(of: count, minimum: minimum, threads: threads, body)
  }
}
