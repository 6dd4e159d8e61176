internal import ImageStoreCore
internal import ImageStoreSupport

extension LMDBStore: EncodedStore {
  package var isEncoded: Bool {
    if case .encoded(let images) = contents.images { images.areFiles } else { false }
  }

  package func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard case .encoded(let images) = contents.images else { return }
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count).at(path: path)
    }
    do throws(StoreError) {
      for position in indices.indices {
        try images.withValue(indices[position], of: contents.file) { (value) throws(StoreError) in
          try body(position, value)
        }
      }
      try checkUnchanged()
    } catch {
      if error.code == .corrupt { try checkUnchanged() }
      throw error
    }
  }

  package func codecNumber(at index: Int) -> UInt8? {
    guard case .encoded(let images) = contents.images, index >= 0, index < count else { return nil }
    let codec = images.kind(index).codec
    return codec > 0 ? codec : nil
  }
}
