import ImageStoreSupport

/// What tells a file of this package without libhdf5 and without its seal, so that damage to the end of a file does not
/// make it one of others, whose metadata the library reads unchecked.
///
/// The root has an attribute ``DatasetNames/writer`` whose text is the seal's ``MetadataSeal/magic``, and which is the first
/// thing written, so that it is near the start. Files of earlier releases have not got it, but the attribute
/// ``DatasetNames/formatVersion`` and the dataset ``DatasetNames/checksums``, whose names are somewhere among the metadata.
/// The first is enough, or the head of the second as this package writes it, or both names. A damaged byte that leaves none of
/// that in an old file is within the name, and harms nothing else.
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
    return has(MetadataSeal.magic) || has(attributeHead + name)
      || has(name) && has(Array(DatasetNames.checksums.utf8))
  }

  /// What is before the name in an attribute message of version 1 with a name of 15 bytes, a type of 12 and a shape of 8: a
  /// number. HDF5 File Format Specification, version 3.0, section IV.A.2.m.
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
