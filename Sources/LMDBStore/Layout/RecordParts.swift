internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// The parts of one record, such as labels, in the order of their images.
struct RecordParts: Sendable {
  enum Place: Sendable {
    /// On pages of its own, which no transaction of a writer moves.
    case file(offset: Int, byteCount: Int)
    /// Within a leaf when the store was opened; leaves move, so a copy was made.
    case copy([UInt8])
  }

  struct Part: Sendable {
    let first: Int
    let place: Place
  }

  /// The records' name: the key of a part without the index.
  let name: String
  private(set) var parts: [Part] = []

  init(name: String) { self.name = name }

  mutating func append(_ entry: Tree.Entry, first: Int) {
    parts.append(Part(first: first, place: Place(entry)))
  }

  /// Hands out each part with its array's header and the bytes after it.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` where a part is no `.npy` value or the parts are not those of
  ///   `count` images one after another.
  func forEach(
    of count: Int, in file: DatabaseFile,
    _ body: (_ part: Part, _ header: NPYHeader, _ data: UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    var next = 0
    for part in parts {
      do throws(StoreError) {
        guard part.first == next else {
          throw StoreError(.corrupt, "values from image \(part.first) where those from \(next) are due")
        }
        try unsafe part.place.withBytes(of: file) { (bytes) throws(StoreError) in
          let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
          guard let values = header.shape.first else {
            throw StoreError(.corrupt, "an array without a length where there is a value an image")
          }
          // Before memory is asked for.
          guard values <= count - next else {
            throw StoreError(.corrupt, "\(values) values from image \(next) of \(count)")
          }
          try unsafe body(part, header, header.data(in: bytes))
          next += values
        }
      } catch {
        throw error.at(path: file.map.path, key: StoreKey.part(name, first: part.first))
      }
    }
    guard next == count else {
      throw StoreError(
        .corrupt, "\(next) values for \(count) images", path: file.map.path, key: name)
    }
  }
}

extension RecordParts.Place {
  init(_ entry: Tree.Entry) {
    if let inline = unsafe entry.inline {
      self = unsafe .copy([UInt8](inline))
    } else {
      self = .file(offset: entry.offset, byteCount: entry.byteCount)
    }
  }

  /// Lends the value.
  func withBytes<Result>(
    of file: DatabaseFile, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    switch self {
    case .file(let offset, let byteCount):
      guard let bytes = unsafe file.map.bytes(at: offset, count: byteCount) else {
        throw StoreError(.corrupt, "the file is cut short", path: file.map.path)
      }
      return try unsafe body(bytes)
    case .copy(let bytes):
      return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
    }
  }
}
