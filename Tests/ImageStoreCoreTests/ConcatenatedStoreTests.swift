import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ConcatenatedStoreTests {
  @Test func aShuffledBatchCallsEachPartOnce() throws {
    let images = Samples.uniform(100)
    let probes = try stride(from: 0, to: 100, by: 25).map {
      Probe(try Samples.store(images.slice($0..<$0 + 25)))
    }
    let store = ConcatenatedStore(probes)
    var generator = SplitMix64(seed: 3)
    let indices = (0..<100).shuffled(using: &generator)
    let batch = try store.read(indices)
    #expect(Samples.bytes(of: batch) == images.gather(indices))
    #expect(batch.labels == indices.map { Int32(images.labels![$0]) })
    for (part, probe) in probes.enumerated() {
      let own = indices.filter { $0 / 25 == part }.map { $0 % 25 }
      #expect(probe.calls.reads == [own])
    }
  }

  @Test func mixedSizesCallEachPartOnceToo() throws {
    let images = Samples.mixed(40)
    let probes = try [0..<10, 10..<30, 30..<40].map { Probe(try Samples.store(images.slice($0))) }
    var generator = SplitMix64(seed: 4)
    let indices = (0..<40).shuffled(using: &generator)
    #expect(Samples.bytes(of: try ConcatenatedStore(probes).read(indices)) == images.gather(indices))
    for probe in probes { #expect(probe.calls.reads.count == 1) }
  }

  @Test func partsWithoutAShareAreNotCalled() throws {
    let probes = try (0..<3).map { Probe(try Samples.store(Samples.uniform(5, seed: $0))) }
    let store = ConcatenatedStore(probes)
    _ = try store.read([7, 5, 9])
    #expect(probes.map(\.calls.reads) == [[], [[2, 0, 4]], []])
    try store.forEachImage([4, 3, 5, 14].span) { (_, _, _) throws(StoreError) in }
    #expect(probes.map(\.calls.lendings) == [[[4, 3]], [[0]], [[4]]])
  }

  /// A label means the same in all stores that are put together, in whatever order each has its classes.
  @Test func labelsAreTranslatedByTheNamesOfTheirClasses() throws {
    func store(_ labels: [Int], _ names: [String]?) throws -> InMemoryStore {
      var images = Samples.uniform(labels.count)
      images.labels = labels
      images.classNames = names
      return try Samples.store(images)
    }
    let train = try store([0, 1, 1], ["cat", "dog"])
    let test = try store([0, 2, 1], ["ant", "cat", "dog"])
    let both = ConcatenatedStore([train, test])
    #expect(both.classNames == ["cat", "dog", "ant"])
    #expect(try both.labels() == [0, 1, 1, 2, 1, 0])
    #expect(try both.read([3, 5]).labels == [2, 0])
    // A label without a name could mean anything.
    let more = try store([0, 7, 1], ["ant", "cat", "dog"])
    expectError(.invalidArgument) { _ = try ConcatenatedStore([train, more]).labels() }
    #expect(try ConcatenatedStore([more, more]).labels() == [0, 7, 1, 0, 7, 1])
    #expect(ConcatenatedStore([train, try store([0], ["cat", "cat"])]).classNames == nil)
    #expect(ConcatenatedStore([train, try store([0], nil)]).classNames == nil)
  }

  @Test func labelsAndClassNamesNeedEveryPart() throws {
    var named = Samples.uniform(3)
    named.classNames = ["a", "b"]
    var unlabeled = Samples.uniform(3)
    unlabeled.labels = nil
    let (first, third) = try (Samples.store(named), Samples.store(unlabeled))
    #expect(ConcatenatedStore([first, first]).classNames == ["a", "b"])
    #expect(ConcatenatedStore([first, third]).classNames == nil)
    #expect(try ConcatenatedStore([first, third]).labels() == nil)
    let empty = try Samples.store(ModelImages())
    #expect(ConcatenatedStore([empty, first]).classNames == ["a", "b"])
    #expect(ConcatenatedStore([empty, first]).format == Samples.format)
    #expect(ConcatenatedStore([empty]).count == 0)
    #expect(try ConcatenatedStore([]).labels() == nil)
  }

  @Test func columnsNeedEveryPartAndOneKind() throws {
    var first = Samples.uniform(2)
    first.columns = ["a": .int64([1, 2]), "b": .string(["x", "y"]), "c": .double([1, 2])]
    var second = Samples.uniform(1)
    second.columns = ["a": .int64([3]), "b": .double([0.5])]
    let store = ConcatenatedStore([try Samples.store(first), try Samples.store(second)])
    #expect(store.columnNames == ["a"])
    #expect(try store.column("a") == .int64([1, 2, 3]))
    expectError(.notFound) { _ = try store.column("b") }
    expectError(.notFound) { _ = try store.column("c") }
    #expect(
      store.notes.map(\.text).sorted() == [
        "the column b, whose values are of another kind in some parts",
        "the column c, which some parts do not have",
      ])
  }

  @Test func aColumnThatCannotBeReadSaysWhy() throws {
    var images = Samples.uniform(2)
    images.columns = ["a": .int64([1, 2])]
    let good = try Samples.store(images)
    let bad = Probe(good, failure: StoreError(.corrupt, "cut short", path: "b.npz"))
    let store = ConcatenatedStore([good, bad])
    #expect(store.columnNames == ["a"])
    #expect(expectError(.corrupt) { _ = try store.column("a") }?.path == "b.npz")
  }

  @Test func differentFormatsHaveNoFormatInCommon() throws {
    let small = Samples.uniform(2, format: ImageFormat(height: 2, width: 2))
    let store = ConcatenatedStore([try Samples.store(Samples.uniform(2)), try Samples.store(small)])
    #expect(store.format == nil)
    #expect(try store.format(at: 1) == Samples.format)
    #expect(try store.format(at: 2) == ImageFormat(height: 2, width: 2))
  }

  @Test func adviceAndVerificationReachEveryPart() throws {
    let good = Probe(try Samples.store(Samples.uniform(4)))
    let bad = Probe(
      try Samples.store(Samples.uniform(4)), failure: StoreError(.corrupt, "cut short", image: 2))
    let store = ConcatenatedStore([good, good, bad])
    store.advise(.random)
    #expect(good.calls.advice == [.random, .random])
    var progress: [Int] = []
    expectError(.corrupt) { try store.verify { progress.append($0) } }
    #expect(progress == [4, 8])
    expectError(.corrupt) { _ = try store.read([0, 9]) }
  }
}
