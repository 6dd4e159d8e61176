public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// A folder of PNG files.
///
///     let store = try FileStore.write(source, to: "images")
///     let batch = try store.read([17, 4, 981])
///
/// What it reads:
/// - its own layout: `labels.csv` (UTF-8, RFC 4180) with the header `file,label` and further columns,
///   paths relative to the folder, and PNGs, by default a thousand per subfolder. `store.json` beside it
///   saves opening every image for its format; it may be missing;
/// - `0.png 1.png ...` with `N.csv` of one label per line for all N images, or `0.csv 1.csv ...` of one
///   label each, without header;
/// - a folder per class, as torchvision's ImageFolder has it: classes numbered by their sorted names;
/// - a folder of PNGs and nothing else, sorted by name, without labels.
///
/// PNGs hold `bool` (1 bit, one channel), `uint8` and `uint16` images of one to four channels; images of
/// one store may differ in size and type. No path of a CSV file, nor a symbolic link, leads out of the
/// folder. What decodes the files is told of in ``PNGCodec/PNGDecoder``; palettes become their colors.
public final class FileStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let count: Int
  public let columnNames: [String]

  let contents: FolderContents
  let folder: Folder
  let readers = IdlePool { () throws(StoreError) in try ImageFileReader() }
  let threads: Int
  private let foundFormat = Cached<ImageFormat?>()
  private let knownColumns = Mutex<[String: Column]>([:])
  /// What columns that are read in one pass take at least, a text of each value.
  private static let columnByteCount = 64 << 20

  /// Opens a folder of images.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - threads: on how many threads images are read and decoded; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for a folder that is none of
  ///   the above; ``StoreError/Code/corrupt``, naming the line, for a CSV file that is malformed;
  ///   ``StoreError/Code/invalidArgument`` for a path that leads out of the folder.
  public convenience init(at path: some StorePath, threads: Int? = nil) throws(StoreError) {
    let path = try path.storePath()
    switch FileSystem.kind(of: path) {
    case nil: throw StoreError(.notFound, "there is no such folder", path: path)
    case .folder: break
    default: throw StoreError(.unrecognized, "this is not a folder", path: path)
    }
    try self.init(Folder(path), at: path, threads: threads)
  }

  /// Opens the store that is in an open folder. All it reads, it reads from this folder, whatever has its path later.
  init(_ folder: consuming Folder, at path: String, threads: Int?) throws(StoreError) {
    let contents = try FolderContents.read(folder)
    self.path = path
    self.contents = contents
    self.threads = Workers.threadCount(threads)
    self.folder = folder
    count = contents.paths.count
    columnNames = contents.columns.keys.sorted()
  }

  /// The format all images have, or nil if they differ or there are none.
  ///
  /// If no `store.json` says it, the first call reads the header of every file; it is nil too if one
  /// cannot be read, which reading that image reports.
  public var format: ImageFormat? {
    switch contents.format {
    case .uniform(let format): return format
    case .mixed: return nil
    case .unknown:
      do throws(StoreError) {
        return try foundFormat.value { () throws(StoreError) in try uniformFormat() }
      } catch {
        return nil
      }
    }
  }

  public var classNames: [String]? { contents.classNames }

  public var sourcePaths: [String] { [path] }

  public func labels() throws(StoreError) -> [Int]? { contents.labels }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard contents.columns[name] != nil else { throw .noColumn(name, among: columnNames).at(path: path) }
    return try knownColumns.withLock { (known) throws(StoreError) in
      if let column = known[name] { return column }
      known.merge(try contents.readColumns(columnsToRead(with: name, known))) { $1 }
      guard let column = known[name] else { throw contents.wrongKind(ofColumn: name) }
      return column
    }
  }

  /// A column with as many of those that are not known yet as fit in some memory, so that asking for one after another
  /// does not read the whole table each time.
  private func columnsToRead(with name: String, _ known: [String: Column]) -> [String] {
    let order = contents.columns.sorted { $0.value < $1.value }.map(\.key)
    let first = order.firstIndex(of: name) ?? 0
    let most = max(1, Self.columnByteCount / (MemoryLayout<String>.stride * max(1, count)))
    return Array((order[first...] + order[..<first]).lazy.filter { known[$0] == nil }.prefix(most))
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    if case .uniform(let format) = contents.format { return format }
    return try readers.withObject { (reader) throws(StoreError) in
      try reader.format(index, of: contents.paths, in: folder)
    }
  }

  /// Reads the header of each file, on all threads, as long as all are alike.
  private func uniformFormat() throws(StoreError) -> ImageFormat? {
    guard count > 0 else { return nil }
    let first = try format(at: 0)
    do throws(StoreError) {
      try Workers.performRuns(of: count, minimum: 64, threads: threads) { (run) throws(StoreError) in
        try readers.withObject { (reader) throws(StoreError) in
          for index in run where try reader.format(index, of: contents.paths, in: folder) != first {
            throw Self.differs
          }
        }
      }
    } catch {
      if error == Self.differs { return nil }
      throw error
    }
    return first
  }

  private static let differs = StoreError(.unsupported, "images of different formats")
}
