internal import ArrayStore
internal import CIFAR10
internal import FileStore
internal import HDF5Store
public import ImageStoreCore
internal import ImageStoreDeflate
package import ImageStoreSupport
internal import LMDBStore
internal import NPZStore
internal import ObjectStorage
internal import PackedBitStore
internal import ShardedStore

/// All kinds of stores and data sets, for programs that work with any kind: the kind of an existing
/// store is found from its content, that of a new one from a name or suffix.
///
///     let store = try StoreCatalog.open(at: "train.h5")
public enum StoreCatalog {
  /// All kinds, the more particular ones first: a folder that is of no other kind is a folder of
  /// files. A new kind needs one line here.
  package static let formats: [any StoreFormat] = [
    LMDBFormat(), HDF5Format(), NPZFormat(), ArrayFormat(), PackedBitFormat(), CIFARFormat(), ShardedFormat(),
    FileFormat(),
  ]

  /// The kinds that are written, in the order in which tables list them.
  package static let writable: [any WritableStoreFormat] = {
    let all = formats.compactMap { $0 as? any WritableStoreFormat }
    return all.filter { $0.suffixes.isEmpty } + all.filter { !$0.suffixes.isEmpty }
  }()

  /// The kind with a name.
  package static func format(named name: String) -> (any WritableStoreFormat)? {
    writable.first { $0.name == name }
  }

  /// The kind of a destination's suffix; a folder of files if it has none, or a slash after its
  /// name.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for any other suffix: nobody means a folder by
  ///   `out.jpg` or `out.zip`.
  package static func format(forDestination path: String) throws(StoreError) -> any WritableStoreFormat {
    if ObjectStorage.isLocation(path) { return ShardedFormat() }
    if let format = writable.first(where: { FileHead.hasSuffix(path, $0.suffixes) }) { return format }
    let name = FileSystem.split(path).name
    if !path.hasSuffix("/"), let dot = name.lastIndex(of: "."), dot > name.startIndex {
      let suffix = name[dot...]
      // Numbers, as in `set-1.5`, are not a suffix, and neither are words with something else in them.
      let isSuffix = suffix.dropFirst().allSatisfy { $0.isLetter || $0.isNumber }
      if isSuffix, suffix.contains(where: \.isLetter) {
        throw StoreError(
          .invalidArgument, "no kind of store has the suffix \(suffix)",
          remedy:
            "the suffixes are \(writable.flatMap(\.suffixes).joined(separator: ", ")); a folder of images has no suffix, or a slash after its name",
          path: path)
      }
    }
    return FileFormat()
  }

  /// The kind of what is at a path.
  ///
  /// - Throws: ``StoreError/Code/notFound`` if nothing is; ``StoreError/Code/unrecognized``.
  package static func format(
    of path: String, _ description: StoreDescription = StoreDescription()
  ) throws(StoreError) -> any StoreFormat {
    // A remote location can only be a sharded data set.
    if ObjectStorage.isLocation(path) { return ShardedFormat() }
    guard FileSystem.kind(of: path) != nil else {
      throw StoreError(.notFound, "there is no such file or folder", path: path)
    }
    let signature = FileSignature(ofFile: path)
    // The content decides, not the name.
    if let signature, signature.isNoStore, description.shape == nil {
      throw signature.error(instead: "a store or data set").at(path: path)
    }
    let format = formats.first { $0.recognizes(path, description) }
    if let signature, signature.isCompressed, format?.readsGzip != true || !signature.isGzip {
      throw signature.error(ofCompressed: path, content: content(of: path))
    }
    if let format { return format }
    if let signature { throw signature.error(instead: "a store or data set").at(path: path) }
    throw StoreError(
      .unrecognized, "this is not a store or data set that can be read",
      remedy:
        "'imagestore --help' lists what can be read; bare samples need --shape HxWxC, and packed bits --axis too",
      path: path)
  }

