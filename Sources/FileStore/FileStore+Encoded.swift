internal import ImageStoreCore
internal import ImageStoreSupport

extension FileStore: EncodedStore {
  package func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count).at(path: path)
    }
    try readers.withObject { (reader) throws(StoreError) in
      for position in indices.indices {
        try reader.withFile(indices[position], of: contents.paths, in: folder) { (bytes) throws(StoreError) in
          try body(position, bytes)
        }
      }
    }
  }
}
