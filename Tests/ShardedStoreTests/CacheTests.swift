import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Synchronization
import Testing

@testable import ShardedStore

@Suite struct CacheTests {
  private let temporary = TemporaryFolder()
  private var path: String { "\(temporary.path)/set" }
  private var cachePath: String { "\(temporary.path)/cache" }

  /// Images of 48 KB: blocks of 4 MiB have 85.
  private static let images: InMemoryStore? = {
    var generator = SplitMix64(seed: 4)
    var writer = InMemoryStore.Writer()
    let format = ImageFormat(height: 128, width: 128, channels: 3)
    for index in 0..<300 {
      let words = (0..<format.byteCount / 8).map { _ in generator.next() }
      let pixels = (0..<8).flatMap { shift in words.map { UInt8(truncatingIfNeeded: $0 >> UInt64(8 * shift)) }
      }
      try? writer.append(pixels, format: format, label: index)
    }
    return try? writer.finish()
  }()

  private func open(bytes: Int = 1 << 30) throws -> (ShardedStore, FakeObjects, BlockCacheFolder) {
    let images = try #require(Self.images)
    if FileSystem.kind(of: path) == nil { try ShardedStore.write(images, to: path, shardSize: 6 << 20) }
    let objects = try FakeObjects(path)
    let store = try ShardedStore(in: objects, cache: .folder(cachePath, bytes: bytes), threads: 2)
    objects.reset()
    guard case .fetched(let shards) = store.shards else { throw StoreError(.system, "not elsewhere") }
    return (store, objects, try #require(shards.cache))
  }

  /// Reads an epoch and compares it.
  private func readEpoch(_ store: ShardedStore, _ epoch: Int, rank: Int = 0, of ranks: Int = 1) throws {
    let images = try #require(Self.images)
    let order = SampleOrder.blockShuffled(seed: 1, epoch: epoch, lanes: 2).sharded(rank, of: ranks)
    var batches = store.batches(of: 32, in: order).makeBlockingIterator()
    var expected = ImageBatch()
    var count = 0
    while let batch = try batches.next() {
      try images.read(batch.indices.map { Int($0) }, into: &expected)
      let isEqual = unsafe expected.pixels.withUnsafeBytes { a in
        unsafe batch.pixels.withUnsafeBytes { unsafe a.elementsEqual($0) }
      }
      #expect(isEqual)
      count += batch.count
    }
    #expect(count == 300 / ranks)
  }

  @Test func theSecondEpochComesFromTheCache() throws {
    let (store, objects, cache) = try open()
    try readEpoch(store, 0)
    cache.waitForWriters()
    let all = objects.counts.withLock { $0.byteCount }
    #expect(all > 300 * 49_152 && all < 300 * 49_152 * 102 / 100)
    objects.reset()
    try readEpoch(store, 1)
    #expect(objects.counts.withLock { $0.fetches.count } == 0)
    // So it does for another process that reads the same data set.
    let (other, otherObjects, _) = try open()
    try readEpoch(other, 2)
    #expect(otherObjects.counts.withLock { $0.fetches.count } == 0)
    #expect(try cache.byteCount() >= 300 * 49_152)
  }

  @Test func ranksOfAMachineShareIt() throws {
    var byteCount = 0
    for rank in 0..<2 {
      let (store, objects, cache) = try open()
      try readEpoch(store, 0, rank: rank, of: 2)
      cache.waitForWriters()
      byteCount += objects.counts.withLock { $0.byteCount }
    }
    #expect(byteCount < 300 * 49_152 * 102 / 100)
  }

  @Test func damagedBlocksAreFetchedAgain() throws {
    let (store, objects, cache) = try open()
    try readEpoch(store, 0)
    cache.waitForWriters()
    let blocks = try files(below: cachePath).filter { $0.hasSuffix(".block") }
    #expect(blocks.count >= 4)
    // One is flipped in places, one is cut as by a power loss, one is empty.
    var bytes = try contents("\(cachePath)/\(blocks[0])")
    for place in stride(from: 1000, to: bytes.count, by: 70_000) { bytes[place] ^= 1 }
    try write(bytes, "\(cachePath)/\(blocks[0])")
    try write(Array(bytes.dropLast(5)), "\(cachePath)/\(blocks[1])")
    try write([], "\(cachePath)/\(blocks[2])")
    objects.reset()
    try readEpoch(store, 1)
    #expect(objects.counts.withLock { $0.fetches.count } > 0)
    try readEpoch(store, 2)
  }

  @Test func theLimitHolds() throws {
    let limit = 9 << 20
    let (store, _, cache) = try open(bytes: limit)
    for epoch in 0..<3 {
      try readEpoch(store, epoch)
      cache.waitForWriters()
      #expect(try cache.byteCount() <= limit + limit / 32)
    }
    #expect(try cache.byteCount() > 0)
    // Blocks larger than the limit are not kept.
    let small = try BlockCacheFolder(.folder("\(temporary.path)/small", bytes: 1000))
    let shard = ShardManifest.Shard(
      name: "x", bytes: 5000, count: 1, crc32: "", sha256: String(repeating: "a", count: 64))
    let memory = try PixelMemory(capacity: 2000)
    try memory.fill { (output) throws(StoreError) in
      for _ in 0..<2000 { unsafe output.append(7, as: UInt8.self) }
    }
    small.write(memory, 0..<2000, of: shard)
    small.waitForWriters()
    #expect(try small.byteCount() == 0)
  }

  @Test func whatWasNotUsedForLongestGoes() throws {
    let cache = try BlockCacheFolder(.folder(cachePath, bytes: 10_000))
    let memory = try PixelMemory(capacity: 2000)
    try memory.fill { (output) throws(StoreError) in
      for _ in 0..<2000 { unsafe output.append(7, as: UInt8.self) }
    }
    func shard(_ number: Int) -> ShardManifest.Shard {
      .init(
        name: "x", bytes: 5000, count: 1, crc32: "",
        sha256: String(repeating: String(number, radix: 16), count: 64))
    }
    func names() throws -> [String] {
      try files(below: cachePath).filter { $0.hasSuffix(".block") }.map { String($0.prefix(1)) }
    }
    for number in 0..<5 {
      cache.write(memory, 0..<2000, of: shard(number))
      cache.waitForWriters()
    }
    #expect(try names() == ["0", "1", "2", "3", "4"])
    // Their times are set, so that no clock matters.
    for (number, time) in [5, 1, 4, 2, 3].enumerated() {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(1000 + time))],
        ofItemAtPath: "\(cachePath)/\(String(repeating: "\(number)", count: 32))-0-2000.block")
    }
    cache.write(memory, 0..<2000, of: shard(10))
    cache.waitForWriters()
    #expect(try names() == ["0", "2", "a"] || names() == ["0", "2", "4", "a"])
    // What is read has been used.
    let done = DispatchSemaphore(value: 0)
    let comparisons = Mutex(0)
    for part in [10..<20, 0..<2000, 1999..<2000] {
      let isRight: @Sendable (UnsafeRawBufferPointer) -> Bool = { bytes in
        comparisons.withLock { $0 += 1 }
        return unsafe bytes.count == 2000 && bytes.allSatisfy { $0 == 7 }
      }
      unsafe cache.read(part, in: 0..<2000, of: shard(2), isRight: isRight) { memory in
        #expect(memory?.byteCount == part.count && memory?.isBorrowed == true)
        done.signal()
      }
      done.wait()
    }
    // It is compared when it is mapped first.
    #expect(comparisons.withLock { $0 } == 1)
    // What has other bytes is removed.
    unsafe cache.read(0..<2000, in: 0..<2000, of: shard(0), isRight: { _ in false }) { memory in
      #expect(memory == nil)
      done.signal()
    }
    done.wait()
    #expect(try !names().contains("0"))
    let used =
      try FileManager.default.attributesOfItem(
        atPath: "\(cachePath)/\(String(repeating: "2", count: 32))-0-2000.block")[.modificationDate] as? Date
    #expect(try #require(used) > Date(timeIntervalSince1970: 100_000))
  }

  @Test func nothingOfOthersIsTouched() throws {
    try FileManager.default.createDirectory(atPath: cachePath, withIntermediateDirectories: false)
    try write([1], "\(cachePath)/notes.txt")
    #expect(code { _ = try BlockCacheFolder(.folder(cachePath, bytes: 1000)) } == .alreadyExists)
    #expect(try files(below: cachePath) == ["notes.txt"])
    try FileManager.default.removeItem(atPath: "\(cachePath)/notes.txt")
    let cache = try BlockCacheFolder(.folder(cachePath, bytes: 3000))
    // Whatever comes there later stays, and so does what looks like a block without being a file.
    let names = ["notes.txt", "\(String(repeating: "a", count: 32))-0-x.block", "a-0-1.block"]
    for name in names { try write([UInt8](repeating: 1, count: 2000), "\(cachePath)/\(name)") }
    try write([1], "\(cachePath)/.block-1-1-1.partial")
    let memory = try PixelMemory(capacity: 2000)
    try memory.fill { (output) throws(StoreError) in
      for _ in 0..<2000 { unsafe output.append(7, as: UInt8.self) }
    }
    for number in 0..<6 {
      cache.write(
        memory, 0..<2000,
        of: .init(
          name: "x", bytes: 5000, count: 1, crc32: "", sha256: String(repeating: "\(number)", count: 64)))
      cache.waitForWriters()
    }
    let left = try files(below: cachePath)
    #expect(names.allSatisfy(left.contains))
    // But what a writer left that died.
    #expect(!left.contains(".block-1-1-1.partial"))
    #expect(try cache.byteCount() == 2000)
  }
}
