import ImageStoreCore
import StoreIO
import Synchronization
import Testing

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 3, 8])
  func doesEveryPieceOnce(threads: Int) throws {
    let counts = Mutex([Int](repeating: 0, count: 1000))
    try Workers.perform(1000, threads: threads) { (piece) throws(StoreError) in
      counts.withLock { $0[piece] += 1 }
    }
    #expect(counts.withLock { $0.allSatisfy { $0 == 1 } })
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
      let seen = Mutex([Int]())
      try Workers.performRuns(of: count, minimum: 16, threads: 2) { (run) throws(StoreError) in
        seen.withLock { $0 += run }
      }
      #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    }
  }

  @Test func nestedCallsComeToAnEnd() throws {
    let total = Atomic(0)
    try Workers.perform(8, threads: 4) { (_) throws(StoreError) in
      try Workers.perform(8, threads: 4) { (_) throws(StoreError) in total.add(1, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 64)
  }
}
