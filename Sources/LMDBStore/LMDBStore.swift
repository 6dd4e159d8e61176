public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// Images in an LMDB database.
///
/// A value has many images if all are of one size, and one image if they differ in size. Values are
/// complete `.npy` arrays, so any LMDB binding together with numpy reads them. Databases that other
/// programs wrote are read too: pickled images, Caffe's `Datum`, `.npy` or PNG values, and raw
/// pixels of a stated format, in the main database or a named one. Labels may be in the values,
/// under keys of another prefix (`image-000000001` and `label-000000001`) or in a named database;
/// texts that are not numbers are a column `label`. Counts (`num-samples`, `length`) are not
/// images. Keys that are not the index are a column `name`, and numbers in keys that are not padded
/// give the order; ``notes`` say what was not read and what was decided.
///
/// The data file is mapped and read by its pages: images are copied straight from the map, and no read takes
/// a lock, a transaction or a slot of LMDB's reader table. A store therefore never makes the file grow,
/// reads from media that cannot be written, and continues to work in a process that has forked.
public final class LMDBStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  let contents: LMDBContents
  private let threadCount: Int
  /// The process that opened the store.
  private let process = OwningProcess()
  private let cachedLabels = Cached<[Int]?>()
  private let cachedColumns: [String: Cached<Column>]
  let cachedChecksums = Cached<[UInt32]>()
  /// A later commit that still uses all pages of the opened commit that may still be read.
  let lastKnown: Atomic<UInt64>

  /// Opens the last commit of a database.
  ///
  /// - Parameters:
  ///   - path: the folder of an environment, or the data file of one made with `MDB_NOSUBDIR`.
  ///   - description: the caller's description of a database that another program wrote. `images`
  ///     and `labels` are named databases or prefixes of keys; `shape` and `elementType` the format
  ///     of values that have only pixels, and are compared with that of others; `dimensions` the
  ///     order of their axes or those of arrays; `channelOrder` that of the planes of a Datum;
  ///     `palette` says how PNGs with a palette are read, `orientation` how JPEGs are turned. For a
  ///     store of this package, only `labels` may be given.
  ///   - threads: how many threads a large read uses; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` if this is not an
  ///   LMDB database or has no images; ``StoreError/Code/corrupt`` if it is damaged;
  ///   ``StoreError/Code/invalidArgument`` if it is not as described;
  ///   ``StoreError/Code/unusedOption`` for an option that does not apply;
  ///   ``StoreError/Code/busy`` if other programs keep changing it.
  public convenience init(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) {
    try self.init(described: path.storePath(), description, threads: threads)
    if contents.hasSwappedChannels {
      throw .unusedOption(
        "channel-order", "the values do not store an order of channels; use swappingChannels()"
      ).at(
        path: self.path)
    }
  }

  /// Opens a database whose values may be such that the caller has to swap their channels.
  convenience init(described path: String, _ description: StoreDescription, threads: Int?) throws(StoreError)
  {
    try description.check(Self.options, format: "LMDB")
    let contents = try Snapshot.read(Self.dataFile(of: path)) { (tree) throws(StoreError) in
      guard let metadata = try StoreMetadata(tree) else {
        return try ForeignReader.contents(tree, description)
      }
      var contents = try ContentsReader.contents(tree, metadata)
      try contents.take(description)
      return contents
    }
    self.init(contents, at: path, threads: threads)
  }

  /// The options that apply to a database.
  package static let options: Set<StoreDescription.Option> = [
    .images, .labels, .shape, .dtype, .dimensions, .channelOrder, .palette, .orientation,
  ]

  private init(_ contents: LMDBContents, at path: String, threads: Int?) {
    self.path = path
    self.contents = contents
    threadCount = Workers.threadCount(threads)
    lastKnown = Atomic(contents.meta.transaction)
    var columns: [String: Cached<Column>] = [:]
    if case .records(let records) = contents.labels {
      for name in records.columnNames { columns[name] = Cached() }
    }
    cachedColumns = columns
  }

  /// Opens a store of this package for appending, and checks everything that liblmdb trusts without
  /// checks and that the new commit will confirm.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if another program made the database.
  convenience init(toBeAppendedTo path: String) throws(StoreError) {
    let contents = try Snapshot.read(Self.dataFile(of: path)) { (tree) throws(StoreError) in
      guard let metadata = try StoreMetadata(tree) else {
        throw StoreError(
          .unsupported, "images cannot be appended to a database that another program wrote",
          remedy: "convert it to a new store")
      }
      let contents = try ContentsReader.contents(tree, metadata, findsUnfinished: true)
      try PageCensus.check(tree, .appending(imageCount: contents.count))
      return contents
    }
    self.init(contents, at: path, threads: 1)
    guard case .records(let records) = contents.labels else { return }
    do throws(StoreError) {
      try checkRecords(records)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The data file of a database at a path.
  static func dataFile(of path: String) throws(StoreError) -> String {
    switch FileSystem.kind(of: path) {
    case .folder:
      let file = "\(path)/data.mdb"
      guard FileSystem.kind(of: file) == .file else {
        throw StoreError(
          .unrecognized, "this is not an LMDB database: the folder has no data.mdb", path: path)
      }
      return file
    case .file: return path
    case .other: throw StoreError(.unrecognized, "this is neither a file nor a folder", path: path)
    case nil: throw StoreError(.notFound, "there is no such file or folder", path: path)
    }
  }

  public var sourcePaths: [String] { [path] }

  public var count: Int { contents.count }

  public var format: ImageFormat? {
    switch contents.images {
    case .none, .mixed: nil
    case .uniform(let format, _, _): format
    case .encoded(let images): images.format
    }
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return switch contents.images {
    case .none: throw .indexOutOfRange(index, count: 0).at(path: path)
    case .uniform(let format, _, _): format
    case .mixed(let positions, _): positions.format(index)
    case .encoded(let images): try located { () throws(StoreError) in try images.format(index) }
    }
  }

  private func located<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw error.at(path: path)
    }
  }

  public var notes: [ReadingNote] { contents.notes }

  public var classNames: [String]? { contents.classNames }

  public var columnNames: [String] {
    switch contents.labels {
    case .records(let records): records.columnNames
    case .values(let values): values.columnNames
    }
  }

  public func labels() throws(StoreError) -> [Int]? {
    switch contents.labels {
    case .values(let values): return values.labels
    case .records(let records):
      guard contents.hasLabels else { return nil }
      return try cachedLabels.value { () throws(StoreError) in
        guard let labels = records.segments[StoreKey.labels] else { return nil }
        return try readingRecordsUnchanged { () throws(StoreError) in
          try labels.labels(of: count, in: contents.file)
        }
      }
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    if case .values(let values) = contents.labels, let column = values.column(name) { return column }
    guard case .records(let records) = contents.labels, let cached = cachedColumns[name],
      let values = records.segments[StoreKey.column(name)]
    else { throw .noColumn(name, among: columnNames).at(path: path) }
    return try cached.value { () throws(StoreError) in
      try readingRecordsUnchanged { () throws(StoreError) in
        guard let offsets = records.offsets(of: StoreKey.column(name)) else {
          return try values.column(of: count, in: contents.file)
        }
        return try values.bytes(of: count, offsets, in: contents.file)
      }
    }
  }

  public func advise(_ pattern: AccessPattern) { contents.file.map.advise(pattern) }

  /// The threads a call may use: in a forked process only the caller's, because the others belong
  /// to the parent.
  var threads: Int { process.isCurrent ? threadCount : 1 }
}
