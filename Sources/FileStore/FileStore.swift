internal import ImageStoreCodecs
public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// A folder of image files: PNG, and JPEG with the package's trait `JPEG`.
///
///     let store = try FileStore.write(source, to: "images")
///     let batch = try store.read([17, 4, 981])
///
/// It reads:
/// - its own layout: `labels.csv` (UTF-8, RFC 4180) with the header `file,label` and further
///   columns (vectors as lists, bytes in base64), paths relative to the folder, and PNGs, by
///   default a thousand per subfolder. `store.json` next to it makes it unnecessary to open every
///   image for its format; it may be missing;
/// - any table that names the images, by paths, file names or names without a suffix, with or
///   without a header and with any separator that can be recognized. Labels may be whole numbers or
///   names of classes;
/// - `0.png 1.png ...` with `N.csv` of one label per line for all N images, or `0.csv 1.csv ...` of one
///   label each;
/// - a folder per class, as torchvision's ImageFolder has it: classes are numbered by their sorted
///   names, or by the numbers that are their names. Folders without images are not classes;
/// - such folders, or images, in folders called `train`, `val`, `test` or similar, and other
///   folders next to them: ``splits(at:_:threads:)``;
/// - a folder that has only images, sorted by name, without labels.
///
/// A folder with two possible readings is refused with an error that names both; ``notes`` say what
/// was not read and what was decided. The paths of files that other programs named are a column
/// `name`. Symbolic links are followed within the folder, and refused if they lead out of it.
///
/// PNGs hold `bool` (1 bit, one channel), `uint8` and `uint16` images of one to four channels;
/// images of one store may differ in size and type. ``PNGCodec/PNGDecoder`` describes how files are
/// decoded; palettes become their colors unless their indices are asked for. JPEGs are `uint8` of
/// one or three channels, as stored unless they are wanted upright. New images are written as PNG.
public final class FileStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let count: Int
  public let columnNames: [String]

  /// The parts that were not read, and the decisions made. A note on palettes covers only the
  /// pictures that have been examined: the first when the store is opened, others when they are
  /// read.
  public var notes: [ReadingNote] {
    let isSeen = palette == nil && readers.hasIdle { $0.hasUse(for: .palette) }
    return contents.notes + (isSeen ? [.expandedPalettes] : [])
  }

  /// How pictures with a palette are read, if it was stated.
  private let palette: StoreDescription.PaletteReading?
  /// Whether the delivered image is the one that the file decodes to by default.
  package let isEncoded: Bool
  let contents: FolderContents
  let folder: Folder
  let readers: IdlePool<ImageFileReader>
  let threads: Int
  private let foundFormat = Cached<ImageFormat?>()
  private let knownFormats: KnownFormats
  private let knownColumns = Mutex<[String: Column]>([:])
  /// Whether the paths of the files are a column.
  private let hasNames: Bool
  /// The least memory of columns that are read in one pass, with one text per value.
  private static let columnByteCount = 64 << 20
  /// The column of the files' paths.
  private static let nameColumn = "name"

  /// Opens a folder of images; all splits of a divided one, training first.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - description: the caller's description of it. `images` is a folder in it, or the column of
  ///     a table that names the images, which then decides which images there are; `labels` is a
  ///     column of the table or the table's own name; `classDepth` counts from the folder, or from
  ///     that of a split, and says that classes are folders, even if there are tables; `palette`
  ///     and `orientation`; `shape` and `elementType` are compared with every image.
  ///   - threads: on how many threads images are read and decoded; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for any other folder;
  ///   ``StoreError/Code/corrupt``, naming the line, for a CSV file that is malformed;
  ///   ``StoreError/Code/invalidArgument`` for a path or link that leads out of the folder, and for
  ///   a folder with two possible readings; ``StoreError/Code/unusedOption`` for an option that
  ///   does not apply to the folder.
  public convenience init(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) {
    let path = try path.storePath()
    let folder = try Self.open(path)
    try description.check(Self.options, format: "a folder of files")
    let splits = try Self.contents(of: folder, description)
    try self.init(
      folder, splits.count == 1 ? splits[0].contents : .joined(splits.map(\.contents)), at: path, description,
      threads: threads)
  }

  /// Opens each split of a divided folder: class folders or images in folders called `train`,
  /// `val`, `test` or similar, and other folders next to them, or one table per split next to the
  /// images.
  ///
  /// - Returns: the splits by their names; none if the folder is not divided.
  /// - Throws: as ``init(at:_:threads:)``.
  public static func splits(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) -> [Split: FileStore] {
    var result: [Split: FileStore] = [:]
    for (split, store) in try stores(at: path.storePath(), description, threads: threads) {
      if let split { result[split] = store }
    }
    return result
  }

  /// The store of a folder, or each of its splits.
  package static func stores(
    at path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [(split: Split?, store: FileStore)] {
    try description.check(options, format: "a folder of files")
    var stores: [(split: Split?, store: FileStore)] = []
    for (split, contents) in try contents(of: open(path), description) {
      stores.append((split, try FileStore(open(path), contents, at: path, description, threads: threads)))
    }
    return stores
  }

  /// The options that apply to a folder.
  package static let options: Set<StoreDescription.Option> = [
    .images, .labels, .shape, .dtype, .palette, .orientation, .classDepth,
  ]

  private static func open(_ path: String) throws(StoreError) -> Folder {
    switch FileSystem.kind(of: path) {
    case nil: throw StoreError(.notFound, "there is no such folder", path: path)
    case .folder: return try Folder(path)
    default: throw StoreError(.unrecognized, "this is not a folder", path: path)
    }
  }

  private static func contents(
    of folder: borrowing Folder, _ description: StoreDescription
  ) throws(StoreError) -> [(split: Split?, contents: FolderContents)] {
    do throws(StoreError) {
      return try FolderContents.read(folder, description)
    } catch {
      throw error.at(path: folder.path)
    }
  }

  /// Opens the store in an open folder. It reads everything from this folder, even if another
  /// folder takes its path.
  convenience init(_ folder: consuming Folder, at path: String, threads: Int?) throws(StoreError) {
    let splits = try Self.contents(of: folder, StoreDescription())
    try self.init(
      folder, splits.count == 1 ? splits[0].contents : .joined(splits.map(\.contents)), at: path,
      StoreDescription(), threads: threads)
  }

  private init(
    _ folder: consuming Folder, _ contents: FolderContents, at path: String, _ description: StoreDescription,
    threads: Int?
  ) throws(StoreError) {
    self.path = path
    self.contents = contents
    self.threads = Workers.threadCount(threads)
    self.folder = folder
    count = contents.paths.count
    if case .uniform = contents.format {
      knownFormats = try KnownFormats(count: 0)
    } else {
      knownFormats = try KnownFormats(count: count)
    }
    palette = description.palette
    isEncoded = ImageCodecs.areDeliveredAsEncoded(description)
    readers = IdlePool { () throws(StoreError) in try ImageFileReader(description) }
    var names = Set(contents.columns.keys).union(contents.values.keys)
    // Names that follow from the index carry no information.
    hasNames =
      contents.kind != .labelsCSV && contents.paths.layout == nil && names.insert(Self.nameColumn).inserted
    columnNames = names.sorted()
    if description.shape != nil || description.elementType != nil { try check(description) }
    try look(for: description)
  }

  /// Examines the first picture, or as many as it takes to find one that each stated option applies
  /// to.
  ///
  /// - Throws: ``StoreError/Code/unusedOption`` if there is none; ``StoreError/Code/missingTrait``
  ///   if the first picture needs a trait, as the others do then.
  private func look(for description: StoreDescription) throws(StoreError) {
    let wanted = description.options.intersection(ImageCodecs.options)
    func applies(_ option: StoreDescription.Option) -> Bool { readers.hasIdle { $0.hasUse(for: option) } }
    // This package writes PNGs without palettes.
    let looked =
      contents.description != nil && !contents.isEncoded ? 0 : wanted.isEmpty ? min(count, 1) : count
    for index in 0..<looked {
      do throws(StoreError) {
        _ = try format(at: index)
      } catch {
        // Faults of a picture are reported when it is read.
        if index == 0, error.code == .missingTrait { throw error }
      }
      if wanted.allSatisfy(applies) { return }
    }
    do throws(StoreError) {
      try ImageCodecs.checkUse(of: description, applies)
    } catch {
      throw error.at(path: path)
    }
  }

  /// Compares every image with the description.
  private func check(_ description: StoreDescription) throws(StoreError) {
    if let format {
      do throws(StoreError) {
        return try description.check(format)
      } catch {
        throw error.at(path: path)
      }
    }
    for index in 0..<count {
      do throws(StoreError) {
        try description.check(format(at: index))
      } catch {
        throw error.at(path: path, image: index)
      }
    }
  }

  /// The format all images have, or nil if they differ or there are none.
  ///
  /// If no `store.json` states it, the first call reads the header of every file. It is also nil if
  /// a file cannot be read; reading that image reports the error.
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
    if let column = contents.values[name] { return column }
    if hasNames, name == Self.nameColumn { return .string((0..<count).map { contents.paths.text($0) }) }
    guard contents.columns[name] != nil else { throw .noColumn(name, among: columnNames).at(path: path) }
    return try knownColumns.withLock { (known) throws(StoreError) in
      if let column = known[name] { return column }
      known.merge(try contents.readColumns(columnsToRead(with: name, known))) { $1 }
      guard let column = known[name] else { throw contents.wrongKind(ofColumn: name) }
      return column
    }
  }

  /// A column, read together with as many unread columns as fit in some memory, so that asking for
  /// one after another does not read the whole table each time.
  private func columnsToRead(with name: String, _ known: [String: Column]) -> [String] {
    let order = contents.columns.sorted { $0.value < $1.value }.map(\.key)
    let first = order.firstIndex(of: name) ?? 0
    let most = max(1, Self.columnByteCount / (MemoryLayout<String>.stride * max(1, count)))
    return Array((order[first...] + order[..<first]).lazy.filter { known[$0] == nil }.prefix(most))
  }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    if case .uniform(let format) = contents.format { return format }
    return try readers.withObject { (reader) throws(StoreError) in try format(at: index, by: reader) }
  }

  private func format(at index: Int, by reader: ImageFileReader) throws(StoreError) -> ImageFormat {
    if let known = knownFormats[index] { return known }
    let format = try reader.format(index, of: contents.paths, in: folder)
    knownFormats.note(format, of: index)
    return format
  }

  /// Reads the header of each file, on all threads, as long as all are equal.
  private func uniformFormat() throws(StoreError) -> ImageFormat? {
    guard count > 0 else { return nil }
    let first = try format(at: 0)
    do throws(StoreError) {
      try Workers.performRuns(of: count, minimum: 64, threads: threads) { (run) throws(StoreError) in
        try readers.withObject { (reader) throws(StoreError) in
          for index in run where try format(at: index, by: reader) != first {
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

  private static let differs = StoreError(.unsupported, "the store has images of different formats")
}
