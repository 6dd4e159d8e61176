internal import ImageStoreCore
internal import ImageStoreSupport

/// A CSV file of a store's folder that stays open, so later reads are of the same file even if its
/// name is taken by another.
///
/// It is read again rather than kept mapped, because people edit such files, and a file that an
/// editor cuts short while it is mapped ends the process.
final class CSVFile: Sendable {
  private let file: File
  /// The file as it was when it was opened.
  let state: FileState
  /// CRC-32 of the whole file, as it was first read.
  let crc32: UInt32

  /// - Parameter read: reads the file from its map.
  init(
    _ name: String, in folder: borrowing Folder, _ read: (MappedFile) throws(StoreError) -> Void
  ) throws(StoreError) {
    let file = try File(name, in: folder, .read, followingLinks: true)
    state = try file.state()
    let map = try MappedFile(file)
    try read(map)
    crc32 = unsafe CRC32.checksum(of: map.bytes)
    self.file = file
  }

  var path: String { file.path }

  /// All bytes once more.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if they differ from those read first.
  func contents() throws(StoreError) -> PixelMemory {
    let byteCount = try file.byteCount()
    guard byteCount == state.byteCount else { throw isChanged }
    let memory: PixelMemory
    do throws(StoreError) {
      memory = try PixelMemory(capacity: byteCount)
    } catch {
      throw error.at(path: path)
    }
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (buffer) throws(StoreError) in
        try unsafe file.read(at: 0, into: buffer)
      }
    }
    guard unsafe CRC32.checksum(of: memory.bytes) == crc32 else { throw isChanged }
    return memory
  }

  private var isChanged: StoreError {
    StoreError(
      .corrupt, "the file was changed after the store was opened", remedy: "open the store again", path: path)
  }
}
