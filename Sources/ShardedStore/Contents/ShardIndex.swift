import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// The arrays of the index, used in place in memory: opening a data set does no work per image.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the arrays are in `source`, whose bytes stay
/// and are only read, and have been checked to have a value for each of `count` images.
@safe final class ShardIndex: @unchecked Sendable {
  let count: Int
  private let manifest: ShardManifest
  private let source: any ByteSource
  /// Where the image is within its shard, and how many bytes it has there; 64 bits each.
  private let offsets: UnsafeRawPointer
  private let sizes: UnsafeRawPointer
  /// The CRC-32 of these bytes.
  private let checksums: UnsafeRawPointer
  /// Four numbers of 32 bits for each image, as ``StoredKind`` has them; nil if all images have one
  /// format and are not encoded.
  private let kinds: UnsafeRawPointer?
  /// The first image of each shard, and after the last how many there are.
  private let firsts: [Int]
  /// The bytes of each shard.
  private let limits: [Int]

  static let offsetsName = "offsets.npy"
  static let sizesName = "sizes.npy"
  static let checksumsName = "crc32.npy"
  static let kindsName = "shapes.npy"
  static let labelsName = "labels.npy"

  /// The name of the array with the values of a column: numbers, or the bytes of all images, UTF-8 of text.
  static func name(ofColumn name: String) -> String { "columns/\(ColumnName.escaped(name, for: .path)).npy" }
  /// The name of the array that says where the bytes of each image begin, of columns of text and of bytes.
  static func name(ofOffsets name: String) -> String { "offsets/\(ColumnName.escaped(name, for: .path)).npy" }

  /// - Parameter source: the bytes of the index, whose checksum has been compared.
  /// - Throws: ``StoreError/Code/corrupt`` for arrays that differ from the manifest.
  init(_ source: any ByteSource, of manifest: ShardManifest) throws(StoreError) {
    self.source = source
    self.manifest = manifest
    count = manifest.count
    let count = manifest.count
    let int64 = NPYType(.signedInteger, byteCount: 8)
    let uint32 = NPYType(.unsignedInteger, byteCount: 4)
    func array(_ name: String, _ type: NPYType, _ shape: [Int]) throws(StoreError) -> UnsafeRawPointer {
      let (header, data) = try unsafe Self.array(name, manifest, source)
      guard header.type == type, header.shape == shape, !header.isFortranOrder,
        let base = data.baseAddress
      else {
        throw StoreError(
          .corrupt,
          "an array of the type '\(header.type.description)' and the shape \(header.shape) does not belong in the index",
          remedy: "write the data set again", key: name)
      }
      return unsafe base
    }
    unsafe offsets = try array(Self.offsetsName, int64, [count])
    unsafe sizes = try array(Self.sizesName, int64, [count])
    unsafe checksums = try array(Self.checksumsName, uint32, [count])
    unsafe kinds =
      manifest.layout == .encoded || manifest.imageFormat == nil && count > 0
      ? try array(Self.kindsName, uint32, [count, 4]) : nil
    var firsts = [0]
    firsts.reserveCapacity(manifest.shards.count + 1)
    for shard in manifest.shards { firsts.append(firsts[firsts.count - 1] + shard.count) }
    self.firsts = firsts
    limits = manifest.shards.map(\.bytes)
  }

  /// The header and the data of an array.
  private static func array(
    _ name: String, _ manifest: ShardManifest, _ source: any ByteSource
  ) throws(StoreError) -> (header: NPYHeader, data: UnsafeRawBufferPointer) {
    guard let array = manifest.index.arrays.first(where: { $0.name == name }),
      array.start + array.bytes <= source.byteCount
    else {
      throw StoreError(.corrupt, "the index lacks an array", remedy: "write the data set again", key: name)
    }
    do throws(StoreError) {
      let bytes = unsafe UnsafeRawBufferPointer(
        rebasing: source.bytes[array.start..<array.start + array.bytes])
      let header = try unsafe withRawSpan(of: bytes) { (bytes) throws(StoreError) in
        try NPYHeader(parsing: bytes)
      }
      return unsafe (header, try header.data(in: bytes))
    } catch {
      throw error.at(key: name)
    }
  }

  // MARK: Images

  /// How many shards there are.
  var shardCount: Int { firsts.count - 1 }

  /// The images of a shard.
  func images(ofShard shard: Int) -> Range<Int> { firsts[shard]..<firsts[shard + 1] }

