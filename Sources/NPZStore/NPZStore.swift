public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Images in an `.npz` archive, as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// The package writes one zip archive with one entry per image, `ix-000000.npy`, `ix-000001.npy`
/// and so on, `labels.npy`, `columns/NAME.npy` and `class_names.npy`. `numpy.load` opens it:
///
///     archive = numpy.load("store.npz")
///     image, label = archive["ix-000042"], archive["labels"][42]
///
/// It reads such archives, archives with one array per image under other names, and archives with
/// one array of all images (`images`, `x_train`, `train_images` and others, see
/// ``splits(at:_:checksums:threads:)``). Stored entries are read from a map of the file; deflated
/// ones are inflated straight to the caller's memory, on several threads.
///
/// Archives are checked before their contents are used: see `Docs/Guarantees.md`. Arrays of Python
/// objects are refused and never unpickled. Sources: PKWARE's APPNOTE.TXT 6.3, RFC 1951, numpy's
/// `lib/_format_impl.py`.
public final class NPZStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let classNames: [String]?
  public let columnNames: [String]

  let archive: ZipArchive
  let images: NPZImages
  private let contents: NPZContents
  public let notes: [ReadingNote]
  private let labelsPath: String?
  private let knownLabels = Cached<[Int]>()
  let namesCheck = Cached<Bool>()

  /// Whether the checksums of images are checked when they are read.
  public enum ChecksumPolicy: Sendable, Hashable {
    /// A deflated entry is checked whenever it is inflated, a stored one when it is first read. A
    /// single array of all images that has more than 256 MiB is checked only by
    /// ``NPZStore/verify(progress:)``.
    case check
    /// Only ``NPZStore/verify(progress:)`` checks.
    case skip
  }

  /// Opens an archive.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - images: the key of the one array with all images; nil looks for one entry per image, then for
  ///     arrays of known names (see ``splits(at:_:checksums:threads:)``), and uses the first of them.
  ///   - labels: the key of the labels; nil looks for `labels`, `outputs` and others, or the name
  ///     that matches `images`.
  ///   - labelsAt: another archive that has the labels; nil looks for `out-NAME.npz` next to the
  ///     archive if the archive has no labels itself.
  ///   - checksums: whether reading an image checks its CRC-32.
  ///   - threads: how many threads decode; nil for one per processor.
  /// - Throws: as ``init(at:_:checksums:threads:)``.
  public convenience init(
    at path: some StorePath, images: String? = nil, labels: String? = nil, labelsAt: (any StorePath)? = nil,
    checksums: ChecksumPolicy = .check, threads: Int? = nil
  ) throws(StoreError) {
    var description = StoreDescription()
    description.images = images
    if let labelsAt {
      description.labels = .file(try labelsAt.storePath(), name: labels)
    } else if let labels {
      description.labels = .named(labels)
    }
    try self.init(at: path, description, checksums: checksums, threads: threads)
  }

  /// Opens an archive with a description of it.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - description: `images` and `labels` are keys of arrays, labels may be in another archive;
  ///     `dimensions`, `shape` and `elementType` are those of the images; with `axis` and
  ///     `bitOrder` the array is packed bits; `palette` and `orientation` are of encoded images.
  ///   - checksums: whether reading an image checks its CRC-32.
  ///   - threads: how many threads decode; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for a file that is
  ///   not an archive or has no images; ``StoreError/Code/corrupt`` and
  ///   ``StoreError/Code/limitExceeded`` for archives that contradict themselves or make false
  ///   statements; ``StoreError/Code/unsupported`` for encrypted ones and for arrays that are not
  ///   images; ``StoreError/Code/invalidArgument`` for arrays that are not as described.
  public convenience init(
    at path: some StorePath, _ description: StoreDescription, checksums: ChecksumPolicy = .check,
    threads: Int? = nil
  ) throws(StoreError) {
    try self.init(ZipArchive(at: path.storePath()), description, checksums: checksums, threads: threads)
  }

  /// - Parameter elsewhere: keys of arrays that belong to other splits.
  convenience init(
    _ archive: ZipArchive, _ description: StoreDescription, elsewhere: Set<String> = [],
    checksums: ChecksumPolicy = .check, threads: Int?
  ) throws(StoreError) {
    try archive.checkNames()
    try self.init(
      archive, NPZContents(of: archive, description, elsewhere: elsewhere), description, checksums: checksums,
      threads: threads)
  }

  /// - Parameter contents: the contents of the archive.
  init(
    _ archive: ZipArchive, _ contents: NPZContents, _ description: StoreDescription,
    checksums: ChecksumPolicy, threads: Int?
  ) throws(StoreError) {
    path = archive.path
    self.archive = archive
    var contents = contents
    images = try NPZImages(
      contents.images, of: archive, description, checksums: checksums, threads: Workers.threadCount(threads))
    if let (other, name) = Self.labelArchive(beside: path, contents, description) {
      let archive = try ZipArchive(at: other)
      try archive.checkNames()
      try contents.takeLabels(of: archive, named: name, isSaid: description.labels != nil)
      labelsPath = other
    } else {
      labelsPath = nil
    }
    columnNames = contents.columns.keys.sorted()
    classNames = contents.classNames
    if case .encoded(let entries) = images, entries.hasPalettes, description.palette == nil {
      notes = contents.notes + [.expandedPalettes]
    } else {
      notes = contents.notes
    }
    self.contents = contents
    if case .array(let array) = images {
      do throws(StoreError) {
        try PackedBitSigns(name: array.key, shape: array.shape).check(self, description)
      } catch {
        throw error.at(path: path, key: array.key)
      }
    }
  }

  /// The separate archive that has the labels: the stated one, or `out-training.npz` for a
  /// `training.npz` without labels.
  private static func labelArchive(
    beside path: String, _ contents: NPZContents, _ description: StoreDescription
  ) -> (path: String, name: String?)? {
    if case .file(let file, let name) = description.labels { return (file, name) }
    guard case .none = contents.labels, description.labels == nil else { return nil }
    let (folder, name) = FileSystem.split(path)
    let other = "\(folder)/out-\(name)"
    return FileSystem.kind(of: other) == .file ? (other, nil) : nil
  }

  public var sourcePaths: [String] { [path] + [labelsPath].compactMap { $0 } }

  public var count: Int { images.count }

  public var format: ImageFormat? { images.format }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return try images.format(at: index)
  }

  public func labels() throws(StoreError) -> [Int]? {
    switch contents.labels {
    case .none: return nil
    case .values(let labels): return labels
    case .entry(let name, let entry):
      return try knownLabels.value { () throws(StoreError) in
        try archive.labels(of: entry, name: name, count: count)
      }
    }
  }

  /// The name of the entry of a column in this package's archives.
  func entryName(ofColumn name: String) -> String? {
    if case .own(let column, _)? = contents.columns[name] { column.name } else { nil }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    switch contents.columns[name] {
    case .values(let column): return column
    case .own(let column, nil): return try archive.column(of: column.entry, name: column.name, count: count)
    case .own(let column, let offsets?): return try archive.bytes(of: column, offsets, count: count)
    case .array(let array, let width):
      let values = try archive.values(of: array)
      return width > 1 ? try values.vectors(width: width) : values
    case .part(let array, let width, let position):
      let values = try archive.values(of: array)
      return values.gathering((0..<count).map { $0 * width + position })
    case nil: throw .noColumn(name, among: columnNames).at(path: path)
    }
  }
}
