import ImageStoreCore
import ImageStoreSupport

/// The end record of an archive, which says where the directory is and how many entries it has.
struct ZipEnd: Sendable, Hashable {
  let entryCount: Int
  let directoryOffset: Int
  let directoryByteCount: Int
  let comment: [UInt8]
  /// The bytes at the end of a file that lead to the directory: the end record with its comment,
  /// and before it the locator of the 64-bit end record if there is one.
  let trailer: [UInt8]
  /// Where the trailer ends.
  let endOffset: Int
  /// Where the 64-bit end record is and how many bytes it has, if there is one.
  private let wide: Wide?

  private struct Wide: Sendable, Hashable {
    let offset, byteCount: Int
  }

  /// Where the directory ends.
  var directoryEnd: Int { directoryOffset + directoryByteCount }

  /// Reads the end record at an offset; nil if there is no valid one.
  init?(_ file: borrowing File, at offset: Int, fileByteCount: Int) throws(StoreError) {
    guard offset >= 0, fileByteCount - offset >= ZipFormat.endByteCount else { return nil }
    let record = try file.bytes(at: offset, count: ZipFormat.endByteCount)
    guard record.zipInteger(UInt32.self, at: 0) == ZipFormat.end,
      // Archives split over disks are not ours.
      let disk = record.zipInteger(UInt16.self, at: 4),
      let directoryDisk = record.zipInteger(UInt16.self, at: 6),
      let diskEntries = record.zipInteger(UInt16.self, at: 8),
      let entries = record.zipInteger(UInt16.self, at: 10),
      let byteCount = record.zipInteger(UInt32.self, at: 12),
      let directory = record.zipInteger(UInt32.self, at: 16),
      let commentByteCount = record.zipInteger(UInt16.self, at: 20),
      disk == directoryDisk, diskEntries == entries,
      Int(commentByteCount) <= fileByteCount - offset - ZipFormat.endByteCount
    else { return nil }
    var locator: [UInt8] = []
    var limit = offset
    if entries == .max || byteCount == .max || directory == .max {
      guard
        let found = try Self.read64(file, locatorAt: offset - ZipFormat.end64LocatorByteCount)
      else { return nil }
      locator = found.locator
      limit = found.record.offset
      wide = found.record
      entryCount = found.entryCount
      directoryOffset = found.directoryOffset
      directoryByteCount = found.directoryByteCount
    } else {
      wide = nil
      entryCount = Int(entries)
      directoryOffset = Int(directory)
      directoryByteCount = Int(byteCount)
    }
    guard directoryOffset <= limit, directoryByteCount <= limit - directoryOffset,
      entryCount <= directoryByteCount / ZipFormat.directoryRecordByteCount
    else { return nil }
    // Read last, because reading the comments of thousands of invalid records would take long.
    comment = try file.bytes(at: offset + ZipFormat.endByteCount, count: Int(commentByteCount))
    guard !ArchiveComment.isCut(comment) else { return nil }
    trailer = locator + record + comment
    endOffset = offset + ZipFormat.endByteCount + Int(commentByteCount)
  }

  private static func read64(
    _ file: borrowing File, locatorAt offset: Int
  ) throws(StoreError) -> (
    locator: [UInt8], record: Wide, entryCount: Int, directoryOffset: Int, directoryByteCount: Int
  )? {
    guard offset >= 0 else { return nil }
    let locator = try file.bytes(at: offset, count: ZipFormat.end64LocatorByteCount)
    guard locator.zipInteger(UInt32.self, at: 0) == ZipFormat.end64Locator,
      let start = locator.zipInteger(UInt64.self, at: 8).flatMap(Int.init(exactly:)),
      start <= offset - ZipFormat.end64ByteCount
    else { return nil }
    let record = try file.bytes(at: start, count: ZipFormat.end64ByteCount)
    guard record.zipInteger(UInt32.self, at: 0) == ZipFormat.end64,
      let size = record.zipInteger(UInt64.self, at: 4),
      let entryCount = record.zipInteger(UInt64.self, at: 32).flatMap(Int.init(exactly:)),
      let byteCount = record.zipInteger(UInt64.self, at: 40).flatMap(Int.init(exactly:)),
      let directory = record.zipInteger(UInt64.self, at: 48).flatMap(Int.init(exactly:))
    else { return nil }
    // The size does not count the signature and itself. Some programs write another size, which
    // other programs accept.
    let room = UInt64(offset - start - 12)
    let rest = size <= room ? Int(size) : ZipFormat.end64ByteCount - 12
    return (locator, Wide(offset: start, byteCount: rest + 12), entryCount, directory, byteCount)
  }

  /// The end of the commit of this record, or nil if the record is not that of a commit: bytes of a
  /// file in the archive may look like a record.
  ///
  /// The record of a commit follows its directory. A copy of it may be further on, after what an
  /// append has written.
  func committedEnd(of file: borrowing File) throws(StoreError) -> Int? {
    if let wide, wide.offset != directoryEnd { return nil }
    let start = directoryEnd + (wide?.byteCount ?? 0)
    if start + trailer.count == endOffset { return endOffset }
    guard start + trailer.count <= endOffset,
      try file.bytes(at: start, count: trailer.count) == trailer
    else { return nil }
    return start + trailer.count
  }
}

extension File {
  /// The bytes of a range of the file.
  func bytes(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe read(at: offset, into: buffer)
    }
    return bytes
  }
}

extension [UInt8] {
  /// A little-endian integer, or nil if the bytes end before.
  func zipInteger<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    unsafe withUnsafeBytes { unsafe $0.integer(type, at: offset) }
  }
}
