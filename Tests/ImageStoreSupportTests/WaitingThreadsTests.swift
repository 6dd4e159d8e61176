import Dispatch
import ImageStoreSupport
import Synchronization
import Testing

@Suite struct WaitingThreadsTests {
  /// Something that a job keeps open.
  private final class OpenFile: Sendable {
    let number: Int
    private let counter: Counter

    init(_ number: Int, _ counter: Counter) {
      (self.number, self.counter) = (number, counter)
      counter.open.add(1, ordering: .relaxed)
    }

    deinit { counter.open.subtract(1, ordering: .relaxed) }
  }

  private final class Counter: Sendable {
    let open = Atomic(0)
    let sum = Atomic(0)
  }

  private func job(_ number: Int, _ counter: Counter) -> @Sendable () -> Int {
    let file = OpenFile(number, counter)
    return { file.number }
  }

  /// Whoever waits for jobs finds nothing open that only the jobs had opened.
  @Test func whatAJobHoldsIsReleasedBeforeItsCompletion() {
    let threads = WaitingThreads("test", limit: 3)
    let counter = Counter()
    let done = DispatchSemaphore(value: 0)
    for round in 0..<2000 {
      for number in 0..<3 {
        threads.perform(job(round + number, counter)) { found in
          counter.sum.add(found, ordering: .relaxed)
          done.signal()
        }
      }
      for _ in 0..<3 { done.wait() }
      #expect(counter.open.load(ordering: .relaxed) == 0, "round \(round)")
      #expect(counter.sum.exchange(0, ordering: .relaxed) == 3 * round + 3)
    }
  }
}
