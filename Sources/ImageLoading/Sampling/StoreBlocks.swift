internal import ImageStoreCore

/// The default blocks of a block shuffle for a store.
///
/// They depend on the file and not on the machine, so that all processes of a run have the same
/// order.
enum StoreBlocks {
  /// Blocks per window: a sixteenth of all, so that the two windows that are in memory at a time
  /// are an eighth of the file; enough of them to mix, and no more than 64 MB.
  static func window(ofBlocks count: Int) -> Int { min(max(count / 16, 128), 512) }

  /// Blocks per window of a store.
  static func window(ofBlocks count: Int, of store: some ImageStore) -> Int {
    store.knownChunksPerWindow ?? window(ofBlocks: count)
  }

  /// The pixels of a block: enough that fetching it takes longer than finding it.
  private static let blockByteCount = 128 << 10
  /// The images whose mean size is used for all, if sizes differ.
  private static let sampleCount = 64

  /// Images per block: whole chunks.
  static func blockSize(of store: some ImageStore) throws(StoreError) -> Int {
    guard store.count > 0 else { return 1 }
    var byteCount = store.format?.byteCount ?? 0
    if store.format == nil {
      let samples = min(sampleCount, store.count)
      for sample in 0..<samples {
        byteCount += try store.format(at: sample * store.count / samples).byteCount
      }
      byteCount /= samples
    }
    let count = max(1, blockByteCount / max(1, byteCount))
    let chunk = max(1, store.imagesPerChunk)
    return max(1, (count + chunk / 2) / chunk) * chunk
  }
}
