import ImageStoreCodecs
public import ImageStoreCore
package import ImageStoreSupport
import ObjectStorage

/// A data set in a folder of many files, its shards. A shard is never changed after it is written.
///
/// The folder has `manifest.json`, which lists the files of the data set; an index with arrays of
/// one value per image, for labels, columns and the positions of images; and the shards in
/// `shards/`. Each shard is a stored archive as ``NPZStore`` writes it, of about 128 MB. Opening
/// reads only the manifest and the index, for any number of shards.
///
///     let train = try ShardedStore(at: "/data/train")
///
/// With the package's trait `ObjectStorage`, the folder may be remote: `s3://bucket/train`, or
/// `https://` for reading. Images are then fetched as few long ranges, ahead of a loader that knows
/// its order; without a loader, ``ImageStoreCore/ImageStore/willRead(_:)`` announces them.
///
/// Python opens a shard, or all of them, with `numpy.load`; Docs/Formats.md has the lines. Shards
/// on this machine are mapped, and images are copied straight from the map.
public final class ShardedStore: ImageStore {
  /// The path or URL that the store was opened at.
  public let path: String
  public let classNames: [String]?
  public let columnNames: [String]

  let contents: ShardedContents
  let shards: Shards
  let threads: Int
  let decoders = IdlePool<EncodedImageDecoder> { ImageCodecs.decoder() }
  private let knownLabels = Cached<[Int]>()

  /// Where the bytes of images are.
  enum Shards: Sendable {
    case mapped(MappedShards)
    case fetched(FetchedShards)
  }

  /// The form of the images in a shard.
  public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
    /// Arrays, `ix-000000.npy` and so on.
    case arrays
    /// Images as they were encoded, such as the bytes of files: `ix-000000.jpg`, `ix-000001.png`.
    case encoded
  }

  /// Opens a data set.
  ///
  /// - Parameters:
  ///   - path: the folder, on this machine or remote.
  ///   - cache: for a remote data set: the cache on this machine that keeps fetched blocks; nil
  ///     keeps none.
  ///   - memory: for a remote data set: the most bytes of announced images that are kept until they
  ///     are read; nil for 1 GiB. The store keeps it for images that come. The blocks of an order
  ///     are fetched whole, ahead of a loader, if there is room for a window of them; with room for
  ///     two, a loader need not wait. In addition, each read in progress has up to 64 MiB, or one
  ///     image.
  ///   - threads: how many threads may be used; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for a folder of
  ///   another kind; ``StoreError/Code/corrupt`` for a manifest, an index or shards that contradict
  ///   one another or are cut short; ``StoreError/Code/unsupported`` for an unknown version.
  public convenience init(
    at path: some StorePath, cache: BlockCache? = nil, memory: Int? = nil, threads: Int? = nil
  ) throws(StoreError) {
    try self.init(in: Self.folder(at: path.storePath()), cache: cache, memory: memory, threads: threads)
  }

  package convenience init(
    in folder: any ObjectFolder, cache: BlockCache? = nil, memory: Int? = nil, threads: Int? = nil
  ) throws(StoreError) {
    if let memory, memory < 1 {
      throw StoreError(
        .invalidArgument, "a read-ahead memory of \(memory) bytes is not possible",
        remedy: "give 1 byte or more")
    }
    if folder.localPath != nil, cache != nil || memory != nil {
      throw StoreError(
        .invalidArgument,
        "\(cache != nil ? "a cache" : "memory") has no effect for a data set on this machine, whose files are mapped",
        remedy: "leave it out", path: folder.location)
    }
    try self.init(ShardedContents(of: folder), cache: cache, memory: memory, threads: threads)
  }

  init(
    _ contents: ShardedContents, cache: BlockCache? = nil, memory: Int? = nil, threads: Int?
  ) throws(StoreError) {
    self.contents = contents
    path = contents.folder.location
    if let local = contents.folder.localPath {
      shards = .mapped(try MappedShards(contents.manifest.shards, in: local))
    } else {
      let folder = try cache.map { (cache) throws(StoreError) in try BlockCacheFolder(cache) }
      shards = .fetched(FetchedShards(contents, limit: memory, cache: folder))
    }
    classNames = contents.manifest.classNames
    columnNames = contents.manifest.columns.map(\.name)
    self.threads = Workers.threadCount(threads)
  }

  var index: ShardIndex { contents.index }

  public var sourcePaths: [String] { contents.folder.localPath.map { [$0] } ?? [] }

  public var count: Int { index.count }

  public var format: ImageFormat? { contents.manifest.imageFormat }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    if let format { return format }
    do throws(StoreError) {
      return try self.index.kind(of: index).format
    } catch {
      throw error.at(path: path)
    }
  }

  public func labels() throws(StoreError) -> [Int]? {
    guard contents.manifest.hasLabels else { return nil }
    return try knownLabels.value { () throws(StoreError) in
      do throws(StoreError) {
        return try index.labels()
      } catch {
        throw error.at(path: indexPath)
      }
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let column = contents.manifest.columns.first(where: { $0.name == name }) else {
      throw .noColumn(name, among: columnNames).at(path: path)
    }
    do throws(StoreError) {
      return try index.column(column)
    } catch {
      throw error.at(path: indexPath)
    }
  }

  /// The path of the index, for errors.
  private var indexPath: String { "\(path)/\(contents.manifest.index.name)" }

  /// The same error naming the image and the shard that has it.
  func named(_ error: StoreError, _ index: Int) -> StoreError {
    let shard = contents.manifest.shards[self.index.shard(of: index)].name
    return error.at(path: "\(path)/\(ShardNames.object(ofShard: shard))", image: index)
  }
}

extension ShardedStore {
  /// The place of objects at a path.
  static func folder(at path: String) throws(StoreError) -> any ObjectFolder {
    if ObjectStorage.isLocation(path) { return try ObjectStorage.folder(at: path) }
    return try LocalObjectFolder(path)
  }

  /// How many shards there are.
  public var shardCount: Int { index.shardCount }
}
