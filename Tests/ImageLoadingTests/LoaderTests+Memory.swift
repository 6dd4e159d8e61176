import ImageLoading
import ImageStoreCore
import Synchronization
import Testing

extension LoaderTests {
  @Test(arguments: [1, 2, 6])
  func noMoreIsMadeAheadThanPromised(prefetch: Int) throws {
    let begun = Atomic(0)
    let store = WatchedStore(try makeStore(count: 500)) { (_) throws(StoreError) in
      begun.add(1, ordering: .relaxed)
    }
    let loader = store.batches(of: 5, options: LoaderOptions(prefetch: prefetch, workers: 4))
    expectNothingLeft()
    var taken = 0
    try loader.forEachBatch { batch in
      taken += 1
      // A slow consumer finds no more than was promised.
      if taken % 10 == 0 { usleepBriefly() }
      #expect(begun.load(ordering: .relaxed) <= taken + prefetch)
      #expect(LoaderDiagnostics.batchCount <= prefetch + 2)
    }
    #expect(taken == 100)
    expectNothingLeft()
  }

  @Test func memoryIsUsedAgain() throws {
    let store = try makeStore(count: 2000)
    var addresses: Set<UInt> = []
    let options = LoaderOptions(prefetch: 3, workers: 2)
    try store.batches(of: 5, as: .float32(), options: options).forEachBatch { batch in
      addresses.insert(unsafe batch.pixels.withUnsafeBytes { UInt(bitPattern: $0.baseAddress!) })
    }
    #expect(addresses.count <= 5, "\(addresses.count) blocks of memory for 400 batches")
  }

  @Test func batchesThatAreKeptStayAsTheyAre() throws {
    let store = try makeStore(count: 300)
    var kept: [LoadedBatch] = []
    try store.batches(of: 7, in: .shuffled(seed: 1, epoch: 1)).forEachBatch { kept.append($0) }
    #expect(kept.count == 43)
    for batch in kept {
      #expect(bytes(batch.pixels) == batch.indices.flatMap { index in (0..<60).map { byte(index, $0) } })
    }
    kept = []
    expectNothingLeft()
  }
}
