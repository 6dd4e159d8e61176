import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore
import ObjectStorage
import ShardedStore
import Testing

/// Data sets in a bucket of the server that `IMAGE_STORES_S3` names; see Tests/ObjectStorage/run-tests.
@Suite(
  .enabled(
    if: ObjectStorage.isAvailable && ProcessInfo.processInfo.environment["IMAGE_STORES_S3"] != nil,
    "IMAGE_STORES_S3 names no server, or the trait ObjectStorage is missing"))
struct BucketTests {
  private let path = "s3://sharded-tests/\(UUID().uuidString.lowercased())"

  private func makePlainImages(_ count: Int) throws -> InMemoryStore {
    let format = ImageFormat(height: 128, width: 128, channels: 3)
    var writer = InMemoryStore.Writer()
    for index in 0..<count {
      try writer.append(
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: format.byteCount), format: format,
        label: index)
    }
    return try writer.finish()
  }

  @Test func theyAreWrittenAppendedToAndRead() throws {
    let images = try makeImages(60)
    try StoreCatalog.write(images.subset(0..<40), to: path)
    #expect(code { try StoreCatalog.write(images, to: path) } == .alreadyExists)
    try ShardedStore.write(to: path, mode: .append, shardSize: 4000) {
      try $0.append(contentsOf: images.subset(40..<60))
    }
    let store = try StoreCatalog.open(at: path)
    #expect(try difference(store, images) == nil)
    try store.verify()
    #expect(try ShardedStore.removeOrphans(at: path).count == 1)
    #expect(try difference(ShardedStore(at: path), images) == nil)
    try ShardedStore.write(images.subset(0..<3), to: path, mode: .replace)
    #expect(try ShardedStore(at: path).count == 3)
    #expect(try ShardedStore.removeOrphans(at: path) == [])
    #expect(code { _ = try ShardedStore(at: path + "-none") } == .notFound)
  }

  /// The stream is the same for every number of processes, out of the bucket and out of the cache.
  @Test func epochsAreTheSameForEveryNumberOfProcesses() throws {
    try ShardedStore.write(makePlainImages(300), to: path, shardSize: 4 << 20)
    let temporary = TemporaryFolder()
    let order = SampleOrder.blockShuffled(seed: 3, epoch: 1, blockSize: 8, window: 16, lanes: 4)
    let all = try order.indices(of: 300).array(0..<300)
    for processes in [1, 2, 4] {
      var joined = [[Int]](repeating: [], count: processes)
      for process in 0..<processes {
        let store = try ShardedStore(at: path, cache: .folder("\(temporary.path)/cache", bytes: 1 << 30))
        var batches = store.batches(of: 16, in: order.sharded(process, of: processes)).makeBlockingIterator()
        while let batch = try batches.next() {
          let labels = batch.labels.map { Int($0) }
          joined[process] += labels
          let isRight = unsafe batch.pixels.withUnsafeBytes { pixels in
            labels.indices.allSatisfy {
              unsafe pixels[$0 * 49_152 + 777] == UInt8(truncatingIfNeeded: labels[$0])
            }
          }
          #expect(isRight)
        }
      }
      #expect(joined[0].indices.flatMap { step in joined.map { $0[step] } } == all)
    }
  }
}
