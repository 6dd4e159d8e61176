import ImageStoreCore
import StoreIO

extension ZipEnd {
  /// How far back an end record can begin whose comment reaches to the end of the file.
  private static let tailByteCount = ZipFormat.endByteCount + 0xFFFF

  /// Finds the end record of the last commit and gives what `accept` makes of its directory.
  ///
  /// That is the record whose comment ends with the file: its directory is whole or the archive is
  /// damaged. Where there is none, an append was cut off, and the last record before it counts whose
  /// directory is accepted. The file is read, not mapped, since a writer may be cutting off what a dead
  /// one left.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` where the file is no zip archive;
  ///   ``StoreError/Code/corrupt`` where it begins as one and has no end record; what `accept` throws.
  static func find<Result>(
    in file: borrowing File, accept: (ZipEnd) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let byteCount = try file.byteCount()
    let start = max(0, byteCount - tailByteCount)
    let tail = try file.bytes(at: start, count: byteCount - start)
    for position in tail.endSignatures().reversed() {
      if let end = try ZipEnd(file, at: start + position, fileByteCount: byteCount),
        end.endOffset == byteCount
      {
        return try accept(end)
      }
    }
    let beginning = try file.bytes(at: 0, count: min(4, byteCount)).zipInteger(UInt32.self, at: 0)
    guard beginning == ZipFormat.localHeader || beginning == ZipFormat.end else {
      throw StoreError(.unrecognized, "no zip archive: there is no end record", path: file.path)
    }
    // Ends are written with one call, comment last: what has the comment was whole once.
    if NPZMark.allCases.contains(where: { tail.suffix($0.comment.count).elementsEqual($0.comment) }) {
      throw StoreError(
        .corrupt, "the end record is damaged", remedy: "fetch or write the archive again", path: file.path)
    }
    if let result = try findEarlier(in: file, byteCount: byteCount, accept: accept) { return result }
    throw StoreError(
      .corrupt, "the archive is cut short: there is no end record with a whole directory",
      remedy: "fetch or write it again", path: file.path)
  }

  /// The most end records whose directories are read in search of the last commit.
  private static let mostCandidates = 64

  /// Searches the whole file backwards, a piece at a time.
  private static func findEarlier<Result>(
    in file: borrowing File, byteCount: Int, accept: (ZipEnd) throws(StoreError) -> Result
  ) throws(StoreError) -> Result? {
    let piece = 4 << 20
    var candidates = 0
    var pieceEnd = byteCount
    while pieceEnd > 0 {
      let start = max(0, pieceEnd - piece)
      // Three bytes more, for a signature across the seam.
      let bytes = try file.bytes(at: start, count: min(pieceEnd + 3, byteCount) - start)
      for position in bytes.endSignatures().reversed() {
        guard let end = try ZipEnd(file, at: start + position, fileByteCount: byteCount) else { continue }
        candidates += 1
        guard candidates <= mostCandidates else { return nil }
        do throws(StoreError) {
          return try accept(end)
        } catch {
          if error.code == .system { throw error }
        }
      }
      pieceEnd = start
    }
    return nil
  }
}

extension [UInt8] {
  /// Where the bytes `PK\5\6` stand.
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
