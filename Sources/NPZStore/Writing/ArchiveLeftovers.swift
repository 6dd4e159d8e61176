import ImageStoreCore
import ImageStoreSupport

/// The bytes past the last commit of an archive: those of an unfinished append, or those of another
/// program, which must not be cut off.
struct ArchiveLeftovers: ~Copyable {
  private let bytes: MappedFile
  private let range: Range<Int>
  private let archive: ZipArchive

  init(
    _ file: borrowing File, of archive: ZipArchive, from start: Int, to end: Int
  ) throws(StoreError) {
    bytes = try MappedFile(file)
    range = start..<min(end, bytes.byteCount)
    self.archive = archive
  }

  /// Whether a writer of this package left them.
  ///
  /// An append begins with an entry that the archive does not have, with a name as this package
  /// gives it. After a power failure any part of its bytes may be zeros; then another of its
  /// entries or records decides. If only zeros follow an archive that this package wrote, they
  /// count as an append of which only pixels reached the disk.
  func areOurs() -> Bool {
    let all = unsafe bytes.bytes
    let rest = unsafe UnsafeRawBufferPointer(rebasing: all[range])
    if unsafe isEntry(rest, at: 0, orCut: true) { return true }
    let zeros = unsafe rest.firstIndex { $0 != 0 } ?? rest.count
    if zeros == rest.count { return true }
    guard zeros > 0 else { return false }
    if archive.end.mark != nil, zeros >= ZipFormat.localHeaderByteCount { return true }
    for position in zeros..<rest.count where unsafe rest[position] == 0x50 {
      if unsafe isEntry(rest, at: position, orCut: false) || isRecord(rest, at: position) { return true }
    }
    return false
  }

  /// Whether there is a local header as an append writes it.
  ///
  /// - Parameter orCut: whether the beginning of a header at the end of the file counts.
  private func isEntry(_ rest: UnsafeRawBufferPointer, at position: Int, orCut: Bool) -> Bool {
    let header = unsafe UnsafeRawBufferPointer(rebasing: rest[position...])
    let start = ZipFormat.localHeaderByteCount
    guard unsafe isAsWritten(header) else { return false }
    guard header.count >= start, let count = unsafe header.integer(UInt16.self, at: 26) else { return orCut }
    let name = unsafe UnsafeRawBufferPointer(rebasing: header[start..<min(header.count, start + Int(count))])
    return unsafe name.count == count ? isNew(name) : orCut && isBeginning(name)
  }

  /// Whether a local header, or the beginning of one, has the version and date that this package writes.
  private func isAsWritten(_ header: UnsafeRawBufferPointer) -> Bool {
    unsafe zip(Self.localHeader, header).allSatisfy { $0 == $1 }
      && [20, 45].contains(header.dropFirst(4).first ?? 20)
      && zip(Self.date, header.dropFirst(10)).allSatisfy { $0 == $1 }
  }

  /// Whether there is a record of a directory as an append writes it.
  private func isRecord(_ rest: UnsafeRawBufferPointer, at position: Int) -> Bool {
    let record = unsafe UnsafeRawBufferPointer(rebasing: rest[position...])
    let start = ZipFormat.directoryRecordByteCount
    guard unsafe record.starts(with: Self.directoryRecord),
      let count = unsafe record.integer(UInt16.self, at: 28), record.count >= start + Int(count)
    else { return false }
    return unsafe isNew(UnsafeRawBufferPointer(rebasing: record[start..<start + Int(count)]))
  }

  private static let localHeader: [UInt8] = [0x50, 0x4B, 3, 4]
  private static let directoryRecord: [UInt8] = [0x50, 0x4B, 1, 2]
  private static let date: [UInt8] = [0, 0, 0x21, 0]

  /// Whether an append gives the name to an entry: a new image, or labels, a column or class names.
  private func isNew(_ name: UnsafeRawBufferPointer) -> Bool {
    let directory = archive.directory
    if let number = unsafe directory.numbering.number(in: name) {
      return number >= directory.numberedCount + directory.strayNumbers.count
    }
    let text = unsafe ZipName.text(of: name)
    return NPZContents.isOwnName(text) || archive.end.mark == .encoded && text == NPZContents.shapesEntry
  }

  /// Whether a name that the file ends in can be one of ours.
  private func isBeginning(_ name: UnsafeRawBufferPointer) -> Bool {
    [
      "ix-", NPZContents.labelsEntry, NPZContents.columnPrefix, NPZContents.offsetsPrefix,
      NPZContents.classNamesEntry, NPZContents.shapesEntry,
    ].contains { unsafe zip($0.utf8, name).allSatisfy { $0 == $1 } }
  }
}
