import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ImageBatchTests {
  @Test func memoryIsUsedAgainWhereItSuffices() throws {
    let images = Samples.uniform(20)
    let store = try Samples.store(images)
    var batch = try store.read(Array(0..<20))
    let first = address(of: batch)
    for indices in [[3, 1], Array(5..<20), [7]] {
      try store.read(indices, into: &batch)
      #expect(address(of: batch) == first)
      #expect(Samples.bytes(of: batch) == images.gather(indices))
    }
  }

  @Test func aCopyKeepsItsPixels() throws {
    let images = Samples.uniform(20)
    let store = try Samples.store(images)
    var batch = try store.read([1, 2, 3])
    let copy = batch
    try store.read([4, 5, 6], into: &batch)
    #expect(Samples.bytes(of: copy) == images.gather([1, 2, 3]))
    #expect(Samples.bytes(of: batch) == images.gather([4, 5, 6]))
    #expect(address(of: copy) != address(of: batch))
  }

  @Test func aFailedReadLeavesNoStaleImages() throws {
    let store = try Samples.store(Samples.uniform(5))
    let failing = Probe(store, failure: StoreError(.corrupt, "cut short"))
    var batch = try store.read([1, 2])
    expectError(.corrupt) { try failing.read([0], into: &batch) }
    #expect(batch.count == 0 && batch.labels.isEmpty && batch.indices.isEmpty)
    #expect(batch.pixels.byteCount == 0)
  }

  @Test func labelsBeyond32BitsAreRefusedByImage() throws {
    var images = Samples.uniform(3)
    images.labels = [0, Int(Int32.max) + 1, Int(Int32.min)]
    let store = try Samples.store(images)
    #expect(try store.read([0, 2]).labels == [0, Int32.min])
    #expect(expectError(.unsupported) { _ = try store.read([0, 1]) }?.image == 1)
  }

  private func address(of batch: borrowing ImageBatch) -> Int {
    unsafe batch.pixels.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
  }
}
