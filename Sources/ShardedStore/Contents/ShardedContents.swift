import ImageStoreCore
import ImageStoreSupport

/// The manifest and the index of a data set, which are all that is read when it is opened.
struct ShardedContents: Sendable {
  let folder: any ObjectFolder
  let manifest: ShardManifest
  /// The state of the manifest when it was read.
  let state: ObjectState
  let index: ShardIndex

  /// Reads manifest and index: two requests.
  ///
  /// - Throws: ``StoreError/Code/notFound`` if there is no data set; as
  ///   ``ShardedStore/init(at:cache:memory:threads:)``.
  init(of folder: any ObjectFolder) throws(StoreError) {
    var last: ObjectState?
    while true {
      guard let (manifest, state) = try Self.manifest(of: folder) else { throw Self.missing(in: folder) }
      do throws(StoreError) {
        index = try Self.index(of: manifest, in: folder)
        self.folder = folder
        self.manifest = manifest
        self.state = state
        return
      } catch {
        // Another data set may have replaced this one in the meantime, and the index is gone.
        guard error.code == .notFound, last != state else { throw error }
        last = state
      }
    }
  }

  /// The existing manifest; nil if there is none.
  static func manifest(
    of folder: any ObjectFolder
  ) throws(StoreError) -> (manifest: ShardManifest, state: ObjectState)? {
    guard let (bytes, state) = try folder.contents(of: ShardNames.manifest, limit: ShardManifest.mostBytes)
    else {
      return nil
    }
    do throws(StoreError) {
      return (try ShardManifest(parsing: bytes), state)
    } catch {
      throw error.at(path: "\(folder.location)/\(ShardNames.manifest)")
    }
  }

  /// The error for a place without a manifest.
  static func missing(in folder: any ObjectFolder) -> StoreError {
    StoreError(
      .notFound, "there is no sharded data set here: \(ShardNames.manifest) is missing",
      path: folder.location)
  }

  private static func index(
    of manifest: ShardManifest, in folder: any ObjectFolder
  ) throws(StoreError) -> ShardIndex {
    let path = "\(folder.location)/\(manifest.index.name)"
    do throws(StoreError) {
      if let local = folder.localPath {
        let file = try MappedFile(File(manifest.index.name, in: Folder(local), .read))
        try check(file, manifest.index)
        return try ShardIndex(file, of: manifest)
      }
      do throws(StoreError) {
        return try ShardIndex(fetched(manifest.index, from: folder), of: manifest)
      } catch {
        // The fetched bytes may be damaged although the object is not.
        guard error.code == .corrupt else { throw error }
        return try ShardIndex(fetched(manifest.index, from: folder), of: manifest)
      }
    } catch {
      throw error.at(path: path)
    }
  }

  private static func fetched(
    _ index: ShardManifest.Index, from folder: any ObjectFolder
  ) throws(StoreError) -> PixelMemory {
    var checksum = CRC32()
    let memory = try unsafe folder.fetchAndWait(index.bytes, of: index.name) { unsafe checksum.add($0) }
    try compare(checksum, index)
    return memory
  }

  private static func check(_ source: any ByteSource, _ index: ShardManifest.Index) throws(StoreError) {
    guard source.byteCount == index.bytes else {
      throw StoreError(
        .corrupt, "the index has \(source.byteCount) bytes, but the manifest says \(index.bytes)",
        remedy: "write the data set again")
    }
    var checksum = CRC32()
    unsafe checksum.add(source.bytes)
    try compare(checksum, index)
  }

  private static func compare(_ checksum: CRC32, _ index: ShardManifest.Index) throws(StoreError) {
    let found = checksum.value.hexadecimal
    guard found == index.crc32 else {
      throw StoreError(
        .corrupt, "the index is damaged: its CRC-32 is \(found), not \(index.crc32)",
        remedy: "write the data set again")
    }
  }
}
