import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct VerifyingStoreTests {
  @Test func whatIsReadIsCheckedBefore() throws {
    let images = Samples.uniform(9)
    let probe = Probe(try Samples.store(images))
    let store = probe.verifyingReads()
    #expect(Samples.bytes(of: try store.read([4, 1, 4])) == images.gather([4, 1, 4]))
    #expect(try store.pixels(at: 7) == images.pixels[7])
    #expect(probe.calls.checks == [[4, 1, 4], [7]])
    _ = try store.labels()
    _ = try store.format(at: 0)
    #expect(probe.calls.checks.count == 2)
  }

  @Test func whatIsDamagedIsNotRead() throws {
    let probe = Probe(
      try Samples.store(Samples.uniform(3)), failure: StoreError(.corrupt, "damaged", image: 2))
    let store = probe.verifyingReads()
    #expect(throws: StoreError.self) { try store.read([0, 2]) }
    #expect(throws: StoreError.self) { try store.pixels(at: 2) }
    #expect(probe.calls.reads.isEmpty && probe.calls.lendings.isEmpty)
  }

  @Test func storesMadeOfStoresPassItOn() throws {
    let probes = try [0..<4, 4..<9].map { Probe(try Samples.store(Samples.uniform(9).slice($0))) }
    let all = ConcatenatedStore(probes)
    let some = try all.subset([8, 0, 5]).verifyingReads()
    _ = try some.read([0, 1, 2])
    #expect(probes.map(\.calls.checks) == [[[0]], [[4, 1]]])
    let pairs = try ZippedStore(probes[0], masks: probes[0]).verifyingReads()
    _ = try pairs.read([3])
    #expect(probes[0].calls.checks == [[0], [3], [3]])
    #expect(throws: StoreError.self) { try all.verify([9].span) }
    #expect(throws: StoreError.self) { try some.verify([3].span) }
  }
}
