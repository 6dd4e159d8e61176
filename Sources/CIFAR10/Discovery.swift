import ImageStoreCore
import StoreIO

/// The files of a set that a path leads to.
struct Discovery {
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
          .unrecognized, "this is no batch of CIFAR, nor an archive of batches", path: path)
      }
    case .other: throw StoreError(.unrecognized, "this is neither a file nor a folder", path: path)
    case nil: throw StoreError(.notFound, "there is no such file or folder", path: path)
    }
  }

  /// Takes the files of the one distribution that has batches.
  private init(_ files: [BatchFile], in path: String) throws(StoreError) {
    let found = Self.distributions(files.map(\.role))
    guard let distribution = found.first else {
      throw StoreError(
        .notFound, "there are no batches of CIFAR in it",
        remedy: "give a folder or an archive with files such as data_batch_1 and test_batch", path: path)
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
    let names = try FileSystem.names(in: folder)
    let roles = names.compactMap { FileRole(name: $0) }
    if Self.distributions(roles).isEmpty {
      let children = FileRole.Distribution.allCases.filter {
        names.contains($0.folderName) && FileSystem.kind(of: "\(folder)/\($0.folderName)") == .folder
      }
      try Self.checkOnlyOne(children, in: folder)
      if let child = children.first {
        try self.init(folder: "\(folder)/\(child.folderName)")
        return
      }
    }
    var files: [BatchFile] = []
    for name in names {
      let path = "\(folder)/\(name)"
      guard let role = FileRole(name: name), FileSystem.kind(of: path) == .file else { continue }
      files.append(
        BatchFile(role: role, memory: BatchMemory(try MappedFile(path)), path: path, member: nil))
    }
    try self.init(files, in: folder)
  }

  private init(archive: MappedFile) throws(StoreError) {
    var files: [BatchFile] = []
    do throws(StoreError) {
      // The members get memory of their own, so the map is of no use afterwards.
      try withExtendedLifetime(archive) { () throws(StoreError) in
        var reader = try unsafe TarReader(archive.bytes)
        while let member = try reader.next() {
          guard let role = FileRole(name: member.name) else { continue }
          files.append(
            BatchFile(
              role: role, memory: BatchMemory(try reader.contents()), path: archive.path,
              member: member.name))
        }
      }
    } catch {
      throw error.at(path: archive.path)
    }
    try self.init(files, in: archive.path)
  }

  /// One batch, with the names of classes that lie beside it under their own name.
  private init(batch: MappedFile, isPickle: Bool) throws(StoreError) {
    let (folder, name) = FileSystem.split(batch.path)
    let role = FileRole(batchNamed: name, isPickle: isPickle, byteCount: batch.byteCount)
    batches = [BatchFile(role: role, memory: BatchMemory(batch), path: batch.path, member: nil)]
    var found: [BatchFile] = []
    if FileRole(name: name)?.distribution == role.distribution {
      for name in try FileSystem.names(in: folder) {
        guard let other = FileRole(name: name), !other.isBatch, other.distribution == role.distribution
        else { continue }
        let path = "\(folder)/\(name)"
        found.append(
          BatchFile(role: other, memory: BatchMemory(try MappedFile(path)), path: path, member: nil))
      }
    }
    names = found
  }

  /// Judges by names, and of one file also by its first bytes, without reading a batch.
  static func recognizes(_ path: String) -> Bool {
    do throws(StoreError) {
      switch FileSystem.kind(of: path) {
      case .folder:
        let names = try FileSystem.names(in: path)
        return names.contains {
          guard let role = FileRole(name: $0), role.isBatch else { return false }
          let path = "\(path)/\($0)"
          // A folder of images may have subfolders called train and test.
          return FileSystem.kind(of: path) == .file && recognizes(path)
        }
          || FileRole.Distribution.allCases.contains {
            names.contains($0.folderName) && recognizes("\(path)/\($0.folderName)")
          }
      case .file: return FileContent(try MappedFile(path)) != .other
      default: return false
      }
    } catch {
      return false
    }
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
      .unsupported, "it holds several sets: \(found.map(\.folderName).joined(separator: ", "))",
      remedy: "give the path of one of them", path: path)
  }
}

extension BatchFile {
  fileprivate var number: Int {
    if case .batch(_, let number) = role.purpose { number } else { 0 }
  }
}
