import ImageStoreCore
import ImageStoreSupport
import Synchronization
import Testing

/// Counts what threads do. Not by a lock, whose hand-over the thread sanitizer does not see.
private final class Counter: Sendable {
  private let total = Atomic(0)

  func count() { total.add(1, ordering: .relaxed) }
  var value: Int { total.load(ordering: .relaxed) }
}

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 3, 8])
  func doesEveryPieceOnce(threads: Int) throws {
    let counters = (0..<1000).map { _ in Counter() }
    try Workers.perform(1000, threads: threads) { (piece) throws(StoreError) in counters[piece].count() }
    #expect(counters.allSatisfy { $0.value == 1 })
  }

  @Test(arguments: [1, 2, 3, 8])
  func throwsTheErrorOfTheLowestPiece(threads: Int) {
    for _ in 0..<50 {
      let error = #expect(throws: StoreError.self) {
        try Workers.perform(100, threads: threads) { (piece) throws(StoreError) in
          if piece >= 37 { throw StoreError(.corrupt, "bad", image: piece) }
        }
      }
      #expect(error?.image == 37)
    }
  }

  @Test func runsCoverEverythingOnce() throws {
    for count in [0, 1, 5, 127, 1000] {
      let counters = (0..<count).map { _ in Counter() }
      try Workers.performRuns(of: count, minimum: 16, threads: 2) { (run) throws(StoreError) in
        for index in run { counters[index].count() }
      }
      #expect(counters.allSatisfy { $0.value == 1 })
    }
  }

  @Test func nestedCallsComeToAnEnd() throws {
    let total = Counter()
    try Workers.perform(8, threads: 4) { (_) throws(StoreError) in
      try Workers.perform(8, threads: 4) { (_) throws(StoreError) in total.count() }
    }
    #expect(total.value == 64)
  }
}
