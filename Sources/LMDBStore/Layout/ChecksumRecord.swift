internal import ImageStoreCore
internal import ImageStoreNumPy

/// The checksum of a record, which stands under the record's key in a record of its own: an array of one 32-bit
/// number.
enum ChecksumRecord {
  static func npyBytes(_ checksums: ArraySlice<UInt32>) -> [UInt8] {
    var bytes = NPYHeader(NPYType(.unsignedInteger, byteCount: 4), shape: [checksums.count]).bytes
    for checksum in checksums {
      unsafe withUnsafeBytes(of: checksum) { unsafe bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// The one checksum of a record.
  static func value(
    at place: RecordParts.Place, in file: DatabaseFile
  ) throws(StoreError) -> UInt32 {
    try unsafe place.withBytes(of: file) { (bytes) throws(StoreError) in
      let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
      guard header.type == NPYType(.unsignedInteger, byteCount: 4), header.shape == [1] else {
        throw StoreError(.corrupt, "a checksum that is no 32-bit number")
      }
      return try unsafe UInt32(truncatingIfNeeded: header.integers(in: header.data(in: bytes))[0])
    }
  }
}
