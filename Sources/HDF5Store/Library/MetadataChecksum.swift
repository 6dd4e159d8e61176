import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// A checksum of the structure of a file: all bytes except those of images, labels, columns and
/// checksums.
///
/// libhdf5 trusts what it reads, and crashes on some of it, so everything it reads of a file of
/// this package is checked before. The checksum is after the end that the superblock states: other
/// programs do not see it, and libhdf5 cuts it off when one of them writes to the file, which is
/// then like any other file.
///
/// It has the start and the end of every checked range in 8 bytes each, rising; their number in 8; the CRC-32
/// of the checked bytes and of all that in 4; and ``magic``. Integers are little endian.
///
/// If the end of the file is damaged, ``OwnMark`` still identifies a file of this package.
struct MetadataChecksum {
  static let magic = Array("image-stores".utf8)
  private static let trailerByteCount = 8 + 4 + magic.count

  /// Checks the checksum of a file.
  ///
  /// - Returns: whether it has one. It has none if other programs made it or have written to it.
  /// - Throws: ``StoreError/Code/corrupt`` if it does not agree with the file, or is damaged itself.
  static func check(_ file: MappedFile, _ superblock: Superblock) throws(StoreError) -> Bool {
    guard isEnd(of: file) else {
      // A file that libhdf5 has written to ends where its superblock says; after that there can
      // only be a checksum.
      if let end = superblock.end, end == file.byteCount { return false }
      guard OwnMark.isIn(file, end: superblock.end ?? file.byteCount) else { return false }
      throw StoreError(
        .corrupt, "the end of the file, which has the checksum of its structure, is damaged",
        remedy: "write it again from its source", path: file.path)
    }
    let damaged = StoreError(
      .corrupt,
      "the structure of the file (the part that says where its data is) does not agree with its checksum",
      remedy: "write it again from its source", path: file.path)
    let trailer = file.byteCount - trailerByteCount
    guard trailer >= 0, let count = unsafe file.bytes.integer(UInt64.self, at: trailer),
      count <= UInt64(trailer / 16),
      let stated = unsafe file.bytes.integer(UInt32.self, at: trailer + 8)
    else { throw damaged }
    let list = trailer - 16 * Int(count)
    // Integers one after another: an array of ranges costs a process more, the first time, than all
    // else here.
    var (starts, ends): ([Int], [Int]) = ([], [])
    starts.reserveCapacity(Int(count))
    ends.reserveCapacity(Int(count))
    var end = 0
    for number in 0..<Int(count) {
      guard let first = unsafe file.bytes.integer(UInt64.self, at: list + 16 * number),
        let last = unsafe file.bytes.integer(UInt64.self, at: list + 16 * number + 8),
        first >= UInt64(end), last >= first, last <= UInt64(list)
      else { throw damaged }
      end = Int(last)
      starts.append(Int(first))
      ends.append(end)
    }
    var crc = CRC32()
    file.readingPieces(zip(starts, ends).map { $0..<$1 }) {
      for (start, end) in zip(starts, ends) {
        unsafe crc.add(UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
      }
    }
    unsafe crc.add(UnsafeRawBufferPointer(rebasing: file.bytes[list..<trailer + 8]))
    guard crc.value == stated else { throw damaged }
    return true
  }

  /// Whether a file ends as one with a checksum does.
  static func isEnd(of file: MappedFile) -> Bool {
    guard let end = unsafe file.bytes(at: file.byteCount - magic.count, count: magic.count) else {
      return false
    }
    return unsafe end.elementsEqual(magic)
  }

  /// The ranges of a file that this does not check, by rising start: those with checksums of their
  /// own.
  ///
  /// - Parameters:
  ///   - handle: the file, flushed but not closed, so that the library knows these ranges and reads
  ///     nothing.
  ///   - path: where it is.
  static func uncheckedRanges(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, at path: String
  ) throws(StoreError) -> [Range<Int>] {
    let file = try LibraryFile(unfinished: path)
    let contents = try ContentsReader(file).read(session, handle, StoreDescription())
    var ranges = contents.byteRanges
    var names = [DatasetNames.labels, DatasetNames.checksums, DatasetNames.classNames]
    for column in contents.records.columns.values {
      names += [column.values, column.offsets].compactMap { $0?.dataset.name }
    }
    names += contents.records.encoded.keys
    if case .encoded = contents.images { names.append(DatasetNames.encoded) }
    for name in names {
      guard let object = try session.open(name, in: handle) else { continue }
      if let range = session.storedRange(of: object) { ranges.append(range) }
    }
    return ranges.sorted { $0.lowerBound < $1.lowerBound }
  }

  /// Adds the checksum to a complete file.
  static func add(to path: String, around ranges: [Range<Int>]) throws(StoreError) {
    let complete = try MappedFile(path)
    var list: [UInt8] = []
    var crc = CRC32()
    var count = 0
    var position = 0
    func check(upTo end: Int) {
      guard end > position, let bytes = unsafe complete.bytes(at: position, count: end - position) else {
        return
      }
      unsafe crc.add(bytes)
      list.append(little: UInt64(position))
      list.append(little: UInt64(end))
      count += 1
    }
    for range in ranges {
      check(upTo: range.lowerBound)
      position = max(position, range.upperBound)
    }
    check(upTo: complete.byteCount)
    list.append(little: UInt64(count))
    unsafe list.withUnsafeBytes { unsafe crc.add($0) }
    list.append(little: crc.value)
    list += magic
    let file = try File(path, .update)
    try unsafe file.write(list.span.bytes, at: complete.byteCount)
  }
}

extension HDF5Contents {
  /// Where pixels are in the file.
  fileprivate var byteRanges: [Range<Int>] {
    switch images {
    case .mapped(let offset, _): return [offset..<offset + count * (format?.byteCount ?? 0)]
    case .chunked(let pixels, _):
      return pixels.table.entries.filter { $0.offset >= 0 }.map {
        $0.offset..<$0.offset + Int($0.byteCount)
      }
    case .each(let table): return table.byteRanges
    case .resident, .constant, .library, .turned, .encoded: return []
    }
  }
}

extension HDF5Session {
  /// Where the elements of a dataset are, if that is one place.
  fileprivate func storedRange(of dataset: borrowing HDF5Handle) -> Range<Int>? {
    guard H5Iget_type(dataset.id) == H5I_DATASET,
      let start = Int(exactly: CHDF5_dataset_offset(dataset.id)),
      let byteCount = Int(exactly: H5Dget_storage_size(dataset.id))
    else { return nil }
    return start..<start + byteCount
  }
}

extension [UInt8] {
  fileprivate mutating func append(little value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }
}

/// The mark that identifies a file of this package without libhdf5 and without the checksum at its
/// end, so that a file with a damaged end is not mistaken for one of another program, whose
/// metadata the library reads unchecked.
///
/// The root has an attribute ``DatasetNames/writer`` whose text is ``MetadataChecksum/magic``, and
/// which is the first thing written, so that it is near the start. Files of earlier releases do not
/// have it, but the attribute ``DatasetNames/formatVersion`` and the dataset
/// ``DatasetNames/checksums``, whose names are somewhere among the metadata. The first is enough,
/// or the head of the second as this package writes it, or both names. A damaged byte that leaves
/// none of that in an old file is within the name, and harms nothing else.
enum OwnMark {
  /// Where the metadata of a file's root is: at the start, and at the end if there is much before it.
  private static let headByteCount = 1 << 16
  private static let tailByteCount = 1 << 24

