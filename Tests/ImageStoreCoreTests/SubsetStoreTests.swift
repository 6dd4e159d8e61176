import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct SubsetStoreTests {
  @Test func picksImagesLabelsAndColumns() throws {
    var images = Samples.uniform(10)
    images.columns = ["name": .string((0..<10).map { "image \($0)" })]
    let store = try Samples.store(images)
    let subset = try store.subset([7, 0, 7, 3])
    #expect(subset.count == 4)
    #expect(try subset.labels() == [7, 0, 7, 3].map { images.labels![$0] })
    #expect(try subset.column("name") == .string(["image 7", "image 0", "image 7", "image 3"]))
    #expect(Samples.bytes(of: try subset.read([3, 0])) == images.gather([3, 7]))
    #expect((0..<4).map { subset.baseIndex($0) } == [7, 0, 7, 3])
  }

  @Test func refusesIndicesBeyondTheStore() throws {
    let store = try Samples.store(Samples.uniform(5))
    for indices in [[5], [-1], [0, Int.max], [Int.min, 0]] {
      expectError(.indexOutOfRange) { _ = try store.subset(indices) }
    }
    for range in [-1..<2, 0..<6, 5..<6, Int.min..<Int.max] {
      expectError(.indexOutOfRange) { _ = try store.subset(range) }
    }
    #expect(try store.subset(5..<5).count == 0)
    #expect(try store.subset([]).format == nil)
    // Within the store, but not within the subset.
    expectError(.indexOutOfRange) { _ = try store.subset(1..<3).pixels(at: 2) }
  }

  @Test func subsetsOfSubsetsReadTheStoreUnderneath() throws {
    let probe = Probe(try Samples.store(Samples.uniform(20)))
    let nested = try probe.subset(5..<15).subset([9, 0, 4]).subset(1..<3)
    #expect(nested.base is Probe)
    _ = try nested.read([1, 0])
    #expect(probe.calls.reads == [[9, 5]])
  }

  @Test func findsTheFormatOfImagesAlike() throws {
    var images = Samples.mixed(4)
    images.append(contentsOf: Samples.uniform(3))
    let probe = Probe(try Samples.store(images))
    let alike = try probe.subset(4..<7)
    #expect(alike.format == Samples.format)
    #expect(alike.format == Samples.format)
    #expect(probe.calls.formats == 3)
    #expect(try probe.subset([0, 1]).format == nil)
  }

  @Test func labelsArePickedOnce() throws {
    let probe = Probe(try Samples.store(Samples.uniform(20)))
    let subset = try probe.subset([3, 1])
    for _ in 0..<5 { _ = try subset.read([0, 1]) }
    #expect(probe.calls.labels == 1)
  }

  @Test func adviceFitsTheOrderUnderneath() throws {
    let probe = Probe(try Samples.store(Samples.uniform(20)))
    try probe.subset(3..<9).advise(.sequential)
    try probe.subset([1, 5, 5, 8]).advise(.sequential)
    try probe.subset([5, 1]).advise(.sequential)
    try probe.subset([5, 1]).advise(.any)
    #expect(probe.calls.advice == [.sequential, .sequential, .random, .any])
    try probe.subset([5, 1]).verify()
    #expect(probe.calls.verifications == 1)
  }
}
