import ImageStoreCore
import ImageStoreSupport

extension HDF5Store: EncodedStore {
  package var isEncoded: Bool {
    if case .encoded(let images) = images { images.areFiles } else { false }
  }

  package func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    guard case .encoded(let images) = images else { return }
    for position in indices.indices {
      try images.withBytes(indices[position], in: file) { (bytes) throws(StoreError) in
        try body(position, bytes)
      }
    }
  }

  package func codecNumber(at index: Int) -> UInt8? {
    guard case .encoded(let images) = images, index >= 0, index < count else { return nil }
    return images.index?.kind(at: index).codec
  }
}
