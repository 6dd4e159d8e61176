/// Images in as few ranges of shards as is worthwhile.
struct RangePlan {
  /// A range that is fetched whole.
  struct Piece {
    let shard: Int
    fileprivate(set) var bytes: Range<Int>
    /// The block that a cache on this machine has the bytes in.
    let block: Range<Int>?
    /// How many of the images it is fetched for.
    fileprivate(set) var imageCount = 1
  }

  /// Bytes between two images are also fetched if they are fewer than this: a request takes as long
  /// as fetching them.
  static let mostBytesBetween = 256 << 10
  /// A longer range than this gains nothing, and holds memory for longer.
  static let mostBytes = 16 << 20

  private(set) var pieces: [Piece] = []
  private var isOpen = false

  /// Adds an image; those of a shard come in the order of their places.
  ///
  /// - Parameter block: the block of a cache that the image is in; a range is of one block.
  mutating func append(_ place: (shard: Int, range: Range<Int>), in block: Range<Int>? = nil) {
    if isOpen, let last = pieces.last, last.shard == place.shard, last.block == block,
      place.range.lowerBound >= last.bytes.lowerBound,
      place.range.lowerBound - last.bytes.upperBound <= Self.mostBytesBetween,
      max(place.range.upperBound, last.bytes.upperBound) - last.bytes.lowerBound <= Self.mostBytes
    {
      pieces[pieces.count - 1].bytes =
        last.bytes.lowerBound..<max(last.bytes.upperBound, place.range.upperBound)
      pieces[pieces.count - 1].imageCount += 1
    } else {
      pieces.append(Piece(shard: place.shard, bytes: place.range, block: block))
    }
    isOpen = true
  }

  /// Adds an image whose block is fetched whole.
  mutating func append(block: Range<Int>, ofShard shard: Int) {
    if let last = pieces.last, last.shard == shard, last.bytes == block {
      pieces[pieces.count - 1].imageCount += 1
    } else {
      pieces.append(Piece(shard: shard, bytes: block, block: block))
    }
  }

  /// Begins a new range with an image if bytes between it and the previous one have been fetched
  /// already.
  ///
  /// - Parameter offset: where the last of what is there begins, of what begins before the image.
  mutating func interrupt(after offset: Int, inShard shard: Int) {
    if let last = pieces.last, last.shard == shard, offset >= last.bytes.upperBound { isOpen = false }
  }
}
