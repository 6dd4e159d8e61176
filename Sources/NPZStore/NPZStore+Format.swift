package import ImageStoreCore
package import ImageStoreSupport

/// numpy's archives of arrays.
package struct NPZFormat: WritableStoreFormat {
  package let name = "npz"
  package let summary = "numpy's .npz: one entry per image, or arrays such as x_train"
  package let options: Set<StoreDescription.Option> = [
    .images, .labels, .dimensions, .shape, .dtype, .channelOrder, .palette, .orientation, .axis, .bitOrder,
  ]
  package let suffixes = [".npz"]
  package let layouts = [NPZStore.Layout.encoded.rawValue]
  package let variants = [
    StoreVariant("npz", WriteOptions(threads: 2), traits: .growsInPlace),
    StoreVariant(
      "npz-stored", WriteOptions(compression: Compression.none, threads: 1), traits: .growsInPlace),
    StoreVariant(
      "npz-encoded", WriteOptions(layout: NPZStore.Layout.encoded.rawValue, threads: 2), images: .mixed,
      traits: .growsInPlace),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    let head = FileHead(path)
    return head.begins(with: [0x50, 0x4B]) || head.isThere && FileHead.hasSuffix(path, suffixes)
  }

  package func describesItself(_ path: String) -> Bool { (try? ZipArchive(at: path))?.end.mark != nil }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    func oriented(_ store: NPZStore) -> any ImageStore {
      description.channelOrder == .bgr ? store.swappingChannels() : store
    }
    // The directory is read only once.
    let archive = try ZipArchive(at: path)
    if description.images == nil && description.labelsName == nil {
      let splits = try NPZStore.splits(of: archive, description, threads: threads)
      if !splits.isEmpty {
        return splits.sorted { $0.key < $1.key }.map { OpenedSplit($0.key, oriented($0.value)) }
      }
    }
    return [OpenedSplit(oriented(try NPZStore(archive, description, threads: threads)))]
  }

  package func values(named name: String?, at path: String) throws(StoreError) -> NamedValues? {
    let archive = try ZipArchive(at: path)
    try archive.checkNames()
    return try archive.namedValues(name)
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try NPZStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    try user.use(
      NPZStore.Writer(
        to: path, mode: options.mode, compression: options.compression ?? .small,
        layout: options.layout.flatMap(NPZStore.Layout.init(rawValue:)), encoding: options.encoding,
        classNames: classNames, threads: options.threads))
  }
}

extension NPZStore {
  /// Describes in a few words the contents of a path other than an archive that this package wrote,
  /// such as `an archive with notes.txt besides images`; nil if there is only such an archive.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path) == .file else { return "not a file" }
    let archive: ZipArchive
    do throws(StoreError) {
      archive = try ZipArchive(at: path)
    } catch {
      switch error.code {
      case .unrecognized: return "not an archive"
      case .corrupt, .unsupported, .limitExceeded: return "an archive that this package cannot read"
      default: throw error
      }
    }
    guard archive.end.mark != nil else { return "an archive that another program wrote or changed" }
    let isEncoded = archive.end.mark == .encoded
    let other = archive.directory.named.first {
      !NPZContents.isOwnName($0.name) && !(isEncoded && $0.name == NPZContents.shapesEntry)
    }
    if let other {
      return "an archive with \(other.name) besides images"
    }
    if let other = archive.directory.problems.first {
      return "an archive with \(other.name) besides images"
    }
    guard archive.end.archiveComment.other.isEmpty else {
      return "an archive with a comment of somebody else"
    }
    let file = try File(path, .read)
    let beginning = try file.bytes(at: 0, count: min(2, file.byteCount()))
    guard beginning == Array("PK".utf8) || beginning == [0, 0] else {
      return "an archive with something else before it"
    }
    let (end, byteCount) = (try archive.end.committedEnd(of: file), try file.byteCount())
    guard let end, byteCount >= end else { return "an archive that another program wrote or changed" }
    guard byteCount > end else { return nil }
    let areOurs = try ArchiveLeftovers(file, of: archive, from: end, to: byteCount).areOurs()
    return areOurs ? nil : "an archive with \(byteCount - end) bytes of something else behind it"
  }
}
