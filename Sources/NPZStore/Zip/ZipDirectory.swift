import ImageStoreCore
import ImageStoreSupport

/// The entries of an archive: those that are numbered by their number, the others by name.
struct ZipDirectory: Sendable {
  /// The names of numbered entries.
  let numbering: ZipNumbering
  /// All entries, as the directory has them.
  private(set) var entries: [ZipEntry] = []
  /// The position in ``entries`` of the first numbered entry that is followed by its successors in
  /// order.
  private(set) var firstNumbered = 0
  /// How many entries follow in order, numbered from 0.
  private(set) var numberedCount = 0
  /// Numbered entries in other positions.
  private(set) var strayNumbers: [(number: Int, position: Int)] = []
  /// The other entries, in the order of the directory.
  private(set) var named: [Named] = []

  /// Entries that cannot be read. They matter only when they are read.
  private(set) var problems: [Problem] = []

  /// Why an entry cannot be read.
  struct Problem: Sendable {
    let name: String
    /// Where in ``entries`` it is.
    let position: Int
    let method: UInt16
    let flags: UInt16
    let error: StoreError
  }

  /// An entry whose name is not a number.
  struct Named: Sendable {
    let name: String
    /// Where in ``entries`` it is.
    let position: Int
    /// Where its record is, counted from the start of the directory.
    let record: Range<Int>
  }

  /// Reads a directory.
  ///
  /// - Parameters:
  ///   - bytes: the directory, as the end record places it.
  ///   - count: how many entries the end record says there are.
  ///   - offset: where the directory begins; every entry is before.
  ///   - numbering: the names of numbered entries.
  /// - Throws: ``StoreError/Code/corrupt`` for a directory that contradicts itself or the end
  ///   record, numbers that occur twice, and entries that overlap; ``StoreError/Code/unsupported``
  ///   for images that are encrypted or of methods other than stored and deflated;
  ///   ``StoreError/Code/limitExceeded`` for entries that inflate to more than deflate can make.
  ///   ``problems`` has the errors of entries that are not numbered.
  init(
    _ bytes: UnsafeRawBufferPointer, count: Int, offset: Int, numbering: ZipNumbering
  ) throws(StoreError) {
    self.numbering = numbering
    entries.reserveCapacity(count)
    var names: Set<ZipName.Bytes> = []
    var position = 0
    for index in 0..<count {
      let record = try unsafe ZipDirectoryRecord(bytes, at: position, limit: offset, numbering: numbering)
      position += record.byteCount
      entries.append(record.entry)
      if let number = record.number {
        if number == numberedCount && (number == 0 || firstNumbered + number == index) {
          if number == 0 { firstNumbered = index }
          numberedCount += 1
        } else {
          strayNumbers.append((number, index))
        }
      } else {
        let isNew = names.insert(record.nameBytes).inserted
        if let error = record.problem
          ?? (isNew ? nil : StoreError(.corrupt, "there are two entries of this name", key: record.name))
        {
          problems.append(
            Problem(
              name: record.name, position: index, method: record.method, flags: record.flags, error: error))
          continue
        }
        named.append(
          Named(name: record.name, position: index, record: position - record.byteCount..<position))
      }
    }
    guard position == bytes.count else {
      throw StoreError(
        .corrupt, "the archive's directory has \(bytes.count - position) bytes that belong to no entry")
    }
    strayNumbers.sort { $0.number < $1.number }
    for (before, after) in zip(strayNumbers, strayNumbers.dropFirst()) where before.number == after.number {
      throw StoreError(.corrupt, "there are two entries of this name", key: numbering.name(of: after.number))
    }
    if let first = strayNumbers.first, first.number < numberedCount {
      throw StoreError(.corrupt, "there are two entries of this name", key: numbering.name(of: first.number))
    }
    try setLimits(end: offset)
  }

  /// Whether numbers are missing between others.
  var hasGaps: Bool {
    guard let last = strayNumbers.last else { return false }
    // No number occurs twice.
    return last.number != numberedCount + strayNumbers.count - 1
  }

  /// Sets for every entry where the next one begins.
  private mutating func setLimits(end: Int) throws(StoreError) {
    let count = entries.count
    var entries = entries.mutableSpan
    var isSorted = true
    for position in 1..<max(1, count) where entries[position - 1].offset >= entries[position].offset {
      isSorted = false
      break
    }
    let order = isSorted ? [] : (0..<count).sorted { entries[$0].offset < entries[$1].offset }
    for place in 0..<count {
      let position = isSorted ? place : order[place]
      let next = place + 1 < count ? entries[isSorted ? place + 1 : order[place + 1]].offset : end
      guard entries[position].leastByteCount <= next - entries[position].offset else {
        throw StoreError(
          .corrupt, "two entries overlap at offset \(entries[position].offset)",
          remedy: "the archive was made to mislead; do not use it")
      }
      entries[position].limit = next
    }
  }

  /// Checks that nothing is wrong with the entry with a name, if there is one.
  ///
  /// - Throws: the error, such as a second entry with the name.
  func checkIsReadable(_ name: String) throws(StoreError) {
    if let problem = problems.first(where: { $0.name == name }) { throw problem.error }
  }

  /// The entry with a name that is not a number.
  func entry(named name: String) -> ZipEntry? {
    named.first { $0.name == name }.map { entries[$0.position] }
  }
}
