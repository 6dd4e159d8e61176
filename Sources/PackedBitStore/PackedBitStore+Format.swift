package import ImageStoreCore
package import ImageStoreSupport

/// Masks of one bit per pixel.
package struct PackedBitFormat: WritableStoreFormat {
  package let name = "packedbit"
  package let summary = "packed masks; a .npy file or bare bytes need --shape and --axis"
  package let options: Set<StoreDescription.Option> = [.shape, .axis, .bitOrder, .labels]
  package let suffixes = [".bits"]
  package let layouts = PackingAxis.allCases.map(\.rawValue)
  package let variants = [
    StoreVariant("packedbit", WriteOptions(threads: 2), images: .mask, traits: .growsInPlace),
    StoreVariant(
      "packedbit-columns", WriteOptions(layout: PackingAxis.columns.rawValue, threads: 1), images: .mask,
      traits: .growsInPlace),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    switch FileSystem.kind(of: path) {
    case .folder:
      FileSystem.kind(of: "\(path)/masks.npy") != nil || FileSystem.kind(of: "\(path)/format.json") != nil
    // A bare file is what the user says it is.
    case .file:
      (description.axis != nil || FileHead.hasSuffix(path, [".npy"]))
        && FileSignature(ofFile: path)?.isCompressed != true
    default: false
    }
  }

  package func describesItself(_ path: String) -> Bool {
    FileSystem.kind(of: "\(path)/\(PackedBitDescription.fileName)") == .file
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    var file = path
    guard FileSystem.kind(of: path) != .file || description.axis != nil else {
      // Arrays with a header are of another kind.
      throw StoreError(
        .unrecognized, "the file's suffix is .npy, but it does not begin as a .npy file does",
        remedy: "get it again; bare bits need --shape HxW and --axis rows, columns or flat", path: path)
    }
    if FileSystem.kind(of: path) != .file {
      file = "\(path)/\(PackedBitImages.name)"
      let isDescribed = FileSystem.kind(of: "\(path)/\(PackedBitDescription.fileName)") != nil
      guard !isDescribed, FileSystem.kind(of: file) == .file else {
        let store = try PackedBitStore(at: path, threads: threads)
        try store.check(description)
        return [OpenedSplit(store)]
      }
      guard description.axis != nil else {
        throw StoreError(
          .invalidArgument, "the folder has masks.npy, but no format.json that says how the bits are packed",
          remedy:
            "give --shape HxW and --axis rows, columns or flat, or give the .npy file itself if it has one value per pixel",
          path: path)
      }
    }
    var labels: String? = if case .file(let file, nil) = description.labels { file } else { nil }
    let beside = "\(path)/\(PackedBitContents.labelsName)"
    if description.labels == nil, file != path, FileSystem.kind(of: beside) == .file { labels = beside }
    if let name = description.labelsName {
      throw .unusedOption("labels", "the file is one array, which has no part called '\(name)'")
    }
    return [
      OpenedSplit(try PackedBitStore(file: file, description, labels: labels, threads: threads))
    ]
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try PackedBitStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    guard options.compression == nil || options.compression == Compression.none else {
      throw StoreError(
        .unsupported, "packed bits are not compressed", remedy: "leave out --compression", path: path)
    }
    try user.use(
      PackedBitStore.Writer(
        to: path, mode: options.mode, axis: options.layout.flatMap(PackingAxis.init(rawValue:)) ?? .rows,
        classNames: classNames, threads: options.threads))
  }
}

extension PackedBitStore {
  /// Compares what is said of the masks with what the folder says itself.
  fileprivate func check(_ description: StoreDescription) throws(StoreError) {
    guard let layout else { return }
    try description.check(layout.format)
    let axis = StoreDescription.PackingAxis(rawValue: layout.axis.rawValue)
    if let said = description.axis, said != axis {
      throw StoreError(
        .invalidArgument, "the bits are packed along \(layout.axis.rawValue), but \(said.rawValue) was given",
        remedy: "leave --axis out", path: path)
    }
    if let said = description.bitOrder, said.rawValue != layout.bitOrder.rawValue {
      throw StoreError(
        .invalidArgument, "the bit order is \(layout.bitOrder.rawValue), but \(said.rawValue) was given",
        remedy: "leave --bit-order out", path: path)
    }
    if let name = description.labelsName {
      throw .unusedOption("labels", "the folder has labels.npy, but nothing called '\(name)'")
    }
  }

  /// Describes in a few words the contents of a path other than a store that this package wrote,
  /// such as `a folder with notes.txt besides masks`; nil if there is only such a store.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path) == .folder else { return "not a folder of packed masks" }
    let folder = try Folder(path)
    let found: PackedBitContents
    do throws(StoreError) {
      found = try PackedBitContents(at: path)
    } catch {
      guard error.code != .system else { throw error }
      let isThere = folder.kind(of: PackedBitDescription.fileName) == .file
      return isThere ? "a folder of packed masks that cannot be read" : "not a folder of packed masks"
    }
    guard found.description.states != nil else {
      return "a folder of packed masks that another program wrote"
    }
    guard found.description.isIntact, found.state != nil else {
      return "a folder of packed masks that is damaged"
    }
    if let other = try other(in: folder, found) { return "a folder with \(other) besides packed masks" }
    return nil
  }

  private static func other(
    in folder: borrowing Folder, _ found: PackedBitContents
  ) throws(StoreError) -> String? {
    let own = found.ownFiles()
    for name in try folder.names() {
      switch (name, folder.kind(of: name)) {
      case (PackedBitImages.name, .file), (PackedBitDescription.fileName, .file): continue
      case (_, .file) where own.contains(Array(name.utf8)): continue
      case (PackedBitContents.columnsFolder, .folder), (PackedBitContents.offsetsFolder, .folder):
        let columns = try folder.folder(name)
        let other = try columns.names().first {
          columns.kind(of: $0) != .file || !own.contains(Array("\(name)/\($0)".utf8))
        }
        if let other { return "\(name)/\(other)" }
      case (HeldStore.workFolderName, .folder):
        let other = try folder.folder(name).names().first { !HeldStore.workNames.contains($0) }
        if let other { return "\(name)/\(other)" }
      case (PackedBitEdit.folderName, .folder) where found.description.edit != nil:
        if let other = try PackedBitEdit.other(in: folder.folder(name), own) { return "\(name)/\(other)" }
      default: return name
      }
    }
    return nil
  }
}
