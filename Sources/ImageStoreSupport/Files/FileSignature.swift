package import ImageStoreCore

/// The kind of a file by its first bytes, in words for people who expected something else. This is
/// the only place with this knowledge.
package struct FileSignature: Sendable, Hashable {
  /// The kind, such as `a JPEG image`.
  package let what: String
  /// Advice on what to do with the file.
  package let remedy: String?
  /// Whether no kind of store begins with these bytes.
  package let isNoStore: Bool
  /// The command that decompresses the file.
  private let command: String?
  /// Whether the file is compressed as a whole.
  package var isCompressed: Bool { command != nil }
  /// Whether gzip compressed it.
  package var isGzip: Bool { command == "gunzip" }

  private init(_ what: String, _ remedy: String? = nil, isNoStore: Bool = false, command: String? = nil) {
    self.what = what
    self.remedy = remedy
    self.isNoStore = isNoStore
    self.command = command
  }

  /// The kind of the content of a compressed file.
  private init(compressedBy program: String, undoneBy command: String) {
    self.init("compressed by \(program)", "undo it with '\(command)'", command: command)
  }

  /// The number of bytes that is enough to decide.
  package static let byteCount = 1024

  /// Finds the kind from the first bytes.
  ///
  /// - Returns: nil for unknown kinds.
  package init?(_ head: UnsafeRawBufferPointer) {
    guard
      let known = unsafe Self.text(head) ?? Self.picture(head) ?? Self.compressed(head) ?? Self.other(head)
    else {
      return nil
    }
    self = known
  }

  /// Finds the kind of a file; also nil if it cannot be read.
  package init?(ofFile path: String) {
    guard FileSystem.kind(of: path) == .file else { return nil }
    let known: FileSignature?
    do throws(StoreError) {
      let file = try MappedFile(path)
      known = unsafe FileSignature(UnsafeRawBufferPointer(rebasing: file.bytes.prefix(Self.byteCount)))
    } catch {
      return nil
    }
    guard let known else { return nil }
    self = known
  }

  /// Whether bytes begin like a picture. A file that begins with a few letters, as BMP and PNM do,
  /// may be anything.
  package static func isPicture(_ head: UnsafeRawBufferPointer) -> Bool {
    unsafe picture(head)?.isNoStore ?? false
  }

  /// The error for a file or value of this kind if another kind was expected.
  ///
  /// - Parameter expected: such as `PNG`.
  package func error(instead expected: String) -> StoreError {
    StoreError(.unrecognized, "this is \(what), not \(expected)", remedy: remedy)
  }

  /// The error for a file that is compressed as a whole.
  ///
  /// - Parameter content: the kind of the decompressed content, if it is known.
  package func error(ofCompressed path: String, content: FileSignature?) -> StoreError {
    guard let command else { return error(instead: "a store or data set").at(path: path) }
    // A name that a shell would split is quoted.
    let isPlain = path.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "./_-+".utf8.contains(byte)
    }
    let name = isPlain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
    return StoreError(
      .unrecognized,
      "this is \(content.map { $0.what + " " } ?? "")\(what), which this package does not decompress",
      remedy: "run: "
        + (FileHead.hasSuffix(path, [".gz", ".bz2", ".xz", ".zst", ".lz4", ".z", ".lzma"])
          ? "\(command) -k \(name)" : "\(command) -c < \(name) > FILE"),
      path: path)
  }

  private static func text(_ head: UnsafeRawBufferPointer) -> FileSignature? {
    if unsafe head.isEmpty {
      return FileSignature("an empty file", "get it again", isNoStore: true)
    }
    if unsafe head.starts(with: "version https://git-lfs".utf8) {
      return FileSignature(
        "a Git LFS pointer", "fetch it with 'git lfs pull'", isNoStore: true)
    }
    // Web pages begin with blanks and comments as they like.
    let start = unsafe String(decoding: head.prefix(Self.byteCount), as: UTF8.self).lowercased()
      .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<head") {
      return FileSignature("a web page", "the download failed; get the file again", isNoStore: true)
    }
    if start.hasPrefix("<svg") || start.hasPrefix("<?xml") { return FileSignature("XML", isNoStore: true) }
    return nil
  }

  private static func picture(_ head: UnsafeRawBufferPointer) -> FileSignature? {
    if unsafe head.starts(with: [0xFF, 0xD8, 0xFF]) {
      return FileSignature("a JPEG image", "give the folder that it is in", isNoStore: true)
    }
    if unsafe head.starts(with: "RIFF".utf8), unsafe head.dropFirst(8).starts(with: "WEBP".utf8) {
      return FileSignature("a WebP image", "decode it to PNG", isNoStore: true)
    }
    let pictures: [(String, [UInt8])] = [
      ("a GIF image", Array("GIF8".utf8)), ("a TIFF image", [0x49, 0x49, 0x2A, 0]),
      ("a TIFF image", [0x4D, 0x4D, 0, 0x2A]), ("a JPEG 2000 image", [0, 0, 0, 0x0C, 0x6A, 0x50]),
      ("a JPEG XL image", [0, 0, 0, 0x0C, 0x4A, 0x58]), ("an OpenEXR image", [0x76, 0x2F, 0x31, 0x01]),
    ]
    for (what, magic) in pictures where unsafe head.starts(with: magic) {
      return FileSignature(what, "convert it to PNG", isNoStore: true)
    }
    if unsafe head.starts(with: "BM".utf8), head.count > 18, unsafe head[6] == 0, unsafe head[7] == 0 {
      return FileSignature("a BMP image", "convert it to PNG")
    }
    if unsafe head.count > 2 && head[0] == UInt8(ascii: "P") && (0x31...0x37).contains(head[1])
      && head[2] <= 0x20
    {
      return FileSignature("a PNM image", "convert it to PNG")
    }
    if unsafe head.dropFirst(4).starts(with: "ftyp".utf8) {
      let isAVIF = unsafe head.dropFirst(8).starts(with: "avif".utf8)
      let isHEIC = unsafe head.dropFirst(8).starts(with: "hei".utf8)
      return isAVIF || isHEIC
        ? FileSignature(isAVIF ? "an AVIF image" : "a HEIC image", "decode it to PNG", isNoStore: true)
        : FileSignature("a video", isNoStore: true)
    }
    if unsafe head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      return FileSignature("a PNG image", "give the folder that it is in")
    }
    if unsafe head.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      return FileSignature(
        "a PNG with converted line ends, as transfers as text leave it", "get it again as a binary file",
        isNoStore: true)
    }
    return nil
  }

  private static func compressed(_ head: UnsafeRawBufferPointer) -> FileSignature? {
    let programs: [(String, String, [UInt8])] = [
      ("gzip", "gunzip", [0x1F, 0x8B, 8]), ("bzip2", "bunzip2", Array("BZh".utf8)),
      ("xz", "unxz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), ("zstd", "unzstd", [0x28, 0xB5, 0x2F, 0xFD]),
      ("lz4", "unlz4", [0x04, 0x22, 0x4D, 0x18]), ("compress", "uncompress", [0x1F, 0x9D]),
    ]
    for (program, command, magic) in programs where unsafe head.starts(with: magic) {
      return FileSignature(compressedBy: program, undoneBy: command)
    }
    if unsafe head.starts(with: [0x37, 0x7A, 0xBC, 0xAF]) {
      return FileSignature("a 7-Zip archive", "unpack it and give the folder", isNoStore: true)
    }
    if unsafe head.starts(with: "Rar!".utf8) {
      return FileSignature("a RAR archive", "unpack it and give the folder", isNoStore: true)
    }
    if unsafe head.starts(with: [0x50, 0x4B, 3, 4]), head.count >= 4 {
      return FileSignature("a zip archive", "unpack it by 'unzip FILE -d FOLDER', and give the folder")
    }
    if head.count > 262, unsafe head[257...].starts(with: "ustar".utf8) {
      return FileSignature("a tar archive", "unpack it by 'tar xf', and give the folder")
    }
    return nil
  }

  private static func other(_ head: UnsafeRawBufferPointer) -> FileSignature? {
    if unsafe head.starts(with: "MATLAB 7.3 MAT-file".utf8) { return FileSignature("a MATLAB 7.3 file") }
    if unsafe head.starts(with: "MATLAB 5.0 MAT-file".utf8) {
      return FileSignature(
        "a MATLAB file of before 7.3",
        "save it again with 'save -v7.3', or by scipy.io.loadmat and numpy.savez",
        isNoStore: true)
    }
    if unsafe head.starts(with: [0x89, 0x48, 0x44, 0x46]) { return FileSignature("an HDF5 file") }
    if unsafe head.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) {
      return FileSignature("a .npy array")
    }
    if unsafe head.starts(with: "%PDF".utf8) { return FileSignature("a PDF document", isNoStore: true) }
    if unsafe head.starts(with: "SQLite format 3".utf8) {
      return FileSignature("an SQLite database", isNoStore: true)
    }
    if unsafe head.starts(with: "PAR1".utf8) { return FileSignature("a Parquet file", isNoStore: true) }
    if unsafe head.starts(with: "ARROW1".utf8) { return FileSignature("an Arrow file", isNoStore: true) }
    return nil
  }
}
