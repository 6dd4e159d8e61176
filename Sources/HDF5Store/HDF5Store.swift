// Whoever imports a store needs its protocol, formats and errors too: Docs/Design.md.
@_exported public import ImageStoreCore
import ImageStoreSupport

/// Images in an HDF5 file.
///
/// A store written by this package has `/images` of shape (N,H,W,C), or (N,H,W) if there is one channel,
/// `/labels` (N) with a second link `/meta` to it, further columns in the group `/columns`, and checksums.
/// If images differ in size, `/images` is a group with a dataset each. Files of others are read too,
/// whatever their datasets are called: samples of any type of ``ImageStoreCore/ElementType`` in either byte
/// order, contiguous, compact or in chunks of any extent. Files that are divided into training and test images
/// are opened by ``splits(at:threads:)``.
///
/// libhdf5 serves one thread at a time, so it is asked once, when the store is opened, where everything
/// is. Reading copies from a map, or inflates chunks on several threads, without it; only filters other than deflate, shuffle and
/// Fletcher-32, and some indexes of chunks, are left to `H5Dread`. The file is opened once: an open store keeps what it had, whatever
/// takes the file's name.
///
/// What a hostile file can do: extents, offsets and sizes are checked before memory is asked for or read, and bounded by the size of the
/// file; links to other files, external elements and virtual datasets are refused. The metadata of a file of this package has
/// a checksum, which is compared before libhdf5 reads any of it. That of other files libhdf5 itself parses, and its releases
/// have had errors there that end or take over a process (1.10.8 has some that are known and not mended). Open files from strangers in a
/// process of their own.
///
/// A file that another program shortens or writes to in place while it is open here must not be read
/// further: reading a part that is gone ends the process. Writers of this package never do so.
public final class HDF5Store: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let count: Int
  public let format: ImageFormat?
  public let classNames: [String]?
  public let columnNames: [String]
  /// All images of a file that has checksums of them, as those of this package have; else those in chunks with a
  /// Fletcher-32, which is compared whenever they are read.
  public let checksumCoverage: ChecksumCoverage

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
  ///   - images: the name of the dataset, or group of datasets, that has the images, such as `train/x`. Nil
  ///     stands for `images`, else `image` (one image), else the only dataset that has the shape of images.
  ///     A dataset of three dimensions is (N,H,W), or (H,W,C) if it is called `image` or its label is a
  ///     scalar.
  ///   - labels: the name of the dataset with the labels: any integers, of shape (N), (N,1) or a scalar. Nil
  ///     stands for `labels` or `meta`, or the name that goes with that of the images (`y_train` with
  ///     `x_train`); there need be none.
  ///   - threads: how many threads a large call may use; nil stands for one per processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/unrecognized`` for what is not an HDF5 file,
  ///   ``StoreError/Code/corrupt``, ``StoreError/Code/unsupported``, ``StoreError/Code/limitExceeded``, and
  ///   ``StoreError/Code/busy`` if another program has the file open for writing.
  public convenience init(
    at path: some StorePath, images: String? = nil, labels: String? = nil, threads: Int? = nil
  ) throws(StoreError) {
    try self.init(LibraryFile(path.storePath()), images: images, labels: labels, threads: threads)
  }

  /// Opens what a file has; several stores may read one file.
  init(_ library: LibraryFile, images: String?, labels: String?, threads: Int?) throws(StoreError) {
    let contents = try library.withFile { (session, file) throws(StoreError) -> HDF5Contents in
      try ContentsReader(library).read(session, file, images: images, labels: labels)
    }
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
    columnNames = records.columns.keys.sorted()
    columnCaches = records.columns.mapValues { _ in Cached() }
    checksumCoverage = records.checksums == nil ? contents.images.checksumCoverage : .allImages
    self.threads = Workers.threadCount(threads)
  }

  /// The file that is read.
  var file: MappedFile { library.map }

  public var sourcePaths: [String] { [path] }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    if case .each(let table) = images { return table.format(at: index) }
    guard let format else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return format
  }

  public func labels() throws(StoreError) -> [Int]? {
    guard let values = records.labels else { return nil }
    return try labelCache.value { () throws(StoreError) in
      try integers(values).map(Int.init)
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let values = records.columns[name], let cache = columnCaches[name] else {
      throw .noColumn(name, among: columnNames).at(path: path)
    }
    return try cache.value { () throws(StoreError) in
      do throws(StoreError) {
        try checkCount(values)
        return switch values.columnKind {
        case .string: .string(try values.strings())
        case .double: .double(try values.doubles())
        case .int64: .int64(try values.integers())
        }
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
