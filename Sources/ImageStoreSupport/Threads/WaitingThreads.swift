internal import Synchronization

/// A few threads for work that waits, such as reading from a disk. Work is begun in the order in
/// which it was added; a thread that finds no work ends, so nothing is left when all work is done.
package final class WaitingThreads: Sendable {
  private struct Queue {
    var jobs: [@Sendable () -> Void] = []
    /// The jobs before this one have been begun.
    var next = 0
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
      guard queue.next < queue.jobs.count else {
        queue.jobs.removeAll(keepingCapacity: queue.next < 1024)
        queue.next = 0
        queue.running -= 1
        return nil
      }
      queue.next += 1
      let job = queue.jobs[queue.next - 1]
      // Neither the finished work nor the objects it held are kept.
      queue.jobs[queue.next - 1] = {}
      return job
    }
  }
}
