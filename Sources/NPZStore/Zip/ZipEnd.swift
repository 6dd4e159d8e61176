import ImageStoreCore
import StoreIO

/// What the end record of an archive says: where the directory is and how many entries it has.
struct ZipEnd: Sendable, Hashable {
  let entryCount: Int
  let directoryOffset: Int
  let directoryByteCount: Int
  let comment: [UInt8]
  /// The bytes that lead to the directory from wherever they stand at the end of a file: the end record
  /// with its comment, and before it the locator of the 64-bit end record if there is one.
  let trailer: [UInt8]
  /// Where the trailer ends.
  let endOffset: Int

  /// Reads the end record at an offset, or nil where there is none that makes sense.
  init?(_ file: borrowing File, at offset: Int, fileByteCount: Int) throws(StoreError) {
    guard offset >= 0, fileByteCount - offset >= ZipFormat.endByteCount else { return nil }
    let record = try file.bytes(at: offset, count: ZipFormat.endByteCount)
    guard record.zipInteger(UInt32.self, at: 0) == ZipFormat.end,
      // Archives split over disks are none of ours.
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
    let comment = try file.bytes(
      at: offset + ZipFormat.endByteCount, count: Int(commentByteCount))
    var trailer = record + comment
    var limit = offset
    if entries == .max || byteCount == .max || directory == .max {
      guard
        let wide = try Self.read64(file, locatorAt: offset - ZipFormat.end64LocatorByteCount)
      else { return nil }
      trailer = wide.locator + trailer
      limit = wide.offset
      entryCount = wide.entryCount
      directoryOffset = wide.directoryOffset
      directoryByteCount = wide.directoryByteCount
    } else {
      entryCount = Int(entries)
      directoryOffset = Int(directory)
      directoryByteCount = Int(byteCount)
    }
    guard directoryOffset <= limit, directoryByteCount <= limit - directoryOffset,
      entryCount <= directoryByteCount / ZipFormat.directoryRecordByteCount
    else { return nil }
    self.comment = comment
    self.trailer = trailer
    endOffset = offset + ZipFormat.endByteCount + Int(commentByteCount)
  }

  private static func read64(
    _ file: borrowing File, locatorAt offset: Int
  ) throws(StoreError) -> (
    locator: [UInt8], offset: Int, entryCount: Int, directoryOffset: Int, directoryByteCount: Int
  )? {
    guard offset >= 0 else { return nil }
    let locator = try file.bytes(at: offset, count: ZipFormat.end64LocatorByteCount)
    guard locator.zipInteger(UInt32.self, at: 0) == ZipFormat.end64Locator,
      let start = locator.zipInteger(UInt64.self, at: 8).flatMap(Int.init(exactly:)),
      start <= offset - ZipFormat.end64ByteCount
    else { return nil }
    let record = try file.bytes(at: start, count: ZipFormat.end64ByteCount)
    guard record.zipInteger(UInt32.self, at: 0) == ZipFormat.end64,
      let entryCount = record.zipInteger(UInt64.self, at: 32).flatMap(Int.init(exactly:)),
      let byteCount = record.zipInteger(UInt64.self, at: 40).flatMap(Int.init(exactly:)),
      let directory = record.zipInteger(UInt64.self, at: 48).flatMap(Int.init(exactly:))
    else { return nil }
    return (locator, start, entryCount, directory, byteCount)
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
  /// A little-endian integer, or nil where the bytes end before.
  func zipInteger<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    unsafe withUnsafeBytes { unsafe $0.integer(type, at: offset) }
  }
}
