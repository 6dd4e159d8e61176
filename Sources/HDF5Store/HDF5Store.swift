// Users of this module need its protocol, formats and errors too, so they are exported with it
// (Docs/Design.md).
@_exported public import ImageStoreCore
import ImageStoreSupport

/// Images in an HDF5 file.
///
/// A store written by this package has `/images` of shape (N,H,W,C), or (N,H,W) if there is one
/// channel, `/labels` (N) with a second link `/meta` to it, further columns in the group `/columns`
/// (those of bytes with their offsets in `/offsets`), and checksums. If images differ in size,
/// `/images` is a group with one dataset per image. Files of other programs are read too, with any
/// names of datasets: samples of any type of ``ImageStoreCore/ElementType`` in either byte order,
/// contiguous, compact or in chunks of any extent. Files that are divided into training and test
/// images are opened by ``splits(at:_:threads:)``.
///
/// libhdf5 serves one thread at a time, so it is asked once, when the store is opened, where
/// everything is. Reading copies from a map, or inflates chunks on several threads, without
/// libhdf5; only filters other than deflate, shuffle and Fletcher-32, and some indexes of chunks,
/// are left to `H5Dread`. The file is opened once: an open store keeps its contents, even if
/// another file takes its name.
///
/// On hostile files: extents, offsets and sizes are checked before memory is allocated or read, and
/// are bounded by the size of the file; links to other files, external elements and virtual
/// datasets are refused. The metadata of a file of this package has a checksum, which is compared
/// before libhdf5 reads any of it. The metadata of other files is parsed by libhdf5 itself, whose
/// releases have had errors that end or take over a process (1.10.8 has some that are known and not
/// fixed). Open files from strangers in a separate process.
///
/// Do not continue to read a file that another program shortens or writes to in place while it is
/// open here: reading a part that is gone ends the process. Writers of this package never do that.
public final class HDF5Store: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let count: Int
  public let format: ImageFormat?
  public let classNames: [String]?
  public let columnNames: [String]
  /// All images, if the file has checksums of them, as files of this package have; otherwise those
  /// in chunks with a Fletcher-32, which is compared whenever they are read.
  public let checksumCoverage: ChecksumCoverage
  /// The parts of the file that are not read, and the decisions on the order of its images and
  /// axes.
  public let notes: [ReadingNote]

  let library: LibraryFile
  let images: HDF5Images
  let records: HDF5Records
  let threads: Int
  private let labelCache = Cached<[Int]?>()
  let checksumCache = Cached<[UInt32]>()
  private let columnCaches: [String: Cached<Column>]

  /// Opens an HDF5 file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - description: the caller's description of it. `images` is the name of a dataset, of a group
  ///     with a dataset for each image, for each class or for each sample, or `/` for the root; nil
  ///     means the one with a usual name, such as `images`, `x` or `data`, or else the only dataset
  ///     that has the shape of images. `labels` is the name of a dataset with one whole number,
  ///     text or member of an enumeration per image, or a row with one 1; nil means the name that
  ///     goes with that of the images, such as `y_train` with `x_train`. With an `axis`, each byte
  ///     of the dataset has eight pixels of a mask.
  ///   - threads: how many threads a large call may use; nil means one per processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/unrecognized`` for a file that is
  ///   not HDF5, ``StoreError/Code/corrupt``, ``StoreError/Code/unsupported``,
  ///   ``StoreError/Code/limitExceeded``, ``StoreError/Code/invalidArgument`` if the file is not as
  ///   described, ``StoreError/Code/unusedOption``, and ``StoreError/Code/busy`` if another program
  ///   has the file open for writing.
  public convenience init(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) {
    try self.init(LibraryFile(path.storePath()), description, threads: threads)
  }

  /// Opens an HDF5 file by the names in it.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - images: the name of the images, as ``ImageStoreCore/StoreDescription/images``.
  ///   - labels: the name of the labels; nil looks for them.
  ///   - threads: how many threads a large call may use; nil means one per processor.
  /// - Throws: as ``init(at:_:threads:)``.
  public convenience init(
    at path: some StorePath, images: String?, labels: String? = nil, threads: Int? = nil
  ) throws(StoreError) {
    var description = StoreDescription()
    description.images = images
    description.labels = labels.map { .named($0) }
    try self.init(at: path, description, threads: threads)
  }

  /// Opens the contents of a file; several stores may read one file.
  convenience init(
    _ library: LibraryFile, _ description: StoreDescription = StoreDescription(), threads: Int?
  ) throws(StoreError) {
    let contents = try library.withFile { (session, file) throws(StoreError) -> HDF5Contents in
      let reader = ContentsReader(library)
      var contents = try reader.read(session, file, description)
      if !contents.records.isOwn {
        contents.notes += try reader.unread(session, file, except: contents.names)
      }
      return contents
    }
    try self.init(library, contents, description, threads: threads)
  }

  init(
    _ library: LibraryFile, _ contents: HDF5Contents, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) {
    path = library.path
    self.library = library
    self.images = contents.images
    count = contents.count
    format = contents.format
    records = contents.records
    let stored: [String]?
    do throws(StoreError) {
      stored = try records.storedClassNames?.strings()
    } catch {
      throw error.at(path: library.path)
    }
    classNames = records.classNames ?? stored
    columnNames = Set(records.columns.keys).union(records.foundColumns.keys).sorted()
    notes = contents.notes
    columnCaches = records.columns.mapValues { _ in Cached() }
    checksumCoverage = records.checksums == nil ? contents.images.checksumCoverage : .allImages
    self.threads = Workers.threadCount(threads)
    do throws(StoreError) {
      try contents.signs?.check(self, description)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The file that is read.
  var file: MappedFile { library.map }

  public var sourcePaths: [String] { [path] }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    if case .each(let table) = images { return table.format(at: index) }
    if case .encoded(let encoded) = images { return encoded.format(at: index) }
    guard let format else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return format
  }

  public func labels() throws(StoreError) -> [Int]? {
    if let found = records.foundLabels { return found }
    guard let values = records.labels else { return nil }
    return try labelCache.value { () throws(StoreError) in
      try integers(values).map(Int.init)
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    if let found = records.foundColumns[name] { return found }
    guard let values = records.columns[name], let cache = columnCaches[name] else {
      throw .noColumn(name, among: columnNames).at(path: path)
    }
    return try cache.value { () throws(StoreError) in
      do throws(StoreError) {
        return try values.column(of: count)
      } catch {
        throw error.at(path: path)
      }
    }
  }

  /// One integer per image.
  func integers(_ values: StoredValues) throws(StoreError) -> [Int64] {
    do throws(StoreError) {
      try checkCount(values)
      return try values.integers()
    } catch {
      throw error.at(path: path)
    }
  }

  private func checkCount(_ values: StoredValues) throws(StoreError) {
    let found = values.dataset.count
    guard found == count else {
      throw StoreError(.corrupt, "\(found) values for \(count) images", key: values.dataset.name)
    }
  }

  public func advise(_ pattern: AccessPattern) { file.advise(pattern) }
}