  /// - Parameter end: where the file ends as libhdf5 has it.
  static func isIn(_ file: MappedFile, end: Int) -> Bool {
    let end = min(end, file.byteCount)
    let head = 0..<min(headByteCount, end)
    let tail = max(head.upperBound, end - tailByteCount)..<end
    func has(_ text: [UInt8]) -> Bool {
      if unsafe contains(text, in: file.bytes(at: 0, count: head.count)) { return true }
      return unsafe contains(text, in: file.bytes(at: tail.lowerBound, count: tail.count))
    }
    let name = Array(DatasetNames.formatVersion.utf8)
    return file.readingPieces([head, tail]) {
      has(MetadataChecksum.magic) || has(attributeHead + name)
        || has(name) && has(Array(DatasetNames.checksums.utf8))
    }
  }

  /// Whether the root group has the attribute, asked of libhdf5. Ours is of fixed length; any other
  /// is not read.
  static func isAttribute(
    _ session: borrowing HDF5Session, of root: borrowing HDF5Handle
  ) throws(StoreError) -> Bool {
    guard case .fixed? = try session.attributeText(DatasetNames.writer, of: root)?.form else { return false }
    let text = try? session.stringsAttribute(DatasetNames.writer, of: root, limit: 1 << 16)
    return text == [String(decoding: MetadataChecksum.magic, as: UTF8.self)]
  }

  /// The bytes before the name in an attribute message of version 1 with a name of 15 bytes, a type
  /// of 12 and a shape of 8: a number. HDF5 File Format Specification, version 3.0, section
  /// IV.A.2.m.
  private static let attributeHead: [UInt8] = [1, 0, 15, 0, 12, 0, 8, 0]

  private static func contains(_ text: [UInt8], in bytes: UnsafeRawBufferPointer?) -> Bool {
    guard let bytes = unsafe bytes, bytes.count >= text.count else { return false }
    var start = 0
    let last = bytes.count - text.count
    while start <= last {
      guard let next = unsafe bytes[start...last].firstIndex(of: text[0]) else { return false }
      if unsafe bytes[next..<next + text.count].elementsEqual(text) { return true }
      start = next + 1
    }
    return false
  }
}
