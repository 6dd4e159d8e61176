import ImageStoreCore
import NumPyFormat
import StoreIO

/// The `masks.npy` a writer works on: that of a new folder, or one that grows past its end and is cut back
/// unless the growth is committed.
final class MaskTarget {
  let file: File
  /// The folder that is written.
  let folder: String
  /// Where a new store stands, or one that would replace the store that grows.
  private var staging: Staging?
  /// The store that grows, as it was.
  let old: PackedBitStore?
  private var isOver = false

  private init(
    file: consuming File, folder: String, staging: consuming Staging?, old: PackedBitStore?
  ) {
    self.file = file
    self.folder = folder
    self.staging = staging
    self.old = old
  }

  /// The bytes of the header of `masks.npy`, which does not grow with the number of masks.
  static let headerByteCount = 128

  static func open(_ path: String, mode: WriteMode) throws(StoreError) -> MaskTarget {
    let staging = try Staging(destination: path, mode: mode, otherContents: { _ in nil })
    if mode == .append, FileSystem.kind(of: path) != nil { return try grow(path, staging) }
    let folder = staging.path
    try FileSystem.createFolder(folder)
    let file = try File("\(folder)/\(MaskFile.name)", .create)
    return MaskTarget(file: file, folder: folder, staging: staging, old: nil)
  }

  /// Opens a store for appending, once no other writer has it, and cuts off what a dead one left past the
  /// masks that its header counts.
  ///
  /// - Parameter place: that of a store that would replace this one, held so that none does.
  private static func grow(_ path: String, _ place: consuming Staging) throws(StoreError) -> MaskTarget {
    let file = try File("\(path)/\(MaskFile.name)", .update)
    try file.lockForWriting()
    let store = try PackedBitStore(at: path)
    guard try file.identity() == store.masks.map.identity else {
      throw StoreError(.busy, "another program keeps replacing it", path: path)
    }
    guard store.masks.isAppendable else {
      throw StoreError(
        .unsupported, "the header of its array has no room to count more masks",
        remedy: "convert the store first", path: file.path)
    }
    let end = store.masksEnd
    if try file.byteCount() > end { try file.resize(to: end) }
    return MaskTarget(file: file, folder: path, staging: place, old: store)
  }

  deinit {
    if !isOver, let old {
      do throws(StoreError) {
        try file.resize(to: old.masksEnd)
      } catch {
        // The header counts no more masks than before; the next writer cuts the file.
      }
    }
  }

  /// Writes a small file of the store: into the new folder, or in the place of the one that is there.
  func write(_ bytes: [UInt8], name: String) throws(StoreError) {
    let path = "\(folder)/\(name)"
    if old == nil {
      try FileSystem.write(bytes, toNewFile: path)
    } else {
      try FileSystem.replaceFile(path, with: bytes)
    }
  }

  /// Writes the header, which makes the masks count, and puts a new folder in its place.
  func commit(_ header: NPYHeader) throws(StoreError) {
    try file.synchronize()
    let bytes = header.bytes
    // From here on the header may count the masks, even where the disk fails to say so.
    isOver = true
    try unsafe file.write(bytes.span.bytes, at: 0)
    try file.synchronize()
    if old == nil, let staging = staging.take() { try staging.commit() }
  }

  /// Leaves a store that nothing was appended to as it is.
  func leave() { isOver = true }
}

extension PackedBitStore {
  /// Where the bytes of the masks end in `masks.npy`.
  fileprivate var masksEnd: Int { MaskTarget.headerByteCount + count * (layout?.byteCount ?? 0) }
}
