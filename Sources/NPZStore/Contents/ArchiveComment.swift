import ImageStoreCore
import ImageStoreSupport

/// The comment of an archive: this package's statement on its images and directory, then the text
/// that another program wrote there.
///
///     swift-image-stores 1c291ca3 of 2450 bytes at 86016 uniform
///
/// The number is the CRC-32 of the directory, which has none of its own; the size and the offset
/// identify the directory, because other programs that change an archive keep its comment. Entries
/// of one size can be arrays of different shapes, so whether all images have one format is written
/// here, where neither numpy nor the images see it; it comes last, so that no beginning of a mark
/// is a mark. A line feed and the comment that the archive had before follow, if it had one.
///
/// Earlier versions wrote only `swift-image-stores uniform`.
struct ArchiveComment: Sendable, Hashable {
  enum Mark: String, Sendable, CaseIterable {
    case uniform, mixed
    /// Images are encoded, such as the bytes of files.
    case encoded
  }

  /// A directory and its checksum.
  struct DirectoryChecksum: Sendable, Hashable {
    let checksum: UInt32
    let directory: Range<Int>

    fileprivate var text: String {
      let digits = String(checksum, radix: 16)
      let checksum = String(repeating: "0", count: 8 - digits.utf8.count) + digits
      return "\(checksum) of \(directory.count) bytes at \(directory.lowerBound)"
    }

    fileprivate init?(_ text: String) {
      let words = text.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 6, let checksum = UInt32(words[0], radix: 16),
        let byteCount = Int(words[2]), let offset = Int(words[5]),
        byteCount >= 0, offset >= 0, offset <= Int.max - byteCount
      else { return nil }
      self.init(checksum: checksum, directory: offset..<offset + byteCount)
      // Only what is spelled as it is written: of "+1" and "1" one is damaged.
      guard self.text == text else { return nil }
    }

    init(checksum: UInt32, directory: Range<Int>) {
      self.checksum = checksum
      self.directory = directory
    }
  }

  /// Whether all images have one format, or are encoded; nil for an archive that something else wrote.
  var mark: Mark?
  /// The checksum of the directory; nil if it is not written down.
  var checksum: DirectoryChecksum?
  /// The comment of another program.
  var other: [UInt8]

  /// The beginning of a comment of this package.
  static let signature = Array("swift-image-stores ".utf8)
  /// The most bytes a comment can have.
  static let mostBytes = 0xFFFF
  /// The most bytes that ``markBytes`` take.
  static let mostMarkBytes = signature.count + "00000000 of  bytes at  uniform".utf8.count + 2 * 19

  init(mark: Mark, checksum: DirectoryChecksum, other: [UInt8]) {
    self.mark = mark
    self.checksum = checksum
    self.other = other
  }

  /// Parses a comment. One that does not begin as this package writes it belongs completely to
  /// another program.
  init(_ bytes: [UInt8]) {
    (mark, checksum, other) = (nil, nil, bytes)
    guard bytes.starts(with: Self.signature) else { return }
    let line = bytes.prefix(Self.mostMarkBytes + 1).prefix { $0 != Self.lineFeed }
    let words = String(decoding: line.dropFirst(Self.signature.count), as: UTF8.self).split(
      separator: " ", omittingEmptySubsequences: false)
    guard let mark = words.last.flatMap({ Mark(rawValue: String($0)) }) else { return }
    if words.count > 1 {
      guard let checksum = DirectoryChecksum(words.dropLast().joined(separator: " ")) else { return }
      self.checksum = checksum
    }
    self.mark = mark
    other = Array(bytes.dropFirst(line.count + 1))
  }

  private static let lineFeed = UInt8(ascii: "\n")

  /// Whether only the beginning of a comment of this package was written, with zeros in place of
  /// its end. A system without free space writes a part.
  static func isCut(_ bytes: [UInt8]) -> Bool {
    guard bytes.last == 0 else { return false }
    let written = bytes.prefix { $0 != 0 }
    return written.starts(with: signature) || signature.starts(with: written) && bytes.count > signature.count
  }

  /// This package's statement.
  var markBytes: [UInt8] {
    guard let mark else { return [] }
    return Self.signature + Array(((checksum.map { $0.text + " " } ?? "") + mark.rawValue).utf8)
  }

  /// The text after it.
  var otherBytes: [UInt8] {
    mark == nil || other.isEmpty ? other : [Self.lineFeed] + other
  }
}

extension ZipEnd {
  /// The contents of the comment.
  var archiveComment: ArchiveComment { ArchiveComment(comment) }

  /// This package's statement on the images; nil if another program wrote or changed the archive.
  var mark: ArchiveComment.Mark? {
    let comment = archiveComment
    return comment.checksum == nil || isOfThisDirectory(comment) ? comment.mark : nil
  }

  /// Whether the directory has a checksum.
  var hasDirectoryChecksum: Bool { isOfThisDirectory(archiveComment) }

  /// Another program that changed the archive may have kept the comment.
  private func isOfThisDirectory(_ comment: ArchiveComment) -> Bool {
    comment.checksum?.directory == directoryOffset..<directoryEnd
  }

  /// Checks the directory against its checksum, if it has one.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func checkDirectory(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    let comment = archiveComment
    guard let stated = comment.checksum?.checksum, isOfThisDirectory(comment) else { return }
    let found = unsafe CRC32.checksum(of: bytes)
    guard found == stated else {
      throw StoreError(
        .corrupt,
        "the archive's directory is damaged: its CRC-32 is \(String(found, radix: 16)), not \(String(stated, radix: 16))",
        remedy:
          "fetch or write the archive again, or remove its comment if another program changed it on purpose"
      )
    }
  }
}
