import ImageStoreCore
import ImageStoreTesting
import Testing

/// A store that states nothing of its own.
private struct PlainWrapper: StoreWrapper {
  let base: any ImageStore
}

/// The images of a store from the last to the first.
private struct ReversedStore: StoreWrapper {
  let base: any ImageStore

  func labels() throws(StoreError) -> [Int]? { try base.labels()?.reversed() }

  func column(_ name: String) throws(StoreError) -> Column {
    try base.column(name).gathering((0..<count).reversed())
  }

  func withBaseIndices(
    _ indices: Span<Int>, _ body: (_ baseIndices: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    var translated: [Int] = []
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
      translated.append(count - 1 - index)
    }
    try body(translated.span)
  }
}

/// A store that says it has checksums and does not check them.
private struct ForgetfulStore: ImageStore {
  let base: InMemoryStore
  var count: Int { base.count }
  var format: ImageFormat? { base.format }
  var checksumCoverage: ChecksumCoverage { .allImages }
  func format(at index: Int) throws(StoreError) -> ImageFormat { try base.format(at: index) }
  func labels() -> [Int]? { base.labels() }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.forEachImage(indices, body)
  }
}

@Suite struct StoreWrapperTests {
  @Test(arguments: [
    StoreFactory.shelf("wrapped") { PlainWrapper(base: $0) },
    .shelf("reversed twice") { ReversedStore(base: ReversedStore(base: $0)) },
    .shelf("reversed once") { store in
      ReversedStore(base: try store.subset(Array((0..<store.count).reversed())))
    },
  ])
  func conforms(factory: StoreFactory) throws {
    var factory = factory
    factory.capabilities.manyImages = 300
    try checkConformance(of: factory, seed: 1)
  }

  @Test func everythingIsForwarded() throws {
    let probe = Probe(try Samples.store(Samples.uniform(4)))
    let wrapper = PlainWrapper(base: probe)
    #expect(wrapper.isZeroCopy && wrapper.checksumCoverage == .allImages)
    wrapper.advise(.random)
    try wrapper.verify()
    try wrapper.verify([3, 1].span)
    _ = try wrapper.labels()
    #expect(probe.calls.advice == [.random])
    #expect(probe.calls.verifications == 1)
    #expect(probe.calls.checks == [[3, 1]])
    #expect(probe.calls.labels == 1)
  }

  @Test func readsThroughWrappersAreVerified() throws {
    let failure = StoreError(.corrupt, "a flipped bit", image: 2)
    let probe = Probe(try Samples.store(Samples.uniform(4)), failure: failure)
    let wrapped = ReversedStore(base: PlainWrapper(base: probe)).verifyingReads()
    #expect(throws: failure) { _ = try wrapped.read([1]) }
    #expect(throws: failure) { try wrapped.withImage(at: 1) { (_, _) in } }
    #expect(probe.calls.checks == [[2], [2]])
    #expect(probe.calls.reads.isEmpty && probe.calls.lendings.isEmpty)
  }

  @Test func aStoreThatOnlySaysItHasChecksumsIsFoundOut() throws {
    let store = ForgetfulStore(base: try Samples.store(Samples.uniform(4)))
    expectError(.unsupported) { try store.verify([0].span) }
    expectError(.unsupported) { try store.verify() }
    expectError(.unsupported) { _ = try store.verifyingReads().read([0]) }
    expectError(.indexOutOfRange) { try store.base.verify([4].span) }
    try store.base.verify([3].span)
  }

  @Test func coverageOfSeveralStoresTogether() throws {
    let (without, with) = (
      try Samples.store(Samples.uniform(2)), Probe(try Samples.store(Samples.uniform(2)))
    )
    #expect(ConcatenatedStore([without, without]).checksumCoverage == .noImages)
    #expect(ConcatenatedStore([with, with]).checksumCoverage == .allImages)
    #expect(ConcatenatedStore([with, without]).checksumCoverage == .someImages)
    #expect(ConcatenatedStore([]).checksumCoverage == .noImages)
  }
}
