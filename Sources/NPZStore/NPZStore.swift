public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Images in an `.npz` archive, as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// Written is one zip archive with one entry per image, `ix-000000.npy`, `ix-000001.npy` and so on,
/// `labels.npy`, `columns/NAME.npy` and `class_names.npy`. `numpy.load` opens it:
///
///     archive = numpy.load("store.npz")
///     image, label = archive["ix-000042"], archive["labels"][42]
///
/// Read are such archives, those of other names with one array per image, and those with one array of all
/// images (`images`, `x_train`, `train_images` and others, see ``splits(at:checksums:threads:)``). Stored entries are read from
/// a map of the file; deflated ones are inflated straight to the caller's memory, on several threads.
///
/// Archives are checked before they are believed: see `Docs/Guarantees.md`. Arrays of Python objects are
/// refused and never unpickled. Sources: PKWARE's APPNOTE.TXT 6.3, RFC 1951, numpy's `lib/_format_impl.py`.
public final class NPZStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let classNames: [String]?
  public let columnNames: [String]

  let archive: ZipArchive
  let images: NPZImages
  private let contents: NPZContents
  private let labelArchive: ZipArchive?
  private let labelEntry: (name: String, entry: ZipEntry)?
  private let knownLabels = Cached<[Int]>()
  let namesCheck = Cached<Bool>()

  /// Whether the checksums of images are checked when they are read.
  public enum ChecksumPolicy: Sendable, Hashable {
    /// A deflated entry is checked whenever it is inflated, a stored one when it is first read. Of one
    /// array with all images, one of more than 256 MiB is checked by ``NPZStore/verify(progress:)`` alone.
    case check
    /// Only ``NPZStore/verify(progress:)`` checks.
    case skip
  }

  /// Opens an archive.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - images: the key of the one array with all images; nil looks for one entry per image, then for
  ///     arrays of known names, of which ``splits(at:checksums:threads:)`` tells, and takes the first of them.
  ///   - labels: the key of the labels; nil looks for `labels`, `outputs` and others, or what goes with
  ///     `images`.
  ///   - labelsAt: another archive that has the labels; nil looks for `out-NAME.npz` beside the archive
  ///     if that has none itself.
  ///   - checksums: whether reading an image checks its CRC-32.
  ///   - threads: how many threads decode; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for what is not an archive or
  ///   has no images; ``StoreError/Code/corrupt`` and ``StoreError/Code/limitExceeded`` for archives that
  ///   contradict themselves or lie; ``StoreError/Code/unsupported`` for encrypted ones and for arrays
  ///   that are not images.
  public init(
    at path: some StorePath, images: String? = nil, labels: String? = nil, labelsAt: (any StorePath)? = nil,
    checksums: ChecksumPolicy = .check, threads: Int? = nil
  ) throws(StoreError) {
    let path = try path.storePath()
    self.path = path
    archive = try ZipArchive(at: path)
    contents = try NPZContents(
      of: archive, images: images, labels: labelsAt == nil ? labels : nil)
    try archive.checkNames()
    columnNames = contents.columns.keys.sorted()
    self.images = try NPZImages(
      contents.images, of: archive, checksums: checksums, threads: Workers.threadCount(threads))
    if let other = try labelsAt?.storePath() ?? Self.labelArchive(beside: path, contents) {
      let archive = try ZipArchive(at: other)
      try archive.checkNames()
      labelArchive = archive
      labelEntry = try NPZContents.labels(in: archive, named: labels)
    } else {
      labelArchive = archive
      labelEntry = contents.labels
    }
    classNames = try Self.classNames(contents, archive)
  }

  /// The archive that goes with one that has no labels: `out-training.npz` with `training.npz`.
  private static func labelArchive(beside path: String, _ contents: NPZContents) -> String? {
    guard contents.labels == nil else { return nil }
    let (folder, name) = FileSystem.split(path)
    let other = "\(folder)/out-\(name)"
    return FileSystem.kind(of: other) == .file ? other : nil
  }

  private static func classNames(
    _ contents: NPZContents, _ archive: ZipArchive
  ) throws(StoreError) -> [String]? {
    guard let entry = contents.classNames else { return nil }
    return try archive.classNames(of: entry, name: NPZContents.classNamesEntry)
  }

  public var sourcePaths: [String] {
    [path] + [labelArchive?.path].compactMap { $0 == archive.path ? nil : $0 }
  }

  public var count: Int { images.count }

  public var format: ImageFormat? { images.format }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return try images.format(at: index)
  }

  public func labels() throws(StoreError) -> [Int]? {
    guard let (name, entry) = labelEntry, let labelArchive else { return nil }
    return try knownLabels.value { () throws(StoreError) in
      try labelArchive.labels(of: entry, name: name, count: count)
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let entry = contents.columns[name] else { throw .noColumn(name, among: columnNames).at(path: path) }
    return try archive.column(of: entry, name: name, count: count)
  }
}
