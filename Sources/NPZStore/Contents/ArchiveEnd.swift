import ImageStoreCore
import ImageStoreSupport

// Finds the end record that counts. An append leaves the previous one in place, so a file may have
// many.

extension ZipEnd {
  /// How far back an end record can begin whose comment reaches to the end of the file.
  private static let tailByteCount = ZipFormat.endByteCount + ArchiveComment.mostBytes

  /// Finds the end record of the last commit and returns the result of `accept` for its directory.
  ///
  /// That is the record whose comment ends with the file: its directory is complete, or the archive
  /// is damaged. If there is none, an append was cut off, and the commit before it counts. The file
  /// is read, not mapped, since a writer may be cutting off what a dead one left.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` if the file is not a zip archive;
  ///   ``StoreError/Code/corrupt`` if it begins as one and has no end record, or one that was
  ///   complete once and is damaged; what `accept` throws.
  static func find<Result>(
    in file: borrowing File, accept: (ZipEnd) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let byteCount = try file.byteCount()
    let start = max(0, byteCount - tailByteCount)
    let tail = try file.bytes(at: start, count: byteCount - start)
    if let end = try last(in: file, byteCount: byteCount, tail: tail, tailOffset: start) {
      return try accept(end)
    }
    let beginning = try file.bytes(at: 0, count: min(4, byteCount)).zipInteger(UInt32.self, at: 0)
    guard beginning == ZipFormat.localHeader || beginning == ZipFormat.end else {
      throw StoreError(.unrecognized, "this is not a zip archive: it has no end record", path: file.path)
    }
    if try isDamaged(in: file, byteCount: byteCount, tail: tail, tailOffset: start) {
      throw StoreError(
        .corrupt, "the end record is damaged", remedy: "fetch or write the archive again", path: file.path)
    }
    if let end = try earlier(in: file, byteCount: byteCount) { return try accept(end) }
    throw StoreError(
      .corrupt, "the archive is cut short: there is no end record with a whole directory",
      remedy: "fetch or write it again", path: file.path)
  }

  /// The record whose comment ends with the file. A comment may hold another archive, so one right
  /// after its directory comes before others.
  private static func last(
    in file: borrowing File, byteCount: Int, tail: [UInt8], tailOffset: Int
  ) throws(StoreError) -> ZipEnd? {
    var other: ZipEnd?
    for position in tail.endSignatures().reversed() {
      guard let end = try ZipEnd(file, at: tailOffset + position, fileByteCount: byteCount),
        end.endOffset == byteCount
      else { continue }
      if try end.committedEnd(of: file) != nil { return end }
      other = other ?? end
    }
    return other
  }

  /// Whether the last record of this package in the file exists but is not valid: a record that was
  /// complete once must not bring the previous commit back.
  ///
  /// A record reaches the disk as a whole, because it is in one sector. For records of earlier
  /// versions, any part can be missing: then the mark is incomplete, or the signature has zeros,
  /// which a flipped bit cannot cause.
  private static func isDamaged(
    in file: borrowing File, byteCount: Int, tail: [UInt8], tailOffset: Int
  ) throws(StoreError) -> Bool {
    guard let mark = tail.lastMark(), mark >= ZipFormat.endByteCount,
      ArchiveComment(Array(tail[mark...])).mark != nil
    else { return false }
    let record = mark - ZipFormat.endByteCount
    let signature = tail[record..<record + 4]
    let matches = signature.enumerated().count {
      $0.element == UInt8(truncatingIfNeeded: ZipFormat.end >> (8 * UInt32($0.offset)))
    }
    guard matches >= 3, !signature.contains(0) else { return false }
    // Whole: a copy after what an append has written.
    guard let end = try ZipEnd(file, at: tailOffset + record, fileByteCount: byteCount),
      end.archiveComment.mark != nil
    else { return true }
    return try end.committedEnd(of: file) == nil
  }

  /// A file with more places that look like end records but do not follow a directory is not an
  /// archive of ours.
  private static let mostCandidates = 4096

  /// Searches the whole file backwards, a piece at a time, for the record of a commit.
  private static func earlier(in file: borrowing File, byteCount: Int) throws(StoreError) -> ZipEnd? {
    let piece = 4 << 20
    var candidates = 0
    var pieceEnd = byteCount
    while pieceEnd > 0 {
      let start = max(0, pieceEnd - piece)
      // Three bytes more, for a signature across the seam.
      let bytes = try file.bytes(at: start, count: min(pieceEnd + 3, byteCount) - start)
      for position in bytes.endSignatures().reversed() {
        guard let end = try ZipEnd(file, at: start + position, fileByteCount: byteCount) else { continue }
        // The rest of an incomplete record may say that there is nothing.
        if end.entryCount > 0 || end.archiveComment.mark != nil, try end.committedEnd(of: file) != nil {
          return end
        }
        candidates += 1
        guard candidates <= mostCandidates else { return nil }
      }
      pieceEnd = start
    }
    return nil
  }
}

extension [UInt8] {
  /// Where the last mark of this package begins.
  fileprivate func lastMark() -> Int? {
    let signature = ArchiveComment.signature
    return unsafe withUnsafeBytes { bytes in
      var position = bytes.count - signature.count
      while position >= 0 {
        if unsafe bytes[position] == signature[0],
          unsafe bytes[position..<position + signature.count].elementsEqual(signature)
        {
          return position
        }
        position -= 1
      }
      return nil
    }
  }

  /// Where the bytes `PK\5\6` are.
  fileprivate func endSignatures() -> [Int] {
    var positions: [Int] = []
    unsafe withUnsafeBytes { bytes in
      var position = 0
      while position + 4 <= bytes.count {
        // Boyer and Moore: the byte where a signature would end says how far it can be off.
        switch unsafe bytes[position + 3] {
        case 0x06:
          if unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            == ZipFormat.end.littleEndian
          {
            positions.append(position)
          }
          position += 4
        case 0x05: position += 1
        case 0x4B: position += 2
        case 0x50: position += 3
        default: position += 4
        }
      }
    }
    return positions
  }
}