  /// The shard of an image, whose index has been checked.
  @inline(__always)
  func shard(of index: Int) -> Int {
    // Most shards have as many images as the first.
    let guess = min(index / firsts[1], firsts.count - 2)
    if firsts[guess] <= index && index < firsts[guess + 1] { return guess }
    var (low, high) = (0, firsts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if firsts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }

  /// Where an image is, whose index has been checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for a place outside its shard.
  @inline(__always)
  func place(of index: Int) throws(StoreError) -> (shard: Int, range: Range<Int>) {
    let shard = shard(of: index)
    let offset = unsafe offsets.loadUnaligned(fromByteOffset: index &* 8, as: Int.self)
    let size = unsafe sizes.loadUnaligned(fromByteOffset: index &* 8, as: Int.self)
    let limit = limits[shard]
    guard offset >= 0, size > 0, offset <= limit, size <= limit - offset else { throw outside(index) }
    return (shard, offset..<offset + size)
  }

  /// Images per block: data sets are shuffled and cached in blocks of some 4 MiB.
  var blockImageCount: Int {
    let byteCount = limits.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    return max(1, min(Self.blockByteCount / max(1, byteCount / max(1, count)), max(1, count)))
  }

  private static let blockByteCount = 4 << 20

  /// The bytes of an image's block, as far as it is in the same shard; nil if images do not follow
  /// one another there.
  func block(of index: Int, _ place: (shard: Int, range: Range<Int>)) -> Range<Int>? {
    let size = blockImageCount
    let images = images(ofShard: place.shard)
    let first = max(index / size * size, images.lowerBound)
    let last = min(index / size * size + size, images.upperBound) - 1
    guard let start = try? self.place(of: first).range.lowerBound,
      let end = try? self.place(of: last).range.upperBound,
      start <= place.range.lowerBound, end >= place.range.upperBound, end - start <= 16 * Self.blockByteCount
    else { return nil }
    return start..<end
  }

  /// Whether the images of a block are those of the index.
  func isRight(_ bytes: UnsafeRawBufferPointer, ofBlock block: Range<Int>, shard: Int) -> Bool {
    let (size, images) = (blockImageCount, images(ofShard: shard))
    var first = images.lowerBound
    while first < images.upperBound {
      let end = min((first / size + 1) * size, images.upperBound)
      if let place = try? place(of: first), self.block(of: first, place) == block {
        return (first..<end).allSatisfy { image in
          guard let range = try? self.place(of: image).range, range.lowerBound >= block.lowerBound,
            range.upperBound <= block.upperBound
          else { return false }
          let start = range.lowerBound - block.lowerBound
          let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + range.count])
          return unsafe CRC32.checksum(of: part) == checksum(of: image)
        }
      }
      first = end
    }
    return false
  }

  /// The share of the shards' bytes that is up to the end of their last images, as far as these are in order.
  var imageShare: Double {
    var (end, all) = (0.0, 0.0)
    for shard in 0..<shardCount {
      all += Double(limits[shard])
      end += Double((try? place(of: firsts[shard + 1] - 1).range.upperBound) ?? limits[shard])
    }
    return end > 0 ? end / all : 1
  }

  private func outside(_ index: Int) -> StoreError {
    StoreError(.corrupt, "the index places the image outside its shard", image: index)
  }

  /// The CRC-32 of an image's bytes.
  func checksum(of index: Int) -> UInt32 {
    unsafe checksums.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
  }

  /// The kind of an image, whose index has been checked.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for numbers without a meaning.
  func kind(of index: Int) throws(StoreError) -> StoredKind {
    guard let kinds = unsafe kinds else {
      guard let format = manifest.imageFormat else {
        throw StoreError(.corrupt, "the index gives the image an impossible format")
      }
      return StoredKind(format)
    }
    let numbers = unsafe kinds + index &* 16
    func number(_ position: Int) -> UInt32 {
      unsafe numbers.loadUnaligned(fromByteOffset: position &* 4, as: UInt32.self)
    }
    do throws(StoreError) {
      let kind = try StoredKind(
        height: Int(number(0)), width: Int(number(1)), channels: Int(number(2)), kind: number(3))
      guard (kind.codec > 0) == (manifest.layout == .encoded) else {
        throw StoreError(.corrupt, "the index gives the image an unknown codec, \(kind.codec)")
      }
      return kind
    } catch {
      throw error.at(image: index)
    }
  }

  // MARK: What is said of images

  func labels() throws(StoreError) -> [Int] {
    let (header, data) = try unsafe Self.array(Self.labelsName, manifest, source)
    guard header.type == NPYType(.signedInteger, byteCount: 8), header.shape == [count] else {
      throw StoreError(
        .corrupt, "an array of the shape \(header.shape) cannot be labels", key: Self.labelsName)
    }
    return try unsafe header.integers(in: data)
  }

  /// - Throws: ``StoreError/Code/corrupt`` for values that do not fit the column.
  func column(_ column: ShardManifest.Column) throws(StoreError) -> Column {
    let name = Self.name(ofColumn: column.name)
    let (header, data) = try unsafe Self.array(name, manifest, source)
    do throws(StoreError) {
      let found: Column
      switch column.kind {
      case .int64, .double, .int64Vectors, .doubleVectors:
        guard header.type.byteCount == 8, header.shape.first == count else {
          throw StoreError(.corrupt, "the array does not fit a column of \(column.kind.rawValue)")
        }
        found = try unsafe header.column(of: count, in: data)
      case .string, .bytes:
        let (ends, starts) = try unsafe Self.array(Self.name(ofOffsets: column.name), manifest, source)
        guard header.type == NPYType(.unsignedInteger, byteCount: 1), ends.shape == [count + 1] else {
          throw StoreError(.corrupt, "the arrays do not fit a column of \(column.kind.rawValue)")
        }
        let bytes = try Column.stored(unsafe [UInt8](data), offsets: unsafe ends.integers(in: starts))
        found = column.kind == .bytes ? bytes : try Self.text(bytes)
      }
      guard found.kind == column.kind, found.count == count else {
        throw StoreError(
          .corrupt,
          "expected \(count) \(column.kind.rawValue) values, found \(found.count) \(found.kind.rawValue) values"
        )
      }
      return found
    } catch {
      throw error.at(key: column.name)
    }
  }

  private static func text(_ column: Column) throws(StoreError) -> Column {
    guard case .bytes(let bytes) = column else { return column }
    var texts: [String] = []
    texts.reserveCapacity(bytes.count)
    for (position, value) in bytes.enumerated() {
      guard let text = String(validating: value, as: UTF8.self) else {
        throw StoreError(.corrupt, "the text is not UTF-8", image: position)
      }
      texts.append(text)
    }
    return .string(texts)
  }
}
