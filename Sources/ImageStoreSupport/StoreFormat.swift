package import ImageStoreCore

/// A kind of store or data set: how it is recognised and opened. Each backend describes its own;
/// `ImageStoreCatalog` lists them for code that has to know all of them.
package protocol StoreFormat: Sendable {
  /// The name that `--to` takes and `info` prints, such as `lmdb`.
  var name: String { get }
  /// What it reads, in one line for the help.
  var summary: String { get }
  /// The options that apply to such files; others are refused before a file is opened.
  var options: Set<StoreDescription.Option> { get }

  /// Whether gzip-compressed files are read.
  var readsGzip: Bool { get }

  /// Whether a path leads to something of this kind, judged by its name and first bytes. Damaged
  /// files must still be recognised here: opening them says what is wrong.
  func recognizes(_ path: String, _ description: StoreDescription) -> Bool

  /// Opens the store at a path, or each split of a divided data set, training first.
  ///
  /// - Parameter threads: how many threads a store may use; nil for one per processor.
  func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit]

  /// Whether the file at a path describes itself completely, as stores that this package wrote do.
  /// It is not checked for damage.
  func describesItself(_ path: String) -> Bool

  /// The bytes of the store at a path: by its size, and as stored on the disk.
  func bytesOnDisk(at path: String) throws(StoreError) -> (apparent: Int, allocated: Int)

  /// Further properties of a store of this kind, as names and values.
  func details(of store: any ImageStore) -> [(name: String, text: String)]

  /// Reads values, such as labels, out of a file of this kind.
  ///
  /// - Parameter name: the array, dataset or column; nil for the only one, or the one that has a
  ///   usual name of labels.
  /// - Returns: nil if files of this kind have no values by themselves, or none of this name.
  func values(named name: String?, at path: String) throws(StoreError) -> NamedValues?
}

extension StoreFormat {
  package func describesItself(_ path: String) -> Bool { false }
  package var readsGzip: Bool { false }
  package func bytesOnDisk(at path: String) throws(StoreError) -> (apparent: Int, allocated: Int) {
    try FileSystem.bytesOnDisk(path)
  }
  package func details(of store: any ImageStore) -> [(name: String, text: String)] { [] }

  package func values(named name: String?, at path: String) throws(StoreError) -> NamedValues? { nil }
}

/// An array of values that a file has under a name, such as labels.
package struct NamedValues: Sendable {
  package var name: String
  /// All values, the last axis varying fastest.
  package var values: Column
  package var shape: [Int]
  /// Names of values, if the array is an enumeration.
  package var names: [Int: String]?

  package init(name: String, values: Column, shape: [Int], names: [Int: String]? = nil) {
    self.name = name
    self.values = values
    self.shape = shape
    self.names = names
  }
}

/// A kind of store that can also be written.
package protocol WritableStoreFormat: StoreFormat {
  /// The suffixes of destinations of this kind, such as `.lmdb`; a path without a suffix means the
  /// kind without one.
  var suffixes: [String] { get }
  /// The values of `--layout`.
  var layouts: [String] { get }
  /// Every variant with code of its own, for tools that try all of them.
  var variants: [StoreVariant] { get }

  /// The stores of this kind, if they can be changed in place.
  var editable: (any EditableStore.Type)? { get }
  /// How to write a store like an existing one of this kind.
  func optionsOfSameKind(as store: any ImageStore) -> WriteOptions

  /// Whether a store is divided into shards, whose size can be given.
  var hasShards: Bool { get }

  /// Removes the files that killed writers left in an intact store.
  ///
  /// - Returns: the names of the removed files; nil if stores of this kind cannot have such files.
  func removeOrphans(at path: String) throws(StoreError) -> [String]?

  /// The other contents of a path, apart from a finished store of this kind that the package wrote;
  /// nil if every file is part of such a store.
  func otherContents(at path: String) throws(StoreError) -> String?

  /// Makes a writer and passes it on.
  func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws
}

extension WritableStoreFormat {
  package var editable: (any EditableStore.Type)? { nil }
  package var hasShards: Bool { false }
  package func removeOrphans(at path: String) throws(StoreError) -> [String]? { nil }
  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions { WriteOptions() }

