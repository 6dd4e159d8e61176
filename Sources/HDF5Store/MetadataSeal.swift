import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// A checksum of what says where everything is: all bytes of a file but those of images, labels, columns and
/// checksums.
///
/// libhdf5 believes what it reads, and falls over some of it; so what it reads of a file of this package is
/// checked before. The seal stands behind the end that the superblock states: other programs do not see it,
/// and libhdf5 cuts it off when one of them writes to the file, which then is as any other.
///
/// It has the start and the end of every checked range in 8 bytes each, rising; their number in 8; the CRC-32
/// of the checked bytes and of all that in 4; and ``magic``. Integers are little endian.
///
/// A seal whose own end is damaged is missed by what else tells a file of this package: see ``OwnMark``.
struct MetadataSeal {
  static let magic = Array("image-stores".utf8)
  private static let trailerByteCount = 8 + 4 + magic.count

  /// Checks the seal of a file.
  ///
  /// - Returns: whether it has one. It has none if other programs made it or have written to it.
  /// - Throws: ``StoreError/Code/corrupt`` if the seal does not agree with the file, or is damaged itself.
  static func check(_ file: MappedFile, _ superblock: Superblock) throws(StoreError) -> Bool {
    guard isEnd(of: file) else {
      // What libhdf5 has written to ends where its superblock says; behind that there can only be a seal.
      if let end = superblock.end, end == file.byteCount { return false }
      guard OwnMark.isIn(file, end: superblock.end ?? file.byteCount) else { return false }
      throw StoreError(
        .corrupt, "the checksum of what says where its parts are, which is its end, is damaged",
        remedy: "write it anew from its source", path: file.path)
    }
    let damaged = StoreError(
      .corrupt, "what says where its parts are does not agree with its checksum",
      remedy: "write it anew from its source", path: file.path)
    let trailer = file.byteCount - trailerByteCount
    guard trailer >= 0, let count = unsafe file.bytes.integer(UInt64.self, at: trailer),
      count <= UInt64(trailer / 16),
      let stated = unsafe file.bytes.integer(UInt32.self, at: trailer + 8)
    else { throw damaged }
    let list = trailer - 16 * Int(count)
    var crc = CRC32()
    var end = 0
    for number in 0..<Int(count) {
      guard let first = unsafe file.bytes.integer(UInt64.self, at: list + 16 * number),
        let last = unsafe file.bytes.integer(UInt64.self, at: list + 16 * number + 8),
        first >= UInt64(end), last >= first, last <= UInt64(list)
      else { throw damaged }
      unsafe crc.add(UnsafeRawBufferPointer(rebasing: file.bytes[Int(first)..<Int(last)]))
      end = Int(last)
    }
    unsafe crc.add(UnsafeRawBufferPointer(rebasing: file.bytes[list..<trailer + 8]))
    guard crc.value == stated else { throw damaged }
    return true
  }

  /// Whether a file ends as a seal does.
  static func isEnd(of file: MappedFile) -> Bool {
    guard let end = unsafe file.bytes(at: file.byteCount - magic.count, count: magic.count) else {
      return false
    }
    return unsafe end.elementsEqual(magic)
  }

  /// Where a file has what is not sealed, by rising start: what checksums of their own are of.
  ///
  /// - Parameters:
  ///   - handle: the file, flushed but not closed, so that the library knows all this and reads nothing.
  ///   - path: where it is.
  static func unsealedRanges(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, at path: String
  ) throws(StoreError) -> [Range<Int>] {
    let file = try LibraryFile(unfinished: path)
    let parts = try FileReader(file).read(session, handle, images: nil, labels: nil)
    var ranges = parts.pixelRanges
    var names = [DatasetNames.labels, DatasetNames.checksums, DatasetNames.classNames]
    names += parts.annotations.columns.keys.map { "\(DatasetNames.columns)/\($0)" }
    for name in names {
      guard let object = try session.open(name, in: handle) else { continue }
      if let range = session.storedRange(of: object) { ranges.append(range) }
    }
    return ranges.sorted { $0.lowerBound < $1.lowerBound }
  }

  /// Seals a complete file.
  static func add(to path: String, around ranges: [Range<Int>]) throws(StoreError) {
    let complete = try MappedFile(path)
    var list: [UInt8] = []
    var crc = CRC32()
    var count = 0
    var position = 0
    func seal(_ end: Int) {
      guard end > position, let bytes = unsafe complete.bytes(at: position, count: end - position) else {
        return
      }
      unsafe crc.add(bytes)
      list.append(little: UInt64(position))
      list.append(little: UInt64(end))
      count += 1
    }
    for range in ranges {
      seal(range.lowerBound)
      position = max(position, range.upperBound)
    }
    seal(complete.byteCount)
    list.append(little: UInt64(count))
    unsafe list.withUnsafeBytes { unsafe crc.add($0) }
    list.append(little: crc.value)
    list += magic
    let file = try File(path, .update)
    try unsafe file.write(list.span.bytes, at: complete.byteCount)
  }
}

extension FileParts {
  /// Where pixels stand in the file.
  fileprivate var pixelRanges: [Range<Int>] {
    switch source {
    case .mapped(let offset, _): return [offset..<offset + count * (format?.byteCount ?? 0)]
    case .chunked(let pixels, _):
      return pixels.table.entries.filter { $0.offset >= 0 }.map {
        $0.offset..<$0.offset + Int($0.byteCount)
      }
    case .each(let table):
      return table.entries.filter { $0.offset >= 0 }.map { entry in
        let samples = table.kinds[Int(entry.kind)].format.byteCount
        return entry.offset..<entry.offset
          + (entry.chunkByteCount == 0 ? samples : Int(entry.chunkByteCount))
      }
    case .resident, .constant, .library: return []
    }
  }
}

extension HDF5Session {
  /// Where the elements of a dataset stand, if that is one place.
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
