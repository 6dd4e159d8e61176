import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport
import NPZStore

/// The places and kinds of images, as they are written to an index.
struct IndexBuilder {
  private var offsets: [Int64] = []
  private var sizes: [Int64] = []
  private var checksums: [UInt32] = []
  /// Four numbers for each image.
  private var kinds: [UInt32] = []
  private var firstKind: StoredKind?
  private var isUniform = true

  init() {}

  /// Those of a data set.
  init(_ index: ShardIndex) throws(StoreError) {
    for image in 0..<index.count {
      let place = try index.place(of: image)
      append(
        StoredMember(range: place.range, checksum: index.checksum(of: image), kind: try index.kind(of: image))
      )
    }
  }

  var count: Int { offsets.count }

  /// The format of all images, which may be encoded differently, or nil if they differ or there are none.
  func uniformFormat() -> ImageFormat? {
    guard let first = firstKind else { return nil }
    guard !isUniform else { return first.format }
    let numbers = first.numbers
    for image in 0..<count {
      for part in 0..<4 {
        // The lowest byte of the last is the element type; the others say how it is encoded.
        let mask: UInt32 = part == 3 ? 0xFF : .max
        if kinds[image * 4 + part] & mask != numbers[part] & mask { return nil }
      }
    }
    return first.format
  }

  /// Adds the images of a shard.
  ///
  /// - Returns: how many it has.
  mutating func append(imagesOf shard: NPZStore) throws(StoreError) -> Int {
    for image in 0..<shard.count {
      guard let member = try shard.storedMember(of: image) else {
        throw StoreError(
          .corrupt, "the image is not stored uncompressed in the shard", path: shard.path, image: image)
      }
      append(member)
    }
    return shard.count
  }

  private mutating func append(_ member: StoredMember) {
    offsets.append(Int64(member.range.lowerBound))
    sizes.append(Int64(member.range.count))
    checksums.append(member.checksum)
    kinds += member.kind.numbers
    firstKind = firstKind ?? member.kind
    if isUniform, member.kind != firstKind { isUniform = false }
  }

  /// Adds the images of another.
  mutating func append(_ other: IndexBuilder) {
    offsets += other.offsets
    sizes += other.sizes
    checksums += other.checksums
    kinds += other.kinds
    isUniform =
      isUniform && other.isUniform && (firstKind == nil || other.count == 0 || firstKind == other.firstKind)
    firstKind = firstKind ?? other.firstKind
  }

  /// The arrays of an index.
  func members(hasKinds: Bool) -> [(name: String, bytes: [UInt8])] {
    let int64 = NPYType(.signedInteger, byteCount: 8)
    let uint32 = NPYType(.unsignedInteger, byteCount: 4)
    var members = [
      (ShardIndex.offsetsName, Self.bytes(int64, [count], offsets)),
      (ShardIndex.sizesName, Self.bytes(int64, [count], sizes)),
      (ShardIndex.checksumsName, Self.bytes(uint32, [count], checksums)),
    ]
    if hasKinds { members.append((ShardIndex.kindsName, Self.bytes(uint32, [count, 4], kinds))) }
    return members
  }

  private static func bytes<Value: BitwiseCopyable>(
    _ type: NPYType, _ shape: [Int], _ values: [Value]
  ) -> [UInt8] {
    var bytes = NPYHeader(type, shape: shape).bytes
    unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }
}
