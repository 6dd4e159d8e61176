/// The purpose of a page; LMDB's flags.
enum PageKind: UInt16 {
  case branch = 0x01
  case leaf = 0x02
  case overflow = 0x04
  case meta = 0x08
}

// Pages as LMDB 0.9 has them on 64-bit little-endian machines; see `MetaPage` and `TreePage`.
extension [UInt8] {
  mutating func appendInteger(_ value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func appendPageHeader(_ number: Int, _ kind: PageKind, lower: Int = 0, upper: Int = 0) {
    appendInteger(UInt64(number))
    appendInteger(UInt16(0))
    appendInteger(kind.rawValue)
    appendInteger(UInt16(truncatingIfNeeded: lower))
    appendInteger(UInt16(truncatingIfNeeded: upper))
  }

  /// The header of the first page of a value.
  mutating func appendPageHeader(_ number: Int, _ kind: PageKind, pageCount: Int) {
    appendPageHeader(number, kind, lower: pageCount & 0xFFFF, upper: pageCount >> 16)
  }

  /// Appends one of the two meta pages, which has the number of its transaction.
  mutating func appendMetaPage(
    _ number: Int, pageSize: Int, main: TreeRecord, lastPage: Int
  ) {
    let end = count + pageSize
    appendPageHeader(number, .meta)
    appendInteger(MetaPage.magic)
    appendInteger(MetaPage.version)
    appendInteger(UInt64(0))
    appendInteger(UInt64((lastPage + 1) * pageSize))
    // Free pages, of which there are none: a tree whose keys are integers.
    var free = TreeRecord()
    free.pad = UInt32(pageSize)
    free.flags = TreeRecord.hasIntegerKeys
    appendTree(free)
    appendTree(main)
    appendInteger(UInt64(lastPage))
    appendInteger(UInt64(number))
    let rest = end - self.count
    append(contentsOf: repeatElement(0, count: rest))
  }

  private mutating func appendTree(_ record: TreeRecord) {
    appendInteger(record.pad)
    appendInteger(record.flags)
    appendInteger(record.depth)
    for number in [record.branchCount, record.leafCount, record.overflowCount, record.entryCount] {
      appendInteger(number)
    }
    appendInteger(record.root)
  }
}
