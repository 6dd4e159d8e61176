import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import NPZStore
import Synchronization
import Testing

@testable import ShardedStore

/// Data sets that are elsewhere.
@Suite struct FetchingTests {
  private let temporary = TemporaryFolder()
  private var path: String { "\(temporary.path)/set" }

  /// Images of 3 KB, some 30 per shard.
  private static func makeLargeImages(_ count: Int, mixed: Bool = false) throws -> InMemoryStore {
    var generator = SplitMix64(seed: 9)
    var writer = InMemoryStore.Writer()
    for index in 0..<count {
      let format = ImageFormat(height: mixed ? 20 + index % 20 : 32, width: 32, channels: 3)
      let pixels = (0..<format.byteCount / 8).flatMap { _ in
        unsafe withUnsafeBytes(of: generator.next()) { unsafe Array($0) }
      }
      try writer.append(
        pixels + [UInt8](repeating: 1, count: format.byteCount - pixels.count), format: format, label: index)
    }
    return try writer.finish()
  }

  private func open(
    _ images: any ImageStore, layout: ShardedStore.Layout = .arrays, shardSize: Int = 100_000,
    cache: BlockCache? = nil, memory: Int? = nil
  ) throws -> (store: ShardedStore, objects: FakeObjects) {
    if FileSystem.kind(of: path) == nil {
      try ShardedStore.write(images, to: path, shardSize: shardSize, layout: layout)
    }
    let objects = try FakeObjects(path)
    return (try ShardedStore(in: objects, cache: cache, memory: memory, threads: 2), objects)
  }

