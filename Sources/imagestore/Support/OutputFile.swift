internal import ImageStoreCore
internal import ImageStoreSupport

/// Small files that commands write.
enum OutputFile {
  /// Writes a file, whole or not at all.
  ///
  /// A picture that this program drew takes the place of one that it drew before, which has its
  /// mark. Nothing else is replaced except an empty file, unless `byForce`.
  ///
  /// - Parameter keepsBytes: whether the bytes are another program's, and get no mark.
  static func write(
    _ bytes: [UInt8], to path: String, byForce: Bool = false, keepsBytes: Bool = false
  ) throws(StoreError) {
    let bytes =
      isPNG(bytes) && !keepsBytes
      ? Array(bytes.prefix(headByteCount)) + mark + bytes.dropFirst(headByteCount) : bytes
    let staging: Staging
    do throws(StoreError) {
      staging = try Staging(
        destination: path, mode: byForce ? .replaceAnything : .replace, otherContents: isNotOurs)
    } catch {
      guard error.code == .alreadyExists, FileSystem.kind(of: path) != nil else { throw error }
      throw StoreError(
        .alreadyExists, "a file or folder already exists that this program may not have made",
        remedy: "choose another name, or give --force to replace it", path: path)
    }
    try FileSystem.write(bytes, toNewFile: staging.path)
    try staging.commit()
  }

  @Sendable private static func isNotOurs(_ path: String) throws(StoreError) -> String? {
    guard FileSystem.kind(of: path, followingLinks: false) == .file else {
      return "something that is not a file"
    }
    let file = try MappedFile(path)
    let end = headByteCount + mark.count
    guard file.byteCount > 0 else { return nil }
    guard let head = unsafe file.bytes(at: 0, count: end), unsafe isPNG(head),
      unsafe head.suffix(mark.count).elementsEqual(mark)
    else { return "another file" }
    return nil
  }

  private static func isPNG(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.count > headByteCount && bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  /// The signature and IHDR of a PNG, after which other chunks may come.
  private static let headByteCount = 8 + 25

  /// A tEXt chunk that says which program drew a picture, by the keyword that the PNG specification
  /// has for it.
  private static let mark: [UInt8] = {
    let content = Array("tEXtSoftware".utf8) + [0] + Array("imagestore".utf8)
    let crc = unsafe CRC32.checksum(of: content.span.bytes)
    func bigEndian(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
    return bigEndian(UInt32(content.count - 4)) + content + bigEndian(crc)
  }()
}
