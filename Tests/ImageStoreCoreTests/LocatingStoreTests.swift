import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct LocatingStoreTests {
  /// What is at the places that a store names, or nil if it names none.
  private func located(_ indices: [Int], in store: any ImageStore) throws -> [[UInt8]]? {
    guard store.isLocating, let store = store as? any LocatingStore else { return nil }
    var images: [LocatedImage] = []
    try store.locate(indices.span, into: &images)
    #expect(images.map(\.format) == (try indices.map { try store.format(at: $0) }))
    return images.map { unsafe [UInt8]($0.bytes) }
  }

  @Test func imagesInMemoryAreLocated() throws {
    for model in [Samples.uniform(20), Samples.mixed(20)] {
      let store = try Samples.store(model)
      let indices = [19, 0, 7, 7]
      #expect(try located(indices, in: store) == indices.map { model.pixels[$0] })
      let reversed = Array((0..<20).reversed())
      let wrapped = ConcatenatedStore([
        try store.subset(reversed).subset(0..<8), try store.subset(0..<12).verifyingReads(),
      ])
      #expect(try located(indices, in: wrapped) == [11, 19, 12, 12].map { model.pixels[$0] })
      #expect(throws: StoreError.self) { _ = try located([20], in: wrapped) }
    }
  }

  /// A store from outside the package may lend memory that goes, whatever it says of copies.
  @Test func otherStoresAreNotBelieved() throws {
    let model = ModelStore(Samples.uniform(4))
    let probe = Probe(try Samples.store(Samples.uniform(4)))
    #expect(probe.isZeroCopy)
    for store in [model, probe, try probe.subset(0..<3), ConcatenatedStore([probe])] as [any ImageStore] {
      #expect(try located([0], in: store) == nil)
    }
  }
}
