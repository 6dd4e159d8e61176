import ImageStoreCore
import ImageStoreSupport

/// A column of a file: where its values are, and what they are.
struct StoredColumn: Sendable {
  /// One value per image, a vector per image, or the bytes of all images.
  let values: StoredValues
  /// Where the bytes of each image begin and end, if the values are the bytes of all.
  var offsets: StoredValues?
  /// How many numbers each image has; nil if it has one value.
  var width: Int?
  /// Whether this package wrote it, so that text cannot be anything else.
  var isOwn: Bool

  /// The kind of the column.
  var kind: Column.Kind {
    switch values.dataset.elements {
    case _ where offsets != nil: .bytes
    case .number(let type), .enumeration(let type, _):
      if type.kind == .float {
        width.map { .doubleVectors(width: $0) } ?? .double
      } else {
        width.map { .int64Vectors(width: $0) } ?? .int64
      }
    case .text: .string
    case .blobs, .other: .bytes
    }
  }

  /// The values of so many images.
  func column(of count: Int) throws(StoreError) -> Column {
    let dataset = values.dataset
    do throws(StoreError) {
      if let offsets {
        let places = try offsets.integers().map(Int.init)
        guard places.count == count + 1 else {
          throw StoreError(.corrupt, "\(places.count) offsets for \(count) images", key: offsets.dataset.name)
        }
        return try .stored(values.bytes(), offsets: places)
      }
      if let width, !Column.widths.contains(width) {
        throw StoreError(
          .unsupported, "a dataset of the shape \(dataset.shapeText) cannot be a column of vectors")
      }
      guard dataset.count == count * (width ?? 1) else {
        throw StoreError(.corrupt, "\(dataset.count / (width ?? 1)) values for \(count) images")
      }
      let found =
        switch dataset.elements {
        case .number(let type), .enumeration(let type, _):
          type.kind == .float ? Column.double(try values.doubles()) : .int64(try values.integers())
        case .text: isOwn ? .string(try values.strings()) : try values.texts()
        case .blobs: try values.blobs()
        case .other: throw StoreError(.unsupported, "a dataset of \(dataset.typeText) cannot be a column")
        }
      return if let width { try found.vectors(width: width) } else { found }
    } catch {
      throw error.at(key: dataset.name)
    }
  }
}

extension StoredValues {
  /// Text of another program; bytes if some of it is not UTF-8 or has zeros within.
  func texts() throws(StoreError) -> Column {
    guard case .text(let text) = dataset.elements else {
      throw StoreError(
        .unsupported, "a dataset of \(dataset.typeText) cannot be a column of text", key: dataset.name)
    }
    if case .library = place { return .string(try strings()) }
    if case .repeated(let fill) = place, fill.isEmpty {
      return .string([String](repeating: "", count: dataset.count))
    }
    switch text.form {
    case .fixed(let byteCount, let padding):
      return try unsafe withElements { (bytes) throws(StoreError) in
        var texts = Column.Bytes()
        for start in stride(from: 0, to: bytes.count - byteCount + 1, by: byteCount) {
          let place = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + byteCount])
          unsafe texts.append(StoredText.trimmed(place, padding))
        }
        return texts.textOrBytes
      }
    case .variable:
      guard GlobalHeap.isReadable(in: library), dataset.elementByteCount == GlobalHeap.referenceByteCount
      else { return .string(try strings()) }
      return try unsafe sequences { bytes in
        // A zero ends text and is followed only by zeros; if other bytes follow, it is not text.
        unsafe StoredText.trimmed(bytes, .zeros)
      }.textOrBytes
    }
  }

  /// The bytes of elements whose meaning the file does not say.
  func blobs() throws(StoreError) -> Column {
    switch dataset.elements {
    case .blobs(.opaque(let byteCount)):
      return try .stored(bytes(), offsets: (0...dataset.count).map { $0 * byteCount })
    case .blobs(.variable): return .bytes(try unsafe sequences { unsafe $0 })
    case .number, .enumeration, .text, .other:
      throw StoreError(
        .unsupported, "a dataset of \(dataset.typeText) cannot be a column of bytes", key: dataset.name)
    }
  }

  /// Sequences of bytes that the elements refer to.
  private func sequences(
    _ trimmed: (UnsafeRawBufferPointer) -> UnsafeRawBufferPointer
  ) throws(StoreError) -> Column.Bytes {
    guard var heap = GlobalHeap(library), dataset.elementByteCount == GlobalHeap.referenceByteCount else {
      throw StoreError(
        .unsupported, "sequences of bytes are read only from files with addresses of 8 bytes",
        key: dataset.name)
    }
    var all = Column.Bytes()
    try unsafe withElements { (elements) throws(StoreError) in
      for start in stride(from: 0, to: elements.count, by: GlobalHeap.referenceByteCount) {
        let reference = unsafe UnsafeRawBufferPointer(
          rebasing: elements[start..<start + GlobalHeap.referenceByteCount])
        guard let bytes = try unsafe heap.bytes(reference) else {
          all.append(EmptyCollection())
          continue
        }
        unsafe all.append(trimmed(bytes))
      }
    }
    return all
  }
}

extension Column.Bytes {
  /// The same as text, if all values are text.
  fileprivate var textOrBytes: Column {
    var texts: [String] = []
    texts.reserveCapacity(count)
    for value in self {
      guard !value.contains(0), let text = String(validating: value, as: UTF8.self) else {
        return .bytes(self)
      }
      texts.append(text)
    }
    return .string(texts)
  }
}
