import ImageStoreCore
import ImageStoreSupport

/// A file's index of encoded images: where each begins among the bytes of all, and its kind.
struct EncodedRecords {
  private(set) var kinds: [StoredKind] = []
  /// One more than there are images: the last is the number of bytes.
  private(set) var offsets: [Int64] = [0]

  var byteCount: Int { Int(offsets[offsets.count - 1]) }

  mutating func append(_ kind: StoredKind, byteCount: Int) {
    kinds.append(kind)
    offsets.append(offsets[offsets.count - 1] + Int64(byteCount))
  }

  /// Writes everything except the bytes, with checksums.
  ///
  /// - Parameter sums: the dataset of checksums.
  func write(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ sums: borrowing HDF5Handle
  ) throws(StoreError) {
    let numbers = kinds.map(\.numbers)
    let shapes = numbers.flatMap { $0[..<3].map(Int64.init) }
    let types = numbers.map { Int64($0[3]) }
    for (name, values, width) in [
      (DatasetNames.offsets, offsets, nil), (DatasetNames.shapes, shapes, 3),
      (DatasetNames.kinds, types, nil),
    ] as [(String, [Int64], Int?)] {
      try session.write(values, as: name, in: file, ValueForms.int64, width: width)
      try session.writeAttribute(name, of: sums, CRC32.checksum(of: values.map(Int.init)))
    }
  }
}

extension HDF5WriterSession {
  /// Begins with the encoded images of another store, after comparing each with its checksum, so
  /// that damage is not copied with a new checksum.
  mutating func takeOverEncoded(_ old: HDF5Store, _ known: [UInt32]) throws(StoreError) {
    guard case .encoded(let images) = old.images, let index = images.index else { return }
    for image in 0..<old.count {
      guard
        let bytes = unsafe old.file.bytes(
          at: index.range(of: image).lowerBound, count: index.range(of: image).count)
      else { throw StoreError(.corrupt, "the image is beyond the end of the file", image: image) }
      let found = unsafe CRC32.checksum(of: bytes)
      guard found == known[image] else {
        throw StoreError(
          .corrupt, "its CRC-32 is \(found), but the file says \(known[image])", path: old.path, image: image)
      }
      encoded.append(index.kind(at: image), byteCount: bytes.count)
      try unsafe pixels.append(bytes)
    }
    checksums = known
  }
}

extension HDF5Store {
  /// Whether this package wrote the file with encoded images.
  var isEncodedHere: Bool {
    if case .encoded(let images) = images { images.index != nil } else { false }
  }

  /// Refuses to append in another layout than the images have.
  func checkLayout(_ asked: Layout) throws(StoreError) {
    switch (asked, isEncodedHere) {
    case (.mixed, true):
      throw StoreError(
        .unsupported, "the file has encoded images",
        remedy: "append without a layout, or with the layout encoded",
        path: path)
    case (.encoded, false):
      throw StoreError(
        .unsupported, "the file has pixels, so encoded images cannot be appended to it as they are",
        remedy: "append without the layout, so that they are decoded, or write a new file", path: path)
    default: return
    }
  }
}
