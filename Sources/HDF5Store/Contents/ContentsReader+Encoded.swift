import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// The encoded images of a file of this package: one after another in a dataset of bytes, with
  /// their kinds in three other datasets.
  ///
  /// - Returns: nil if another program has changed the layout, so that they are read like those of
  ///   other programs.
  /// - Throws: ``StoreError/Code/corrupt`` if the datasets contradict one another.
  func ownEncoded(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ object: borrowing HDF5Handle,
    _ description: StoreDescription, into records: inout HDF5Records
  ) throws(StoreError) -> HDF5Contents? {
    let dataset = try session.describe(object, name: DatasetNames.encoded, fileByteCount: file.byteCount)
    guard dataset.shape.count == 1, case .number(let type) = dataset.elements, type.byteCount == 1 else {
      throw StoreError(
        .corrupt,
        "the file says that it has encoded images, but this is not one row of bytes (\(dataset.shapeText))",
        key: DatasetNames.encoded)
    }
    var start = 0
    switch dataset.layout {
    case .contiguous(let offset): start = offset
    case _ where dataset.count == 0: break
    default: return nil
    }
    for name in [DatasetNames.offsets, DatasetNames.shapes, DatasetNames.kinds] {
      guard let found = try known(session, handle, name), found.isIntegers,
        let values = try values(session, handle, found)
      else {
        throw StoreError(
          .corrupt, "the file has encoded images, but this has no whole numbers", key: name)
      }
      records.encoded[name] = values
    }
    let offsets = try records.encoded[DatasetNames.offsets]!.integers()
    let shapes = try records.encoded[DatasetNames.shapes]!.integers()
    let kinds = try records.encoded[DatasetNames.kinds]!.integers()
    guard let count = offsets.isEmpty ? nil : offsets.count - 1, shapes.count == 3 * count,
      kinds.count == count
    else {
      throw StoreError(
        .corrupt,
        "the file has \(offsets.count) offsets, \(shapes.count / 3) shapes and \(kinds.count) kinds of images, which do not agree",
        key: DatasetNames.offsets)
    }
    guard offsets[0] == 0, offsets[count] == Int64(dataset.count) else {
      throw StoreError(
        .corrupt, "the offsets do not divide the \(dataset.count) bytes of images", key: DatasetNames.offsets)
    }
    var index = EncodedIndex()
    index.reserveCapacity(count)
    for image in 0..<count {
      let (begin, end) = (offsets[image], offsets[image + 1])
      guard begin >= 0, end > begin, end <= Int64(dataset.count), end - begin <= Int64(EncodedIndex.mostBytes)
      else {
        throw StoreError(
          .corrupt, "the image is said to go from byte \(begin) to \(end), which is impossible", image: image,
          key: DatasetNames.offsets)
      }
      let kind: StoredKind
      do throws(StoreError) {
        kind = try StoredKind(shapes[3 * image..<3 * image + 3], kinds[image])
      } catch {
        throw error.at(image: image, key: DatasetNames.shapes)
      }
      index.append(kind, at: start + Int(begin)..<start + Int(end))
    }
    let images = try EncodedImages(index, description)
    return HDF5Contents(images: .encoded(images), count: count, format: images.uniformFormat)
  }
}

extension StoredKind {
  /// The values of numbers in a file.
  fileprivate init(_ shape: ArraySlice<Int64>, _ kind: Int64) throws(StoreError) {
    guard let kind = UInt32(exactly: kind), kind >> 8 & 0xFF > 0 else {
      throw StoreError(.corrupt, "the encoded image is of the unknown kind \(kind)")
    }
    let sides = shape.map { Int($0) }
    try self.init(height: sides[0], width: sides[1], channels: sides[2], kind: kind)
  }
}
