import ImageStoreCore
import ImageStoreSupport

/// What an HDF5 file says of itself before anything else, read without the library, so that files that
/// are none or are cut short never reach it.
///
/// Source: HDF5 File Format Specification, version 3.0, section II.A.
struct Superblock {
  /// Where it stands, after the user block if there is one; all addresses in the file count from here.
  let base: Int
  let version: UInt8
  /// Bytes of an address and of a length.
  let offsetSize: Int
  let lengthSize: Int
  /// Where the file ends as the library has it; nil for addresses of other sizes than 8 bytes.
  let end: Int?

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Where the signature stands: at 0, 512, 1024, 2048 and so on.
  static func position(in bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 0
    while position <= bytes.count - signature.count {
      if unsafe bytes[position..<position + signature.count].elementsEqual(signature) { return position }
      position = position == 0 ? 512 : position * 2
    }
    return nil
  }

  /// - Throws: ``StoreError/Code/unrecognized`` where it is no HDF5 file; ``StoreError/Code/corrupt``
  ///   where it is cut short; ``StoreError/Code/unsupported``.
  init(_ file: MappedFile) throws(StoreError) {
    let bytes = unsafe file.bytes
    guard let base = unsafe Self.position(in: bytes) else {
      throw StoreError(.unrecognized, "this is not an HDF5 file: it has no superblock", path: file.path)
    }
    let cutShort = StoreError(.corrupt, "the file is cut short within its superblock", path: file.path)
    guard let version = unsafe bytes.integer(UInt8.self, at: base + 8) else { throw cutShort }
    guard version <= 3 else {
      throw StoreError(
        .unsupported, "a superblock of version \(version)", remedy: "versions 0 to 3 are read",
        path: file.path)
    }
    let isOld = version < 2
    guard let offsetSize = unsafe bytes.integer(UInt8.self, at: base + (isOld ? 13 : 9)),
      let lengthSize = unsafe bytes.integer(UInt8.self, at: base + (isOld ? 14 : 10))
    else { throw cutShort }
    self.base = base
    self.version = version
    self.offsetSize = Int(offsetSize)
    self.lengthSize = Int(lengthSize)
    // Other sizes are legal, rare, and left to the library.
    guard offsetSize == 8 else {
      end = nil
      return
    }
    let addresses = base + (isOld ? (version == 0 ? 24 : 28) : 12)
    guard let statedBase = unsafe bytes.integer(UInt64.self, at: addresses),
      let end = unsafe bytes.integer(UInt64.self, at: addresses + 16)
    else { throw cutShort }
    guard statedBase == UInt64(base) else {
      throw StoreError(
        .unsupported, "a superblock at \(base) that says it stands at \(statedBase)",
        remedy: "rewrite the file with h5repack", path: file.path)
    }
    guard end <= UInt64(bytes.count) else {
      throw StoreError(
        .corrupt, "the file is cut short: it has \(bytes.count) bytes of \(end)", path: file.path)
    }
    self.end = Int(end)
  }
}