  /// The kind of the content of a gzip file, if it is known.
  private static func content(of path: String) -> FileSignature? {
    do throws(StoreError) {
      let file = try MappedFile(path)
      var head = [UInt8](repeating: 0, count: FileSignature.byteCount)
      var span = head.mutableSpan
      let count = try unsafe span.withUnsafeMutableBytes { (bytes) throws(StoreError) -> Int in
        guard unsafe GzipReader.recognizes(RawSpan(_unsafeBytes: file.bytes)) else { return 0 }
        var reader = try unsafe GzipReader(mapped: file.bytes)
        return try unsafe reader.read(into: bytes)
      }
      return unsafe count == 0 ? nil : head[..<count].withUnsafeBytes { unsafe FileSignature($0) }
    } catch {
      return nil
    }
  }

  /// Whether a path is in object storage rather than on this machine.
  package static func isElsewhere(_ path: String) -> Bool { ObjectStorage.isLocation(path) }

  /// Whether every file at a path belongs to a finished store that this package wrote.
  package static func isStoreOfOurs(_ path: String, as format: any WritableStoreFormat) -> Bool {
    do throws(StoreError) {
      return try format.otherContents(at: Destination(path).path) == nil
    } catch {
      // A path that cannot be examined cannot be proved to be ours.
      return false
    }
  }

  /// Opens a store or data set of any kind; the splits of a divided data set one after another,
  /// training first.
  ///
  /// - Parameters:
  ///   - path: a file or folder.
  ///   - description: the caller's description of it.
  ///   - threads: how many threads the store may use; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/unrecognized``,
  ///   ``StoreError/Code/unusedOption``, and what opening throws.
  public static func open(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) -> any ImageStore {
    let splits = try splits(at: path.storePath(), description, threads: threads).splits
    return splits.count == 1 ? splits[0].store : ConcatenatedStore(splits.map(\.store))
  }

  /// Opens what is at a path: the one store there, or each split of a divided data set, training first.
  ///
  /// - Throws: as ``open(at:_:threads:)``.
  package static func splits(
    at path: String, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) -> (format: any StoreFormat, splits: [OpenedSplit]) {
    let format = try format(of: path, description)
    do throws(StoreError) {
      // Labels may be in another file or missing, for any format.
      try description.check(format.options.union([.labels]), format: format.name)
      // A table names the images of a folder, so that neither their order nor their splits matter.
      guard case .file(let file, let name) = description.labels,
        !(format is FileFormat && (FileFormat.isTable(file) || FileFormat.isList(file, of: format)))
      else {
        let splits = try format.open(path, description, threads: threads)
        return (format, description.labels == StoreDescription.Labels.none ? try splits.unlabelled() : splits)
      }
      var others = description
      others.labels = StoreDescription.Labels.none
      let splits = try format.open(path, others, threads: threads)
      guard splits.count == 1 else {
        throw StoreError(
          .invalidArgument, "one file of labels cannot be used for \(splits.count) splits",
          remedy: "choose the images of one split with --images")
      }
      return (format, [OpenedSplit(splits[0].split, try labelled(splits[0].store, by: file, name))])
    } catch {
      throw description.explaining(error).at(path: path)
    }
  }

  /// Writes all images of a store with their labels, columns and class names.
  ///
  /// - Parameters:
  ///   - source: any store.
  ///   - path: where to write; its suffix (`.lmdb`, `.h5`, `.hdf5`, `.npz`, `.bits`, none for a
  ///     folder of files) decides the kind of store.
  ///   - mode: whether to create, replace or append.
  ///   - compression: nil for the default of the kind.
  ///   - threads: how many threads the writer may use; nil for one per processor.
  ///   - progress: called from time to time with the number of images written.
  /// - Throws: ``StoreError/Code/invalidArgument`` for another suffix, and if the destination is
  ///   inside the source or the reverse; what the kind's writer throws.
  public static func write(
    _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create,
    compression: Compression? = nil, threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) {
    let path = try path.storePath()
    let options = WriteOptions(mode: mode, compression: compression, threads: threads)
    try format(forDestination: path).write(source, to: path, options, progress: progress)
  }
}
