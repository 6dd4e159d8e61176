import ImageStoreCore
import ImageStoreSupport

/// The shards of a data set on this machine, all mapped: later writes, replacements and removals do
/// not change them.
final class MappedShards: Sendable {
  let files: [MappedFile]

  /// - Throws: ``StoreError/Code/notFound`` and ``StoreError/Code/corrupt`` for shards that differ
  ///   from the manifest.
  init(_ shards: [ShardManifest.Shard], in path: String) throws(StoreError) {
    guard !shards.isEmpty else {
      files = []
      return
    }
    let folder = try Folder(path).folder(ShardNames.folder)
    var files: [MappedFile] = []
    files.reserveCapacity(shards.count)
    for shard in shards {
      let file = try MappedFile(File(shard.name, in: folder, .read))
      guard file.byteCount == shard.bytes else {
        throw StoreError(
          .corrupt, "the shard has \(file.byteCount) bytes, but the manifest says \(shard.bytes)",
          remedy: "copy it again, or write the data set again", path: file.path)
      }
      files.append(file)
    }
    self.files = files
  }

  /// The bytes of a place that has been checked to be within its shard.
  @inline(__always)
  func bytes(_ place: (shard: Int, range: Range<Int>)) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(
      start: files[place.shard].bytes.baseAddress! + place.range.lowerBound, count: place.range.count)
  }
}
