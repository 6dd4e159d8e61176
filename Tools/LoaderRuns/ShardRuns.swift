import Foundation
import ImageLoading
import ImageStoreCore
import ShardedStore

/// Runs over a sharded data set, in a bucket or on this machine.
enum ShardRuns {
  private static let shardSize = 16 << 20

  /// The order by blocks of a store, with `window=BLOCKS` if that is among the options.
  private static func order(
    of store: ShardedStore, _ options: ArraySlice<String>
  ) -> (_ epoch: Int) -> SampleOrder {
    guard let window = options.lazy.compactMap({ $0.hasPrefix("window=") ? Int($0.dropFirst(7)) : nil }).first
    else { return { .blockShuffled(seed: 1, epoch: $0) } }
    let blockSize = store.imagesPerChunk
    return { .blockShuffled(seed: 1, epoch: $0, blockSize: blockSize, window: window) }
  }

  /// - Returns: whether the arguments name one of these runs.
  static func perform(_ arguments: [String]) async throws -> Bool {
    guard let name = arguments.first, arguments.count >= 2 else { return false }
    let (path, options) = (arguments[1], arguments.dropFirst(2))
    let number = options.first.flatMap { Int($0) }
    if name == "shards" {
      let images = SampleImages(count: number ?? 1000)
      // Some servers make a bucket with the first object, and say before that there is none.
      let isThere = (try? ShardedStore(at: path)) != nil
      try ShardedStore.write(images, to: path, mode: isThere ? .replace : .create, shardSize: shardSize)
      ProcessMemory.printPeak()
      return true
    }
    guard ["blocks", "check-blocks", "cancel-blocks"].contains(name) else { return false }
    let store = try open(path, options)
    let order = order(of: store, options)
    switch name {
    case "blocks": try epochs(of: store, order, number ?? 1)
    case "check-blocks": try EpochRun(store, order(0)).check(workers: nil)
    default: try await CancelRun(store, order: order).perform(rounds: number ?? 1000)
    }
    return true
  }

  private static func open(_ path: String, _ options: ArraySlice<String>) throws -> ShardedStore {
    var cache: BlockCache?
    var memory: Int?
    for option in options where Int(option) == nil && !option.hasPrefix("window=") {
      let words = option.split(separator: "=", maxSplits: 1)
      let parts = words.last?.split(separator: ":", maxSplits: 1) ?? []
      guard words.count == 2, let bytes = parts.first.flatMap({ Int($0) }) else {
        throw StoreError(.invalidArgument, "cache=BYTES:FOLDER, memory=BYTES or window=BLOCKS, not \(option)")
      }
      switch (words[0], parts.count) {
      case ("cache", 2): cache = .folder(String(parts[1]), bytes: bytes)
      case ("memory", 1): memory = bytes
      default: throw StoreError(.invalidArgument, "there is no option \(option)")
      }
    }
    return try ShardedStore(at: path, cache: cache, memory: memory)
  }

  /// Prints the seconds of each epoch.
  private static func epochs(
    of store: ShardedStore, _ order: (_ epoch: Int) -> SampleOrder, _ count: Int
  ) throws {
    for epoch in 0..<count {
      let start = ContinuousClock.now
      var images = 0
      var batches = store.batches(of: 128, in: order(epoch)).makeBlockingIterator()
      while let batch = try batches.next() { images += batch.count }
      print((ContinuousClock.now - start) / .seconds(1), images)
      // What is kept in the cache after an epoch is written beside the training.
      usleep(300_000)
    }
    print("anonymous memory: \(ProcessMemory.anonymous / 1024) MB")
    ProcessMemory.printPeak()
  }
}
