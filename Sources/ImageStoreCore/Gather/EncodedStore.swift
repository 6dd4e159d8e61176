/// A store whose images are encoded files, or the bytes of such files, which can be read as they
/// are.
///
/// Writers of encoded layouts copy them, so converting photographs neither decodes nor encodes any.
package protocol EncodedStore: ImageStore {
  /// Whether this holds for this store: every image is encoded, and the store delivers exactly what
  /// its bytes decode to.
  var isEncoded: Bool { get }

  /// Lends the encoded bytes of images one after another, as they are stored, without a copy if
  /// they are mapped.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - body: called once for each, in order, on the calling thread, with the position in
  ///     `indices` and all bytes of the encoded image, which are valid only until `body` returns.
  /// - Throws: ``StoreError/Code/indexOutOfRange``, what reading the bytes throws, and what `body`
  ///   does. It is not checked that they can be decoded.
  func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError)

  /// The number of the codec of an image (``ImageCodec/number``) if the store's index says it; nil
  /// if only the image's own first bytes do.
  func codecNumber(at index: Int) -> UInt8?
}

extension EncodedStore {
  package func codecNumber(at index: Int) -> UInt8? { nil }
}

/// A wrapper that delivers the pixels of its base as they are, so that encoded images of the base
/// are its own.
package protocol PixelKeepingWrapper: StoreWrapper {}

extension SubsetStore: PixelKeepingWrapper {}
extension AnnotatedStore: PixelKeepingWrapper {}
extension CachedStore: PixelKeepingWrapper {}
extension VerifyingStore: PixelKeepingWrapper {}

extension ImageStore {
  /// Whether the encoded bytes of all images can be read, through all wrappers that do not change
  /// pixels.
  package var hasEncodedImages: Bool {
    if let store = self as? any EncodedStore { return store.isEncoded }
    if let store = self as? ConcatenatedStore {
      return !store.stores.isEmpty && store.stores.allSatisfy(\.hasEncodedImages)
    }
    return (self as? any PixelKeepingWrapper)?.base.hasEncodedImages ?? false
  }

  /// Lends the encoded bytes of images, through all wrappers; as ``EncodedStore/forEachEncoded(_:_:)``.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` unless ``hasEncodedImages``.
  package func forEachEncodedImage(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    if let store = self as? any EncodedStore, store.isEncoded {
      try store.forEachEncoded(indices, body)
    } else if let store = self as? ConcatenatedStore {
      try store.forEachRun(of: indices) { (store, start, local) throws(StoreError) in
        try store.forEachEncodedImage(local) { (position, bytes) throws(StoreError) in
          try body(start + position, bytes)
        }
      }
    } else if let store = self as? any PixelKeepingWrapper {
      if self is VerifyingStore { try store.base.verify(indices) }
      try store.withBaseIndices(indices) { (indices) throws(StoreError) in
        try store.base.forEachEncodedImage(indices, body)
      }
    } else {
      throw StoreError(.unsupported, "the images of the store are not encoded")
    }
  }

  /// The number of the codec of an image, through all wrappers, if an index says it.
  package func knownCodecNumber(at index: Int) -> UInt8? {
    if let store = self as? any EncodedStore { return store.codecNumber(at: index) }
    if let store = self as? ConcatenatedStore {
      var found: UInt8?
      _ = try? withSpan(of: index) { (indices) throws(StoreError) in
        try store.forEachRun(of: indices) { (store, _, local) in found = store.knownCodecNumber(at: local[0])
        }
      }
      return found
    }
    guard let store = self as? any PixelKeepingWrapper else { return nil }
    var found: UInt8?
    _ = try? withSpan(of: index) { (indices) throws(StoreError) in
      try store.withBaseIndices(indices) { (indices) in found = store.base.knownCodecNumber(at: indices[0]) }
    }
    return found
  }
}