  /// Writes all images of a store with their labels, columns and class names.
  package func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions,
    progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) {
    try Destination.check(path, isApartFrom: source.sourcePaths)
    do {
      try withoutActuallyEscaping(progress) { progress in
        try makeWriter(
          to: path, options, classNames: source.classNames,
          for: CopyingUser(source: source, progress: progress))
      }
    } catch let error as StoreError {
      throw error.outsideWorkFolder
    } catch {
      throw StoreError(.system, "\(error)", path: path)
    }
  }
}

/// Appends all images of a store and finishes.
private struct CopyingUser: WriterUser {
  let source: any ImageStore
  let progress: (_ written: Int) -> Void

  func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    try writer.append(contentsOf: source, progress: progress)
    _ = try writer.finish()
  }
}

/// Code that uses a writer of any kind.
package protocol WriterUser {
  func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws
}

/// A split of a data set, or the whole of one that is not divided.
package struct OpenedSplit: Sendable {
  /// Which split it is; nil for the whole.
  package var split: Split?
  package var store: any ImageStore

  /// Its name in reports.
  package var name: String { split?.rawValue ?? "whole" }

  /// The whole of a set.
  package init(_ store: any ImageStore) { self.store = store }

  package init(_ split: Split?, _ store: any ImageStore) {
    self.split = split
    self.store = store
  }

  /// The splits of a set, training first.
  package static func all(of splits: [Split: some ImageStore]) -> [OpenedSplit] {
    splits.sorted { $0.key < $1.key }.map { OpenedSplit($0.key, $0.value) }
  }
}

/// The options for writing a store.
package struct WriteOptions: Sendable {
  package var mode: WriteMode
  /// nil for the default of the format.
  package var compression: Compression?
  /// One of the format's layouts, or nil for its default.
  package var layout: String?
  /// How a store with the layout `encoded` gets its images.
  package var encoding: ImageEncoding
  /// The approximate most bytes of a shard, for a store that has shards; nil for the default of the
  /// format.
  package var shardSize: Int?
  /// How many threads may be used; nil for one per processor.
  package var threads: Int?

  package init(
    mode: WriteMode = .create, compression: Compression? = nil, layout: String? = nil,
    encoding: ImageEncoding = ImageEncoding(), threads: Int? = nil, shardSize: Int? = nil
  ) {
    self.encoding = encoding
    self.shardSize = shardSize
    self.mode = mode
    self.compression = compression
    self.layout = layout
    self.threads = threads
  }
}

/// A way of writing a kind of store, for tools that try all of them.
package struct StoreVariant: Sendable {
  /// The name, such as `npz-stored`.
  package var name: String
  package var options: WriteOptions
  /// The kind of its images.
  package var images: Images
  /// Properties for tools that cause failures on purpose.
  package var traits: Traits

  package enum Images: Sendable {
    case color, mask
    /// Images that differ in height and width.
    case mixed
  }

  package struct Traits: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Opening a store calls a C library, which may crash on files that do not crash this package.
    package static let usesLibrary = Traits(rawValue: 1)
    /// Images are files that are opened when they are read, so that those of a store that is
    /// replaced are gone.
    package static let opensImagesWhenRead = Traits(rawValue: 2)
    /// An append counts as soon as its last record is in the file, before the disk has it.
    package static let growsInPlace = Traits(rawValue: 4)
  }

  package init(
    _ name: String, _ options: WriteOptions = WriteOptions(), images: Images = .color, traits: Traits = []
  ) {
    self.name = name
    self.options = options
    self.images = images
    self.traits = traits
  }
}

/// The first bytes of a file, by which its kind is known.
package struct FileHead {
  private let file: MappedFile?

  /// If it is not a regular file, there are no bytes.
  package init(_ path: String) {
    do throws(StoreError) {
      file = FileSystem.kind(of: path) == .file ? try MappedFile(path) : nil
    } catch {
      file = nil
    }
  }

  package func begins(with bytes: [UInt8], at offset: Int = 0) -> Bool {
    guard let file, let found = unsafe file.bytes(at: offset, count: bytes.count) else { return false }
    return unsafe found.elementsEqual(bytes)
  }

  /// Whether there is a regular file.
  package var isThere: Bool { file != nil }

  /// Whether the last component of a path ends with one of some suffixes.
  package static func hasSuffix(_ path: String, _ suffixes: [String]) -> Bool {
    let name = FileSystem.split(path).name.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }
}
