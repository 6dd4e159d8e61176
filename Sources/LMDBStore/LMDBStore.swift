public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Images in an LMDB database.
///
/// Equal-sized images stand many to a value, images that differ in size one to a value; values are complete
/// `.npy` arrays, so that any LMDB binding and numpy read them. Databases that others wrote are read too:
/// pickled `CIFAR_Image` objects, Caffe's `Datum`, `.npy` or PNG values, and raw pixels of a stated format.
///
/// The data file is mapped and read by its pages: images are copied straight from the map, and no read takes
/// a lock, a transaction or a slot of LMDB's reader table. A store therefore never makes the file grow,
/// reads from media that cannot be written, and goes on to work in a process that has forked.
public final class LMDBStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  let contents: StoreContents
  private let threadCount: Int
  /// The process that opened the store.
  private let process = getpid()
  private let cachedLabels = Cached<[Int]?>()
  let cachedChecksums = Cached<[UInt32]>()
  /// A commit with all pages in use that those of the commit that was opened were, as far as anything of them may still be read.
  let lastKnown: Atomic<UInt64>
  private let cachedColumns = Mutex<[String: Column]>([:])

  /// Opens the last commit of a database.
  ///
  /// - Parameters:
  ///   - path: the folder of an environment, or the data file of one made with `MDB_NOSUBDIR`.
  ///   - rawFormat: the format of values that are nothing but pixels. Only asked for where the values do not
  ///     describe themselves.
  ///   - threads: how many threads a large read uses; nil for one for each processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` where this is no LMDB database
  ///   or holds no images; ``StoreError/Code/corrupt`` where it is damaged;
  ///   ``StoreError/Code/busy`` where other programs change it all the time.
  public init(
    at path: String, rawFormat: ImageFormat? = nil, threads: Int? = nil
  ) throws(StoreError) {
    self.path = path
    threadCount = Workers.threadCount(threads)
    contents = try Snapshot.read(Self.dataFile(of: path)) { (tree) throws(StoreError) in
      if let metadata = try StoreMetadata(tree) { return try LayoutReader.contents(tree, metadata) }
      return try ForeignReader.contents(tree, rawFormat: rawFormat)
    }
    lastKnown = Atomic(contents.meta.transaction)
  }

  /// Opens a store of this package that is to be appended to, with everything checked that liblmdb believes without looking
  /// and that the new commit will vouch for.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` where another program made the database.
  init(toBeAppendedTo path: String) throws(StoreError) {
    self.path = path
    threadCount = 1
    contents = try Snapshot.read(Self.dataFile(of: path)) { (tree) throws(StoreError) in
      guard let metadata = try StoreMetadata(tree) else {
        throw StoreError(
          .unsupported, "images cannot be appended to a database that another program wrote",
          remedy: "convert it to a store of its own")
      }
      let contents = try LayoutReader.contents(tree, metadata, findsUnfinished: true)
      try PageCensus.check(tree, .appending(imageCount: contents.count))
      return contents
    }
    lastKnown = Atomic(contents.meta.transaction)
    guard case .records(let records) = contents.annotations else { return }
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
        throw StoreError(.unrecognized, "no LMDB database: the folder has no data.mdb", path: path)
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
    case .encoded(let images): images.format(index)
    }
  }

  public var classNames: [String]? { contents.classNames }

  public var columnNames: [String] {
    if case .records(let records) = contents.annotations { records.columnNames } else { [] }
  }

  public func labels() throws(StoreError) -> [Int]? {
    switch contents.annotations {
    case .labels(let labels): return labels
    case .records(let records):
      return try cachedLabels.value { () throws(StoreError) in
        guard let parts = records.parts[StoreKey.labels] else { return nil }
        return try readingUnchanged { () throws(StoreError) in try readLabels(parts) }
      }
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    if let known = cachedColumns.withLock({ $0[name] }) { return known }
    guard case .records(let records) = contents.annotations,
      let parts = records.parts[StoreKey.column(name)]
    else { throw .noColumn(name, among: columnNames).at(path: path) }
    let column = try readingUnchanged { () throws(StoreError) in try readColumn(parts) }
    cachedColumns.withLock { $0[name] = column }
    return column
  }

  public func advise(_ pattern: AccessPattern) { contents.file.map.advise(pattern) }

  /// The threads a call may use: in a process that has forked only the caller's, since the others are those
  /// of the parent.
  var threads: Int { getpid() == process ? threadCount : 1 }
}
