public import ImageStoreCore
import ImageStoreSupport

extension ShardedStore: SourcedStore {
  package var imageSources: [any ByteSource] {
    if case .mapped(let shards) = shards { shards.files } else { [] }
  }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    guard case .mapped(let shards) = shards else { return }
    // Images that follow one another are in one shard.
    var last: (shard: Int, source: Int)?
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count, let place = try? self.index.place(of: index) else { continue }
      if last?.shard != place.shard { last = (place.shard, ranges.number(of: shards.files[place.shard])) }
      ranges.append(place.range, of: last!.source)
    }
  }

  public func willRead(_ indices: Span<Int>) {
    switch shards {
    case .mapped: requestRanges(of: indices)
    case .fetched(let shards): shards.announce(indices)
    }
  }

  public func residentShare() -> Double {
    guard case .mapped = shards else { return 0 }
    // The bytes of a shard after its images are not read.
    return min(1, residentShareOfSources() / index.imageShare)
  }
}

extension ShardedStore: FetchingStore {
  package var fetchingByteCount: Int? {
    if case .fetched(let shards) = shards { shards.limit } else { nil }
  }

  package func storedByteCount(of indices: Span<Int>) -> Int {
    var sum = 0
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      sum += (try? index.place(of: indices[position]).range.count) ?? 0
    }
    return sum
  }
}

// The order that suits a data set is the same wherever it is.
extension ShardedStore: ChunkedStore {
  package var chunkImageCount: Int { index.blockImageCount }
  package var mostChunksPerWindow: Int? { 64 }
}
