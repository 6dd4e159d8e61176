/// A store whose images may have to be fetched over a network: the announced ones as few long
/// ranges, which stay until they are read.
package protocol FetchingStore: ImageStore {
  /// The most bytes of announced images that are in memory or on their way; nil if images are on
  /// this machine.
  var fetchingByteCount: Int? { get }

  /// The bytes that are fetched for some images; indices that no image has count for nothing.
  func storedByteCount(of indices: Span<Int>) -> Int
}

extension ImageStore {
  /// What ``FetchingStore/fetchingByteCount`` says, through all wrappers.
  package var knownFetchingByteCount: Int? {
    if let store = self as? any FetchingStore { return store.fetchingByteCount }
    if let store = self as? ConcatenatedStore {
      return store.stores.compactMap(\.knownFetchingByteCount).min()
    }
    return (self as? any StoreWrapper)?.base.knownFetchingByteCount
  }

  /// What ``FetchingStore/storedByteCount(of:)`` says, through all wrappers; 0 for stores of this machine.
  package func knownStoredByteCount(of indices: Span<Int>) -> Int {
    if let store = self as? any FetchingStore { return store.storedByteCount(of: indices) }
    var sum = 0
    if let store = self as? ConcatenatedStore {
      store.withEachStore(indices) { store, indices in sum += store.knownStoredByteCount(of: indices) }
    } else if let store = self as? any StoreWrapper {
      try? store.withBaseIndices(indices) { (indices) throws(StoreError) in
        sum = store.base.knownStoredByteCount(of: indices)
      }
    }
    return sum
  }
}
