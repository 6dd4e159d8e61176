internal import Synchronization

/// A few threads for work that waits, such as reading from a disk. Work is begun in the order in
/// which it was added; a thread that finds no work ends, so nothing is left when all work is done.
package final class WaitingThreads: Sendable {
  /// Does the work, and returns what to do once the job itself is released.
  private typealias Job = @Sendable () -> @Sendable () -> Void

  private struct Queue {
    var jobs = FIFOQueue<Job>()
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
  ///
  /// - Parameters:
  ///   - job: the work.
  ///   - completion: called by the same thread with what the work has returned, when no thread holds
  ///     `job` any more. Files and folders that only the job kept open are closed by then, so whoever
  ///     waits for the completion does not find them open.
  package func perform<Result: Sendable>(
    _ job: @escaping @Sendable () -> Result, completion: @escaping @Sendable (Result) -> Void
  ) {
    let isThreadNeeded = queue.withLock { queue in
      queue.jobs.append {
        let result = job()
        return { completion(result) }
      }
      guard queue.running < limit else { return false }
      queue.running += 1
      return true
    }
    if isThreadNeeded, !DetachedThread.start(name, { self.work() }) { work() }
  }

  private func work() {
    while let completion = performNext() { completion() }
  }

  // The job must be released when this returns, so it must not become a part of its caller.
  @inline(never)
  private func performNext() -> (@Sendable () -> Void)? { nextJob()?() }

  private func nextJob() -> Job? {
    queue.withLock { queue in
      let job = queue.jobs.popFirst()
      if job == nil { queue.running -= 1 }
      return job
    }
  }
}
