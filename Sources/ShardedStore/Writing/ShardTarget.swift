import ImageStoreCore
import ImageStoreSupport

/// Where a writer puts the objects of a data set. What it has put there counts with the manifest,
/// which comes last.
protocol ShardTarget: AnyObject {
  /// The data set that images are appended to; nil for a new one.
  var old: ShardedContents? { get }
  /// A folder of this machine for files until they are taken.
  var workPath: String { get }

  /// The name of an index.
  func indexName(sha256: String) -> String

  /// Makes a finished file an object.
  ///
  /// - Parameters:
  ///   - file: its name in the folder ``workPath``, from which it is removed.
  ///   - name: the name of the object, which identifies its content: an existing object of this
  ///     name is the same.
  func take(_ file: String, as name: String) throws(StoreError)

  /// Replaces the manifest, if no other writer has changed it in the meantime.
  func commit(_ manifest: [UInt8]) throws(StoreError)
}

extension ShardTarget {
  func indexName(sha256: String) -> String { ShardNames.index(sha256: sha256) }
}

/// A folder of this machine that is made next to its destination and moved there in one step.
final class NewFolderTarget: ShardTarget {
  let old: ShardedContents? = nil
  /// Next to the new folder, so that nothing is left inside it.
  let workPath: String
  private let root: String
  private var staging: Staging?

  init(_ path: String, _ mode: WriteMode) throws(StoreError) {
    let staging = try Staging(destination: path, mode: mode) { (path) throws(StoreError) in
      try ShardedStore.otherContents(at: path)
    }
    root = staging.path
    workPath = "\(staging.path).work"
    try FileSystem.createFolder(workPath)
    try FileSystem.createFolder(root)
    try FileSystem.createFolder("\(root)/\(ShardNames.folder)")
    self.staging = consume staging
  }

  /// Nobody else has put one there.
  func indexName(sha256: String) -> String { ShardNames.firstIndex }

  func take(_ file: String, as name: String) throws(StoreError) {
    try FileSystem.rename("\(workPath)/\(file)", to: "\(root)/\(name)")
  }

  func commit(_ manifest: [UInt8]) throws(StoreError) {
    try FileSystem.write(manifest, toNewFile: "\(root)/\(ShardNames.manifest)")
    try FileSystem.synchronizeFolder("\(root)/\(ShardNames.folder)")
    try staging.take()!.commit()
  }
}

/// A data set on this machine that grows: new files are made in a folder within it, and moved.
final class GrowingFolderTarget: ShardTarget {
  let old: ShardedContents?
  let workPath: String
  private let held: HeldStore
  private let manifestState: FileState?
  private static let work = "images"

  init(_ path: String) throws(StoreError) {
    held = try HeldStore(path)
    guard held.kind == .folder else {
      throw StoreError(.unrecognized, "this is a file, but a sharded data set is a folder", path: path)
    }
    manifestState = try held.root().state(of: ShardNames.manifest)
    let folder = try LocalObjectFolder(held.path)
    let old = try ShardedContents(of: folder)
    self.old = old
    try Self.check(old.manifest.shards, in: held.root())
    // Files of an interrupted append do not count, and neither does the index that an append has
    // replaced: readers that have opened it no longer need it.
    for name in try ShardedStore.orphans(in: folder) { try held.removeFile(name) }
    workPath = try "\(held.workFolder())/\(Self.work)"
    try FileSystem.createFolder(workPath)
    try held.createFolder(ShardNames.folder)
  }

  /// Checks that the shards exist that the new manifest names.
  private static func check(
    _ shards: [ShardManifest.Shard], in root: borrowing Folder
  ) throws(StoreError) {
    guard !shards.isEmpty else { return }
    let folder = try root.folder(ShardNames.folder)
    for shard in shards {
      guard folder.kind(of: shard.name) == .file, folder.state(of: shard.name)?.byteCount == shard.bytes
      else {
        throw StoreError(
          .corrupt, "the shard is not the regular file of \(shard.bytes) bytes that the manifest names",
          remedy: "copy it again", path: "\(folder.path)/\(shard.name)")
      }
    }
  }

  func take(_ file: String, as name: String) throws(StoreError) {
    // If only class names have changed, the index stays the same.
    guard !(old?.manifest.objects.contains(name) ?? false) else { return }
    try held.moveWork("\(Self.work)/\(file)", to: name)
  }

  func commit(_ manifest: [UInt8]) throws(StoreError) {
    try FileSystem.synchronizeFolder("\(held.path)/\(ShardNames.folder)")
    try FileSystem.synchronizeFolder(held.path)
    try held.replaceFile(ShardNames.manifest, with: manifest, expecting: manifestState)
  }
}

/// A folder of objects, to which files are sent.
final class ObjectTarget: ShardTarget {
  let old: ShardedContents?
  private let folder: any ObjectFolder
  private let uploads: Uploads
  private let condition: ObjectCondition
  /// The data set that the new one replaces.
  private let replaced: ShardManifest?
  private var taken: Set<String> = []

  var workPath: String { uploads.path }

  init(_ folder: any ObjectFolder, _ mode: WriteMode) throws(StoreError) {
    self.folder = folder
    let state = try folder.state(of: ShardNames.manifest)
    switch mode {
    case .create:
      guard state == nil else {
        throw StoreError(
          .alreadyExists, "a data set already exists here", remedy: "choose another name, or append to it",
          path: folder.location)
      }
      (old, replaced, condition) = (nil, nil, .absent)
    case .append:
      old = state == nil ? nil : try ShardedContents(of: folder)
      replaced = nil
      condition = old.map { .unchanged($0.state) } ?? .absent
    case .replace:
      let found = try ShardedContents.manifest(of: folder)
      (old, replaced) = (nil, found?.manifest)
      condition = found.map { .unchanged($0.state) } ?? .absent
    case .replaceAnything:
      old = nil
      // A manifest that cannot be read names no objects; they stay.
      replaced = (try? ShardedContents.manifest(of: folder))?.manifest
      condition = state.map { .unchanged($0) } ?? .absent
    }
    uploads = try Uploads(to: folder)
  }

  // Files that are being sent are in the folder that will be removed.
  deinit { try? uploads.wait() }

  func take(_ file: String, as name: String) throws(StoreError) {
    try uploads.send(file, as: name)
    taken.insert(name)
  }

  func commit(_ manifest: [UInt8]) throws(StoreError) {
    // A reader of the manifest finds all objects that it names.
    try uploads.wait()
    do throws(StoreError) {
      _ = try folder.put(manifest, as: ShardNames.manifest, if: condition)
    } catch {
      guard error.code == .alreadyExists || error.code == .busy else { throw error }
      throw StoreError(
        .busy, "another writer has put its manifest there in the meantime",
        remedy: "check what it changed, and try again",
        path: folder.location)
    }
    guard let replaced else { return }
    for name in replaced.objects where !taken.contains(name) { try folder.remove(name) }
  }
}

extension ShardManifest {
  /// The names of all objects except the manifest itself.
  var objects: [String] { [index.name] + shards.map { ShardNames.object(ofShard: $0.name) } }
}
