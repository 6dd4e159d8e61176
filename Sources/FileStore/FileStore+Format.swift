package import ImageStoreCore
package import ImageStoreSupport

/// Folders of images.
package struct FileFormat: WritableStoreFormat {
  package let name = "file"
  package let summary = "images in a folder, with a label table, class folders or splits"
  package let options = FileStore.options.union([.channelOrder])
  package let suffixes: [String] = []
  package let layouts = FileStore.Layout.allCases.map(\.rawValue)
  package let variants = [
    StoreVariant("files", WriteOptions(threads: 2), traits: .opensImagesWhenRead),
    StoreVariant(
      "files-flat", WriteOptions(layout: FileStore.Layout.flat.rawValue, threads: 1),
      traits: .opensImagesWhenRead),
    StoreVariant(
      "files-encoded", WriteOptions(layout: FileStore.Layout.encoded.rawValue, threads: 2), images: .mixed,
      traits: .opensImagesWhenRead),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    FileSystem.kind(of: path) == .folder || Self.isTable(path)
  }

  /// Whether a file is a table, which has labels for images that are elsewhere.
  package static func isTable(_ path: String) -> Bool {
    FileHead.hasSuffix(path, [".csv", ".tsv"]) && FileSystem.kind(of: path) == .file
  }

  package func describesItself(_ path: String) -> Bool {
    [FolderContents.labelsFileName, StoreManifest.fileName].allSatisfy {
      FileSystem.kind(of: "\(path)/\($0)") == .file
    }
  }

  /// Whether a file may be a list of labels, which counts as a table if the caller says so: a text
  /// file.
  package static func isList(_ path: String, of format: any StoreFormat) -> Bool {
    format is FileFormat && FileHead.hasSuffix(path, [".txt"]) && FileSystem.kind(of: path) == .file
  }

  package func values(named name: String?, at path: String) throws(StoreError) -> NamedValues? {
    guard Self.isTable(path) || Self.isList(path, of: self) else { return nil }
    let (folder, file) = FileSystem.split(path)
    let table = try ForeignTable(
      Array(file.utf8), in: Folder(folder.isEmpty ? "." : folder), at: path, namesImage: { _ in false })
    let words = (table.header ?? []).map { $0.lowercased() }
    let position =
      if let name { table.position(of: name) } else {
        ForeignTable.labelWords.lazy.compactMap { words.firstIndex(of: $0) }.first
          ?? (table.fieldCount == 1 ? 0 : nil)
      }
    guard let position else {
      throw StoreError(
        .invalidArgument,
        name.map { "the table has no column '\($0)'" }
          ?? "no column of the table has a name that labels have",
        remedy: "name the column after a colon, as in \(file):NAME"
          + (table.header.map { "; it has \($0.prefix(8).joined(separator: ", "))" } ?? ""), path: path)
    }
    let values = try table.read(bytesOf: nil).columns[position]
    return NamedValues(
      name: table.header?[position] ?? "labels", values: Column(texts: values), shape: [values.count])
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    guard !Self.isTable(path) else {
      throw StoreError(
        .unrecognized, "this is a table, not images",
        remedy: "give the folder or file of the images, and this file with --labels", path: path)
    }
    var inside = description
    inside.channelOrder = nil
    // Programs that write RGB with OpenCV, or the reverse, leave files with red and blue swapped.
    return try FileStore.stores(at: path, inside, threads: threads).map { split, store in
      OpenedSplit(split, description.channelOrder == .bgr ? store.swappingChannels() : store)
    }
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try FileStore.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    try user.use(
      FileStore.Writer(
        to: path, mode: options.mode, layout: options.layout.flatMap(FileStore.Layout.init(rawValue:)),
        encoding: options.encoding, compression: options.compression ?? .fast, classNames: classNames,
        threads: options.threads))
  }
}

extension FileStore {
  /// Describes in a few words the contents of a path that are not part of a finished store that
  /// this package wrote; nil if every file is part of such a store, or of an unfinished append to
  /// it.
  ///
  /// A store is identified by its `store.json`, which must agree with `labels.csv` and with its own
  /// checksum.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path, followingLinks: false) == .folder else { return "not a folder" }
    let folder = try Folder(path)
    for name in [FolderContents.labelsFileName, StoreManifest.fileName]
    where folder.kind(of: name) != .file {
      return "a folder without \(name)"
    }
    let store: FileStore
    do throws(StoreError) {
      store = try FileStore(folder, at: path, threads: 1)
      try store.verifyNames()
    } catch {
      if error.code == .system { throw error }
      return "a folder whose labels.csv and store.json cannot be trusted (\(error.message))"
    }
    guard let layout = store.contents.paths.layout else {
      return "a folder of images with names of their own"
    }
    let files = StoreFiles(layout, store.contents.paths, plan: try plan(in: store.folder))
    return try files.other(in: store.folder).map { "a folder with \($0) besides a store" }
  }

  private static func plan(in root: borrowing Folder) throws(StoreError) -> AppendPlan? {
    guard root.kind(of: HeldStore.workFolderName) == .folder else { return nil }
    return try AppendPlan.read(in: root.folder(HeldStore.workFolderName))
  }
}

/// The names that this package gives in the folder of a store.
private struct StoreFiles {
  private let layout: FileStore.Layout
  private let paths: ImagePaths
  /// The files that an append was moving into the store when it died.
  private let plan: AppendPlan?

  init(_ layout: FileStore.Layout, _ paths: ImagePaths, plan: AppendPlan?) {
    self.layout = layout
    self.paths = paths
    self.plan = plan
  }

  private var end: Int { max(paths.count, plan?.end ?? 0) }

  /// The path of a file that is not this package's.
  func other(in root: borrowing Folder) throws(StoreError) -> String? {
    for name in try root.names() {
      switch (name, root.kind(of: name)) {
      case (FolderContents.labelsFileName, .file), (StoreManifest.fileName, .file): continue
      case (HeldStore.workFolderName, .folder):
        guard try root.isWorkFolder(name) else { return name }
      case (_, .folder) where layout.hasSubfolders:
        guard let number = layout.number(ofFolder: name), number * FileStore.Layout.imagesPerFolder < end
        else {
          return name
        }
        let images = FileStore.Layout.images(ofFolder: number)
        if let other = try otherImage(images, in: root.folder(name)) { return "\(name)/\(other)" }
      case (_, .file) where !layout.hasSubfolders:
        if !isImage(name, among: 0..<end, in: root) { return name }
      default: return name
      }
    }
    return nil
  }

  private func otherImage(_ images: Range<Int>, in folder: borrowing Folder) throws(StoreError) -> String? {
    for name in try folder.names() where !isImage(name, among: images, in: folder) { return name }
    return nil
  }

  /// Whether a file is one of some images, listed in `labels.csv` or moved by an append.
  private func isImage(_ name: String, among images: Range<Int>, in folder: borrowing Folder) -> Bool {
    guard let (index, suffix) = FileStore.Layout.image(ofFile: name), images.contains(index),
      folder.kind(of: name) == .file
    else { return false }
    if index < paths.count { return paths.suffix(of: index) == suffix }
    guard let plan, let stamp = plan.stamp(of: index) else { return false }
    return plan.suffix(of: index) == suffix && stamp.isOf(name, in: folder)
  }
}

extension FileStore.Layout {
  /// The number of a subfolder, or nil for other names.
  fileprivate func number(ofFolder name: String) -> Int? {
    guard let number = Int(name), number >= 0, folderName(number) == name else { return nil }
    return number
  }
}
