/// The `data.mdb` of an LMDB environment with one key, made without liblmdb.
///
/// Format: `mdb.c` of LMDB 0.9, structures MDB_page, MDB_meta and MDB_db of 64-bit machines.
enum DatabaseOfOneValue {
  private static let pageSize = 4096
  private static let pageHeader = 16

  static func bytes(key: [UInt8], value: [UInt8]) -> [UInt8] {
    let overflowPages = (pageHeader + value.count + pageSize - 1) / pageSize
    var file = [UInt8](repeating: 0, count: (3 + overflowPages) * pageSize)
    func put(_ value: some FixedWidthInteger, at offset: Int) {
      for byte in 0..<value.bitWidth / 8 {
        file[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
      }
    }
    for page in 0..<2 {
      let start = page * pageSize
      put(UInt64(page), at: start)
      put(0x08 as UInt16, at: start + 10)
      let meta = start + pageHeader
      put(0xBEEF_C0DE as UInt32, at: meta)
      put(1 as UInt32, at: meta + 4)
      put(UInt64(file.count), at: meta + 16)
      // The database of free pages, then the main one.
      put(UInt32(pageSize), at: meta + 24)
      put(0x08 as UInt16, at: meta + 28)
      put(UInt64.max, at: meta + 64)
      let main = meta + 72
      put(1 as UInt16, at: main + 6)
      put(1 as UInt64, at: main + 16)
      put(UInt64(overflowPages), at: main + 24)
      put(1 as UInt64, at: main + 32)
      put(2 as UInt64, at: main + 40)
      put(UInt64(2 + overflowPages), at: meta + 120)
      put(UInt64(page + 1), at: meta + 128)
    }
    let leaf = 2 * pageSize
    let node = pageSize - (8 + key.count + 8 + 1) / 2 * 2
    put(2 as UInt64, at: leaf)
    put(0x02 as UInt16, at: leaf + 10)
    put(UInt16(pageHeader + 2), at: leaf + 12)
    put(UInt16(node), at: leaf + 14)
    put(UInt16(node), at: leaf + pageHeader)
    put(UInt16(truncatingIfNeeded: value.count), at: leaf + node)
    put(UInt16(truncatingIfNeeded: value.count >> 16), at: leaf + node + 2)
    put(0x01 as UInt16, at: leaf + node + 4)
    put(UInt16(key.count), at: leaf + node + 6)
    file.replaceSubrange(leaf + node + 8..<leaf + node + 8 + key.count, with: key)
    put(3 as UInt64, at: leaf + node + 8 + key.count)
    let overflow = 3 * pageSize
    put(3 as UInt64, at: overflow)
    put(0x04 as UInt16, at: overflow + 10)
    put(UInt32(overflowPages), at: overflow + 12)
    file.replaceSubrange(overflow + pageHeader..<overflow + pageHeader + value.count, with: value)
    return file
  }
}
