import ImageStoreCore
import ImageStoreSupport

extension NPZStore: EncodedStore {
  package var isEncoded: Bool {
    if case .encoded(let entries) = images { entries.areFiles } else { false }
  }

  package func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    guard case .encoded(let entries) = images else { return }
    for position in indices.indices {
      try entries.withBytes(of: indices[position]) { (bytes) throws(StoreError) in try body(position, bytes) }
    }
  }

  package func codecNumber(at index: Int) -> UInt8? {
    guard case .encoded(let entries) = images, index >= 0, index < count else { return nil }
    let codec = entries.kind(at: index).codec
    return codec > 0 ? codec : nil
  }
}
