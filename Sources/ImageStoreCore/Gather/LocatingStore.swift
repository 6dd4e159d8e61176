/// A store that can say where its images are, because they are whole in memory that stays: a map,
/// or memory that the store fills once.
///
/// ``ImageStore/forEachImage(_:_:)`` borrows one image at a time. A caller that knows where the
/// next images are can have them brought into the caches in the meantime, which takes longer than
/// most work on an image.
///
/// Conforming is a promise about memory that a public protocol could not ask for: the pixels that
/// ``ImageStore/forEachImage(_:_:)`` borrows stay readable at their address for as long as the
/// store is alive. So the protocol is `package`.
package protocol LocatingStore: ImageStore {
  /// Whether the promise holds for this store. If it does not, for example because this file is compressed,
  /// ``locate(_:into:)`` is not called.
  var locatesImages: Bool { get }

  /// Makes sure that the located images are still the same, if another program can change them.
  /// Call it after the images have been used, and before the result is used.
  func checkLocatedImages() throws(StoreError)
}

extension LocatingStore {
  package var locatesImages: Bool { isZeroCopy }
  package func checkLocatedImages() throws(StoreError) {}

  /// Appends where images are.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - images: receives one element per index; they are valid for as long as the store is alive.
  /// - Throws: ``StoreError/Code/indexOutOfRange``, and what examining the images throws.
  package func locate(
    _ indices: Span<Int>, into images: inout [LocatedImage]
  ) throws(StoreError) {
    let end = images.count + indices.count
    try forEachImage(indices) { (_, format, pixels) throws(StoreError) in
      guard pixels.byteCount == format.byteCount else {
        throw StoreError(
          .corrupt, "\(pixels.byteCount) bytes of pixels do not fit an image of \(format)")
      }
      guard let address = unsafe pixels.withUnsafeBytes({ $0.baseAddress }) else { return }
      unsafe images.append(LocatedImage(format: format, address: address))
    }
    guard images.count == end else {
      throw StoreError(.corrupt, "the store did not locate \(end - images.count) of \(indices.count) images")
    }
  }
}

/// Where an image is in memory.
///
/// Invariant behind `@safe`: the image was located in a store that is still alive.
@safe package struct LocatedImage {
  package let format: ImageFormat
  @unsafe package let address: UnsafeRawPointer

  @unsafe init(format: ImageFormat, address: UnsafeRawPointer) {
    self.format = format
    unsafe self.address = address
  }

  /// The pixels.
  @unsafe package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: address, count: format.byteCount)
  }
}

extension InMemoryStore: LocatingStore {}

// Images located in an underlying store stay as long as that store, and its wrappers keep it alive.

extension LocatingStore where Self: StoreWrapper {
  package var locatesImages: Bool { base.isLocating }
  package func checkLocatedImages() throws(StoreError) {
    try (base as? any LocatingStore)?.checkLocatedImages()
  }
}

extension SubsetStore: LocatingStore {}
extension AnnotatedStore: LocatingStore {}
extension VerifyingStore: LocatingStore {}

extension ConcatenatedStore: LocatingStore {
  package var locatesImages: Bool { stores.allSatisfy(\.isLocating) }
  package func checkLocatedImages() throws(StoreError) {
    for store in stores { try (store as? any LocatingStore)?.checkLocatedImages() }
  }
}

extension ImageStore {
  /// Whether the store can say where its images are.
  package var isLocating: Bool { (self as? any LocatingStore)?.locatesImages == true }
}
