public import ImageStoreCore
package import ImageStoreSupport
import ObjectStorage

extension ShardedStore {
  /// Removes shards and indexes that the manifest does not name: those that killed writers left,
  /// and indexes that appends have replaced.
  ///
  /// No other files are removed: an object that is named as a shard or an index stays if its content
  /// does not have the SHA-256 in its name, so such objects are read once. No writer may be working
  /// on the data set; for a data set on this machine, this is checked. A reader that opened the data
  /// set before an append may still need a removed index, but no removed shard.
  ///
  /// - Returns: the names of the objects that have been removed.
  /// - Throws: ``StoreError/Code/busy`` while a writer is working; what opening throws.
  @discardableResult
  public static func removeOrphans(at path: some StorePath) throws(StoreError) -> [String] {
    let path = try path.storePath()
    if ObjectStorage.isLocation(path) { return try removeOrphans(in: folder(at: path)) }
    // Its lock keeps writers away, and its folder for unfinished work is removed with it.
    let held = try HeldStore(path)
    guard held.kind == .folder else {
      throw StoreError(.unrecognized, "this is a file, but a sharded data set is a folder", path: path)
    }
    _ = try held.workFolder()
    let folder = try LocalObjectFolder(held.path)
    let removed = try removeOrphans(in: folder)
    try folder.removeLeftovers(besidesIn: [ShardNames.folder])
    return removed
  }

  /// The same for any folder of objects.
  package static func removeOrphans(in folder: any ObjectFolder) throws(StoreError) -> [String] {
    let orphans = try orphans(in: folder)
    for name in orphans { try folder.remove(name) }
    return orphans
  }

  /// The names of objects that writers of data sets made and the manifest does not list; and the
  /// name of the replaced index in the manifest, if the object with this name is that index.
  package static func orphans(in folder: any ObjectFolder) throws(StoreError) -> [String] {
    guard let (manifest, _) = try ShardedContents.manifest(of: folder) else {
      throw ShardedContents.missing(in: folder)
    }
    let named = Set(manifest.objects)
    var orphans: [String] = []
    for name in try folder.names(startingWith: "") where !named.contains(name) {
      if try isNamedAfterContent(name, in: folder) { orphans.append(name) }
    }
    if try hasReplacedIndex(folder, manifest) { orphans.append(ShardNames.firstIndex) }
    return orphans
  }

  /// Whether an object is named as a shard or an index, and its content has the hash in its name:
  /// only a writer of data sets makes such an object.
  private static func isNamedAfterContent(
    _ name: String, in folder: any ObjectFolder
  ) throws(StoreError) -> Bool {
    guard let hash = ShardNames.hash(in: name), let state = try folder.state(of: name) else { return false }
    return try folder.sha256(of: name, state).hasPrefix(hash)
  }

  /// Whether the index that a manifest says it has replaced still exists, byte for byte.
  private static func hasReplacedIndex(
    _ folder: any ObjectFolder, _ manifest: ShardManifest
  ) throws(StoreError) -> Bool {
    guard let replaced = manifest.replacedIndex, replaced.name != manifest.index.name,
      try folder.state(of: replaced.name)?.byteCount == replaced.bytes,
      let (bytes, _) = try folder.contents(of: replaced.name, limit: replaced.bytes)
    else { return false }
    return unsafe CRC32.checksum(of: bytes.span.bytes).hexadecimal == replaced.crc32
  }

  /// Describes in a few words the contents of a path other than a data set that this package wrote;
  /// nil if every file is part of such a data set, or of an unfinished one.
  package static func otherContents(at path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path) == .folder else { return "not a folder" }
    let folder = try LocalObjectFolder(path)
    let bytes: [UInt8]
    do throws(StoreError) {
      guard let found = try folder.contents(of: ShardNames.manifest, limit: ShardManifest.mostBytes) else {
        return "a folder without \(ShardNames.manifest)"
      }
      bytes = found.bytes
    } catch {
      return "a folder with a \(ShardNames.manifest) that this package cannot read"
    }
    guard let manifest = try? ShardManifest(parsing: bytes) else {
      return "a folder with a \(ShardNames.manifest) of something else"
    }
    if let other = try otherEntry(in: Folder(path)) { return other }
    let isReplaced = try hasReplacedIndex(folder, manifest)
    let named = Set(manifest.objects)
    for name in try folder.names(startingWith: "") where !named.contains(name) {
      let isOther =
        if name == ShardNames.firstIndex { !isReplaced } else if ShardNames.hash(in: name) != nil {
          try !isNamedAfterContent(name, in: folder)
        } else { false }
      if isOther { return "a folder with \(name) besides a data set" }
    }
    return nil
  }

  /// Describes an entry whose name no data set and no work folder has.
  private static func otherEntry(in root: borrowing Folder) throws(StoreError) -> String? {
    for entry in try root.entries() {
      let name = shownName(entry.name)
      switch entry.kind {
      case .file where [ShardNames.manifest, ShardNames.firstIndex].contains(name): continue
      case .file where ShardNames.hash(in: name) != nil: continue
      case .folder where name == ShardNames.folder:
        let other = try root.folder(name).entries().first {
          $0.kind != .file || ShardNames.hash(in: "\(name)/\(shownName($0.name))") == nil
        }
        if let other { return "a folder with \(name)/\(shownName(other.name)) besides a data set" }
      case .folder where try root.isWorkFolder(name): continue
      default: return "a folder with \(name) besides a data set"
      }
    }
    return nil
  }
}

extension ObjectFolder {
  /// The SHA-256 of the content of an object, as hexadecimal digits.
  fileprivate func sha256(of name: String, _ state: ObjectState) throws(StoreError) -> String {
    var hash = SHA256()
    for start in stride(from: 0, to: state.byteCount, by: 8 << 20) {
      let range = start..<min(start + 8 << 20, state.byteCount)
      let piece = try fetchAndWait(range, of: name, expecting: state)
      unsafe hash.update(piece.bytes)
    }
    return SHA256.hexadecimal(hash.finish())
  }
}
