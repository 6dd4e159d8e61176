package import ImageStoreCore
package import ImageStoreSupport

/// The position of an image in an archive with stored entries, for code that reads it from the file
/// without the archive's directory.
package struct StoredMember: Sendable, Hashable {
  /// The bytes of its entry in the file: a `.npy` whose pixels are the last of it, or an encoded image.
  package let range: Range<Int>
  /// The CRC-32 of these bytes.
  package let checksum: UInt32
  package let kind: StoredKind

  /// Creates a member; the parameters are the properties.
  package init(range: Range<Int>, checksum: UInt32, kind: StoredKind) {
    self.range = range
    self.checksum = checksum
    self.kind = kind
  }
}

extension NPZStore {
  /// Where an image is; nil if it is not an entry of its own that is stored as this package does.
  ///
  /// - Throws: ``StoreError/Code/corrupt``, naming the image.
  package func storedMember(of index: Int) throws(StoreError) -> StoredMember? {
    let entry: ZipEntry
    let kind: StoredKind
    switch images {
    case .entries(let entries):
      entry = entries.entry(index)
      kind = StoredKind(try entries.format(at: index))
    case .encoded(let entries):
      entry = entries.place(index).entry
      kind = entries.kind(at: index)
    case .array, .bits: return nil
    }
    guard !entry.isDeflated, archive.end.mark != nil else { return nil }
    do throws(StoreError) {
      let bytes = try unsafe archive.compressedBytes(of: entry)
      guard let start = bytes.baseAddress, let base = unsafe archive.file.bytes.baseAddress else {
        return nil
      }
      let offset = unsafe start - base
      return StoredMember(range: offset..<offset + bytes.count, checksum: entry.checksum, kind: kind)
    } catch {
      throw error.at(path: path, image: index)
    }
  }
}
