import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ZippedStoreTests {
  static let maskFormat = ImageFormat(height: 4, width: 6, elementType: .bool)

  @Test func cropsImagesAndMasksAlike() throws {
    let (images, masks) = (Samples.uniform(8), Samples.uniform(8, seed: 2, format: Self.maskFormat))
    let store = try ZippedStore(try Samples.store(images), masks: try Samples.store(masks))
    let region = ImageRegion(row: 1, column: 2, height: 3, width: 3)
    var batch = ZippedBatch()
    for indices in [[5, 0, 5], [7], [], [1, 2, 3, 4]] {
      for region in [region, nil] {
        try store.read(indices, regions: region.map { .same($0) } ?? .whole, into: &batch)
        let regions = region.map { [$0] } ?? []
        #expect(batch.count == indices.count)
        #expect(Samples.bytes(of: batch.images) == images.gather(indices, regions: regions))
        #expect(Samples.bytes(of: batch.masks) == masks.gather(indices, regions: regions))
        #expect(batch.images.labels == indices.map { Int32(images.labels![$0]) })
      }
    }
    let pair = try store.subset([6, 2]).read([0], regions: .same(region))
    #expect(Samples.bytes(of: pair.masks) == masks.gather([6], regions: [region]))
    #expect(store.count == 8)
  }

  @Test func readsBothIntoTheCallersMemory() throws {
    let (images, masks) = (Samples.uniform(5), Samples.uniform(5, seed: 2, format: Self.maskFormat))
    let store = try ZippedStore(try Samples.store(images), masks: try Samples.store(masks))
    let regions = [
      ImageRegion(row: 0, column: 1, height: 2, width: 5),
      ImageRegion(row: 2, column: 0, height: 2, width: 5),
    ]
    let first = UnsafeMutableRawBufferPointer.allocate(byteCount: 60, alignment: 16)
    let second = UnsafeMutableRawBufferPointer.allocate(byteCount: 20, alignment: 16)
    defer {
      unsafe first.deallocate()
      unsafe second.deallocate()
    }
    var imageBytes = unsafe OutputRawSpan(buffer: first, initializedCount: 0)
    var maskBytes = unsafe OutputRawSpan(buffer: second, initializedCount: 0)
    try store.read([4, 1].span, regions: regions.span, images: &imageBytes, masks: &maskBytes)
    #expect(unsafe imageBytes.finalize(for: first) == 60)
    #expect(unsafe maskBytes.finalize(for: second) == 20)
    #expect(unsafe [UInt8](first) == images.gather([4, 1], regions: regions))
    #expect(unsafe [UInt8](second) == masks.gather([4, 1], regions: regions))
  }

  @Test func refusesStoresThatDoNotPair() throws {
    let images = try Samples.store(Samples.uniform(5))
    let fewer = try Samples.store(Samples.uniform(4, format: Self.maskFormat))
    let smaller = try Samples.store(Samples.uniform(5, format: ImageFormat(height: 4, width: 5)))
    expectError(.invalidArgument) { _ = try ZippedStore(images, masks: fewer) }
    expectError(.invalidArgument) { _ = try ZippedStore(images, masks: smaller) }
  }

  @Test func comparesSizesThatDifferFromImageToImage() throws {
    let images = Samples.mixed(6)
    var masks = ModelImages()
    for (index, format) in images.formats.enumerated() {
      let mask = ImageFormat(
        height: format.height, width: format.width + (index == 4 ? 1 : 0), elementType: .bool)
      masks.append(contentsOf: Samples.uniform(1, seed: UInt64(index), format: mask))
    }
    let store = try ZippedStore(try Samples.store(images), masks: try Samples.store(masks))
    var batch = try store.read([5, 0])
    #expect(Samples.bytes(of: batch.masks) == masks.gather([5, 0]))
    let error = expectError(.invalidArgument) { try store.read([1, 4], into: &batch) }
    #expect(error?.image == 4)
    #expect(batch.count == 0)
    expectError(.invalidArgument) { try store.verify() }
  }

  @Test func aFailureOfTheMasksLeavesNoPairs() throws {
    let images = try Samples.store(Samples.uniform(5))
    let masks = Probe(images, failure: StoreError(.corrupt, "cut short"))
    let store = try ZippedStore(images, masks: masks)
    var batch = ZippedBatch()
    expectError(.corrupt) { try store.read([1], into: &batch) }
    #expect(batch.count == 0 && batch.images.pixels.byteCount == 0)
    expectError(.corrupt) { try store.verify() }
  }
}