  @Test func aLargeObjectIsFetchedInParts() throws {
    let bytes = (0..<100_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: "\(path)/object"))
    let objects = try FakeObjects(path)
    for (partByteCount, fetches) in [(50_001, 1), (50_000, 3), (4096, 25), (512, 196)] {
      objects.reset()
      let checked = Mutex<[UInt8]>([])
      let memory = try unsafe objects.fetchAndWait(bytes.count, of: "object", partByteCount: partByteCount) {
        part in
        checked.withLock { unsafe $0 += part }
      }
      #expect([UInt8](copying: memory.span) == bytes && checked.withLock { $0 } == bytes)
      #expect(objects.counts.withLock { $0.fetches.count } == fetches)
      #expect(objects.counts.withLock { $0.mostUnderWay } <= 8)
    }
    for fault in [FakeObjects.Fault.fail, .cut, .nothing] {
      objects.reset()
      objects.fault.withLock { $0 = { number, _ in number == 11 ? fault : nil } }
      #expect(throws: StoreError.self) {
        _ = try unsafe objects.fetchAndWait(bytes.count, of: "object", partByteCount: 4096) { _ in }
      }
    }
  }

  @Test(arguments: [false, true], ShardedStore.Layout.allCases)
  func whatIsElsewhereIsTheSame(mixed: Bool, layout: ShardedStore.Layout) throws {
    let images = try makeImages(120, mixed: mixed)
    let (store, objects) = try open(images, layout: layout, shardSize: 10_000)
    // Opening is the manifest and the index, however many shards there are.
    #expect(objects.counts.withLock { $0.contents } == 1 && objects.counts.withLock { $0.fetches.count } == 1)
    #expect(try difference(store, images) == nil)
    try store.verify()
    #expect(!store.isZeroCopy && store.residentShare() == 0 && store.sourcePaths.isEmpty)
    // Regions, and images in no order and several times.
    let indices = [77, 3, 3, 119, 0, 78]
    let region = ImageRegion(row: 0, column: 0, height: 1, width: 1)
    var (a, b) = (ImageBatch(), ImageBatch())
    for regions in [ImageRegions.whole, .same(region)] {
      try store.read(indices, regions: regions, into: &a)
      try images.read(indices, regions: regions, into: &b)
      let isEqual = unsafe a.pixels.withUnsafeBytes { a in
        unsafe b.pixels.withUnsafeBytes { unsafe a.elementsEqual($0) }
      }
      #expect(isEqual)
    }
    // It is converted as any other, encoded images as they are.
    let copy = try NPZStore.write(
      store, to: "\(temporary.path)/copy.npz", layout: layout == .encoded ? .encoded : nil)
    #expect(try difference(copy, images) == nil)
    var batch = ImageBatch()
    #expect(code { try store.read([120], into: &batch) } == .indexOutOfRange)
  }

  @Test func conformanceOfPlacesElsewhere() throws {
    var capabilities = StoreCapabilities()
    capabilities.holdsMixedFormats = true
    capabilities.isFileBased = false
    @Sendable func make(_ path: String) throws -> FakeObjects {
      try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      return try FakeObjects(path)
    }
    let factory = StoreFactory(
      "ShardedStore elsewhere", capabilities: capabilities,
      write: { path, mode, plan in
        try plan.run(
          ShardedStore.Writer(
            to: make(path), mode: mode, shardSize: 20_000, classNames: plan.classNames, threads: 2))
      },
      open: { try ShardedStore(in: FakeObjects($0), threads: 2) })
    for check in ConformanceCheck.all { try check.run(on: factory, seed: 3) }
  }

  /// The images of a read come as few ranges: what is between two is fetched along if it is little.
  @Test func readsAreFewRanges() throws {
    let images = try Self.makeLargeImages(300)
    let (store, objects) = try open(images, shardSize: 400_000)
    #expect(store.shardCount == 3)
    var batch = ImageBatch()
    objects.reset()
    try store.read(Array(0..<300), into: &batch)
    #expect(objects.counts.withLock { $0.fetches.count } == 3)
    objects.reset()
    try store.read([5, 0, 10, 100, 299], into: &batch)
    // Between 10 and 100 there is more than 256 KiB, 299 is in another shard.
    #expect(objects.counts.withLock { $0.fetches.map(\.name) }.count == 3)
    objects.reset()
    try store.read([7, 7, 7], into: &batch)
    #expect(
      objects.counts.withLock { $0.fetches.count } == 1 && objects.counts.withLock { $0.byteCount } < 4000)
  }

  @Test func announcedImagesAreFetchedOnceAndLetGo() throws {
    let images = try Self.makeLargeImages(300)
    let (store, objects) = try open(images, shardSize: 400_000, memory: 2 << 20)
    objects.reset()
    store.willRead(Array(0..<200).shuffled().span)
    let announced = objects.counts.withLock { $0.fetches.count }
    #expect(announced == 2)
    var batch = ImageBatch()
    for start in stride(from: 0, to: 200, by: 10) {
      try store.read(Array(start..<start + 10), into: &batch)
    }
    #expect(objects.counts.withLock { $0.fetches.count } == announced)
    guard case .fetched(let shards) = store.shards else { return }
    #expect(shards.heldByteCount == 0)
    // What has been read and is read again is fetched again.
    try store.read([3], into: &batch)
    #expect(objects.counts.withLock { $0.fetches.count } == announced + 1)
    store.willRead([-1, 300, .max].span)
    #expect(shards.heldByteCount == 0)
  }

  /// What does not fit waits; what is read meanwhile comes all the same.
  @Test func memoryIsBounded() throws {
    let images = try Self.makeLargeImages(600)
    let limit = 200_000
    let (store, objects) = try open(images, shardSize: 50_000, memory: limit)
    guard case .fetched(let shards) = store.shards else { return }
    var batch = ImageBatch()
    store.willRead(Array(0..<250).span)
    #expect(shards.heldByteCount > 0 && shards.heldByteCount <= limit)
    // Those that wait are fetched by themselves if they are read first.
    try store.read([249], into: &batch)
    for start in stride(from: 0, to: 240, by: 8) {
      try store.read(Array(start..<start + 8), into: &batch)
      #expect(shards.heldByteCount <= limit)
    }
    // An epoch that was given up does not keep the next from being fetched.
    store.willRead(Array(300..<360).span)
    store.advise(.random)
    objects.reset()
    store.willRead(Array(400..<440).span)
    for start in stride(from: 400, to: 440, by: 8) { try store.read(Array(start..<start + 8), into: &batch) }
    #expect(objects.counts.withLock { $0.byteCount } < 60 * 3400)
    #expect(shards.heldByteCount <= limit)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func faultsAreMended(seed: UInt64) throws {
    let images = try Self.makeLargeImages(200, mixed: true)
    let (store, objects) = try open(images, shardSize: 60_000)
    // Every third fetch or so goes wrong in one way or another, and no two of one range that follow
    // one another.
    objects.fault.withLock {
      $0 = { number, _ in
        var generator = SplitMix64(seed: seed &+ UInt64(number / 3))
        let (place, kind) = (generator.next() % 3, Int(generator.next() % 4))
        return UInt64(number % 3) == place ? FakeObjects.Fault.allCases[kind] : nil
      }
    }
    var generator = SplitMix64(seed: seed)
    var (batch, expected) = (ImageBatch(), ImageBatch())
    for _ in 0..<60 {
      let indices = (0..<8).map { _ in Int.random(in: 0..<200, using: &generator) }
      if Bool.random(using: &generator) { store.willRead(indices.span) }
      do {
        try store.read(indices, into: &batch)
      } catch {
        // After several failures, the error names the image and the shard.
        #expect(error.image != nil && error.path?.contains("shards/") == true, "seed \(seed): \(error)")
        continue
      }
      try images.read(indices, into: &expected)
      let isEqual = unsafe batch.pixels.withUnsafeBytes { a in
        unsafe expected.pixels.withUnsafeBytes { unsafe a.elementsEqual($0) }
      }
      #expect(isEqual, "seed \(seed), images \(indices)")
    }
  }

  @Test(arguments: FakeObjects.Fault.allCases)
  func whatStaysWrongIsAnErrorThatSaysWhere(fault: FakeObjects.Fault) throws {
    let images = try Self.makeLargeImages(40)
    let (store, objects) = try open(images, shardSize: 60_000)
    objects.fault.withLock { $0 = { _, name in name.contains("shards/00001") ? fault : nil } }
    var batch = ImageBatch()
    try store.read([0], into: &batch)
    for isAnnounced in [false, true] {
      if isAnnounced { store.willRead([25].span) }
      let error = #expect(throws: StoreError.self) { try store.read([25], into: &batch) }
      #expect(error?.image == 25 && error?.path?.contains("shards/00001") == true)
      #expect(error?.code == (fault == .fail ? .system : .corrupt))
    }
    #expect(objects.counts.withLock { $0.fetches.count } < 20)
    objects.fault.withLock { $0 = { _, _ in nil } }
    try store.read([25], into: &batch)
  }

  @Test func aDamagedIndexIsFetchedAgain() throws {
    let images = try makeImages(50)
    try ShardedStore.write(images, to: path, shardSize: 10_000)
    for fault in FakeObjects.Fault.allCases where fault != .fail {
      let once = try FakeObjects(path, fault: { number, _ in number == 0 ? fault : nil })
      #expect(try difference(ShardedStore(in: once, threads: 1), images) == nil)
      let always = try FakeObjects(path, fault: { _, _ in fault })
      #expect(code { _ = try ShardedStore(in: always, threads: 1) } == .corrupt)
    }
  }

  /// All processes together fetch the data set once, and each keeps no more than its windows.
  @Test(arguments: [1, 2, 4, 8])
  func epochsInLanesFetchTheSetOnce(processes: Int) throws {
    // Blocks of 400 KB, between which nothing is fetched along.
    let format = ImageFormat(height: 128, width: 128, channels: 3)
    var writer = InMemoryStore.Writer()
    for index in 0..<643 {
      try writer.append(
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: format.byteCount), format: format,
        label: index)
    }
    let images = try writer.finish()
    let order = SampleOrder.blockShuffled(seed: 3, epoch: 1, blockSize: 8, window: 16, lanes: 8)
    var joined = [[Int]](repeating: [], count: processes)
    var byteCount = 0
    for process in 0..<processes {
      let (store, objects) = try open(images, shardSize: 8 << 20, memory: 16 << 20)
      objects.reset()
      var batches = store.batches(
        of: 16, in: order.sharded(process, of: processes), options: LoaderOptions(prefetch: 2, workers: 2)
      ).makeBlockingIterator()
      while let batch = try batches.next() {
        joined[process] += batch.labels.map { Int($0) }
        #expect(batch.indices.map { Int($0) } == batch.labels.map { Int($0) })
      }
      byteCount += objects.counts.withLock { $0.byteCount }
    }
    let stream = joined[0].indices.flatMap { step in joined.map { $0[step] } }
    let all = try order.indices(of: 643).array(0..<643)
    #expect(stream == (0..<stream.count).map { all[$0 % 643] })
    // Every image with its header; what is between images of one block is fetched along.
    let stored = try files(below: path).filter { $0.hasPrefix("shards/") }.reduce(0) {
      $0 + (try contents("\(path)/\($1)").count)
    }
    #expect(Double(byteCount) < 1.02 * Double(stored), "\(byteCount) bytes of \(stored)")
  }

  @Test func cancelledEpochsKeepNothingFromTheNext() throws {
    let images = try Self.makeLargeImages(1000)
    let (store, objects) = try open(images, shardSize: 1_000_000, memory: 4 << 20)
    guard case .fetched(let shards) = store.shards else { return }
    for epoch in 0..<20 {
      let order = SampleOrder.blockShuffled(seed: 1, epoch: epoch, blockSize: 10, window: 32, lanes: 8)
      var batches = store.batches(of: 16, in: order).makeBlockingIterator()
      for _ in 0..<epoch % 5 { _ = try batches.next() }
      #expect(shards.heldByteCount <= 4 << 20)
    }
    objects.reset()
    let order = SampleOrder.blockShuffled(seed: 2, epoch: 0, blockSize: 10, window: 32, lanes: 8)
    var batches = store.batches(of: 16, in: order).makeBlockingIterator()
    var count = 0
    while let batch = try batches.next() { count += batch.count }
    #expect(count == 1000)
    let byteCount = objects.counts.withLock { $0.byteCount }
    // Some of it may have had to wait for what was given up.
    #expect(byteCount < 1000 * 3400 * 3, "\(byteCount) bytes")
  }

  @Test func optionsWithoutEffectAreRefused() throws {
    try ShardedStore.write(makeImages(5), to: path)
    let cache = BlockCache.folder("\(temporary.path)/cache", bytes: 1 << 20)
    #expect(code { _ = try ShardedStore(at: path, cache: cache) } == .invalidArgument)
    #expect(code { _ = try ShardedStore(at: path, memory: 1 << 20) } == .invalidArgument)
    #expect(FileSystem.kind(of: "\(temporary.path)/cache") == nil)
    #expect(code { _ = try ShardedStore(in: FakeObjects(path), memory: 0) } == .invalidArgument)
    #expect(
      code { _ = try ShardedStore(in: FakeObjects(path), cache: .folder("\(temporary.path)/c", bytes: 0)) }
        == .invalidArgument)
  }
}
