internal import Synchronization

/// A few threads for work that waits, such as reading from a disk. Work is begun in the order in
/// which it was added; a thread that finds no work ends, so nothing is left when all work is done.
package final class WaitingThreads: Sendable {
  private struct Queue {
    var jobs = FIFOQueue<@Sendable () -> Void>()
    var running = 0
  }

  private let name: StaticString
  private let limit: Int
  private let queue = Mutex(Queue())

  /// - Parameters:
  ///   - name: the name of the threads in debuggers, at most 15 ASCII characters.
  ///   - limit: how many there are at most.
  package init(_ name: StaticString, limit: Int) {
    self.name = name
    self.limit = limit
  }

  /// Lets a thread do some work. If the system cannot start a thread, the caller does it.
  package func perform(_ job: @escaping @Sendable () -> Void) {
    let isThreadNeeded = queue.withLock { queue in
      queue.jobs.append(job)
      guard queue.running < limit else { return false }
      queue.running += 1
      return true
    }
    if isThreadNeeded, !DetachedThread.start(name, { self.work() }) { work() }
  }

  private func work() {
    while let job = nextJob() { job() }
  }

  private func nextJob() -> (@Sendable () -> Void)? {
    queue.withLock { queue in
      let job = queue.jobs.popFirst()
      if job == nil { queue.running -= 1 }
      return job
    }
  }
}
