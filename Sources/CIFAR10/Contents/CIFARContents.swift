import ImageStoreCore
import ImageStoreSupport

/// The files of a set that a path leads to.
struct CIFARContents {
  /// In the order of their numbers.
  let batches: [BatchFile]
  /// Those with the names of classes.
  let names: [BatchFile]

  init(at path: String) throws(StoreError) {
    switch FileSystem.kind(of: path) {
    case .folder: try self.init(folder: path)
    case .file:
      let map = try MappedFile(path)
      switch FileContent(map) {
      case .archive: try self.init(archive: map)
      case .pickle: try self.init(batch: map, isPickle: true)
      case .binary: try self.init(batch: map, isPickle: false)
      case .other:
        throw StoreError(
          .unrecognized, "this is neither a batch of CIFAR nor an archive of batches", path: path)
      }
    case .other: throw StoreError(.unrecognized, "this is neither a file nor a folder", path: path)
    case nil: throw StoreError(.notFound, "there is no such file or folder", path: path)
    }
  }

  /// Uses the files of the one distribution that has batches.
  private init(_ files: [BatchFile], in path: String) throws(StoreError) {
    let found = Self.distributions(files.map(\.role))
    guard let distribution = found.first else {
      throw StoreError(
        .notFound, "there are no CIFAR batches in it",
        remedy:
          "give a folder or an archive with files such as data_batch_1 and test_batch; unpack others by 'tar xf', and give the folder",
        path: path)
    }
    try Self.checkOnlyOne(found, in: path)
    let files = files.filter { $0.role.distribution == distribution }
    names = files.filter { !$0.role.isBatch }
    batches = files.filter { $0.role.isBatch }.sorted { $0.number < $1.number }
    for (one, next) in zip(batches, batches.dropFirst()) where one.role == next.role {
      throw StoreError(
        .corrupt, "there are two batches of this name", remedy: "keep one", path: path,
        key: next.member)
    }
  }

  private init(folder: String) throws(StoreError) {
    var folder = folder
    var names = try FileSystem.names(in: folder)
    var walk = SetFolderWalk()
    while Self.distributions(names.compactMap { FileRole(name: $0) }).isEmpty {
      let children = walk.children(of: folder, names: names)
      try Self.checkOnlyOne(children, in: folder)
      guard let child = children.first else { break }
      folder += "/\(child.folderName)"
      names = try FileSystem.names(in: folder)
    }
    var files: [BatchFile] = []
    for name in names {
      let path = "\(folder)/\(name)"
      guard let role = FileRole(name: name), FileSystem.kind(of: path) == .file else { continue }
      files.append(
        BatchFile(role: role, bytes: try MappedFile(path), path: path, member: nil))
    }
    try self.init(files, in: folder)
  }

  private init(archive: MappedFile) throws(StoreError) {
    var files: [BatchFile] = []
    do throws(StoreError) {
      // The members get memory of their own, so the map is not needed afterwards.
      try withExtendedLifetime(archive) { () throws(StoreError) in
        var reader = try unsafe TarReader(archive.bytes)
        while let member = try reader.next() {
          guard let role = FileRole(name: member.name) else { continue }
          files.append(
            BatchFile(
              role: role, bytes: try reader.contents(), path: archive.path,
              member: member.name))
        }
      }
    } catch {
      throw error.at(path: archive.path)
    }
    try self.init(files, in: archive.path)
  }

  /// One batch, with the names of classes next to it under their usual name.
  private init(batch: MappedFile, isPickle: Bool) throws(StoreError) {
    let (folder, name) = FileSystem.split(batch.path)
    let role = FileRole(batchNamed: name, isPickle: isPickle, byteCount: batch.byteCount)
    batches = [BatchFile(role: role, bytes: batch, path: batch.path, member: nil)]
    var found: [BatchFile] = []
    if FileRole(name: name)?.distribution == role.distribution {
      for name in try FileSystem.names(in: folder) {
        guard let other = FileRole(name: name), !other.isBatch, other.distribution == role.distribution
        else { continue }
        let path = "\(folder)/\(name)"
        found.append(
          BatchFile(role: other, bytes: try MappedFile(path), path: path, member: nil))
      }
    }
    names = found
  }

  /// Judges by names, and of one file also by its first bytes, without reading a batch.
  static func recognizes(_ path: String) -> Bool {
    switch FileSystem.kind(of: path) {
    case .folder:
      var walk = SetFolderWalk()
      return recognizes(folder: path, &walk)
    case .file: return recognizes(file: path)
    default: return false
    }
  }

  private static func recognizes(folder: String, _ walk: inout SetFolderWalk) -> Bool {
    guard let names = try? FileSystem.names(in: folder) else { return false }
    let hasBatch = names.contains { name in
      // A folder of images may have subfolders called train and test.
      FileRole(name: name)?.isBatch == true && FileSystem.kind(of: "\(folder)/\(name)") == .file
        && recognizes(file: "\(folder)/\(name)")
    }
    if hasBatch { return true }
    for child in walk.children(of: folder, names: names)
    where recognizes(folder: "\(folder)/\(child.folderName)", &walk) {
      return true
    }
    return false
  }

  private static func recognizes(file: String) -> Bool {
    guard let map = try? MappedFile(file) else { return false }
    // Anything may be compressed by gzip; faults of an archive are reported when it is read.
    let isOther = unsafe TarStream.isGzip(map.bytes) && !TarReader.beginsWithHeader(map.bytes)
    guard !isOther || FileHead.hasSuffix(file, [".tar.gz", ".tgz"]) else { return false }
    return FileContent(map) != .other
  }

  /// The distributions that some files have batches of.
  private static func distributions(_ roles: [FileRole]) -> [FileRole.Distribution] {
    FileRole.Distribution.allCases.filter { distribution in
      roles.contains { $0.isBatch && $0.distribution == distribution }
    }
  }

  private static func checkOnlyOne(
    _ found: [FileRole.Distribution], in path: String
  ) throws(StoreError) {
    guard found.count > 1 else { return }
    throw StoreError(
      .unsupported, "it has several data sets: \(found.map(\.folderName).joined(separator: ", "))",
      remedy: "give the path of one of them", path: path)
  }
}

/// The way down from a folder to those that sets unpack to. A folder is entered once: a link may
/// lead back up.
private struct SetFolderWalk {
  private var entered: Set<FileIdentity> = []

  /// The sets that have a folder directly below, which have not been entered before and are then.
  mutating func children(of folder: String, names: [String]) -> [FileRole.Distribution] {
    if let identity = FileIdentity(ofPath: folder) { entered.insert(identity) }
    return FileRole.Distribution.allCases.filter { distribution in
      let path = "\(folder)/\(distribution.folderName)"
      guard names.contains(distribution.folderName), FileSystem.kind(of: path) == .folder,
        let identity = FileIdentity(ofPath: path)
      else { return false }
      return entered.insert(identity).inserted
    }
  }
}

extension BatchFile {
  fileprivate var number: Int {
    if case .batch(_, let number) = role.purpose { number } else { 0 }
  }
}
