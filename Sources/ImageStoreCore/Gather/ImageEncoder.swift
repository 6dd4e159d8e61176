/// Encodes images one after another, reusing its memory. It is used by one thread at a time.
package protocol ImageEncoder: AnyObject {
  /// Checks that the format of encoded images can hold images of a format.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func check(_ format: ImageFormat) throws(StoreError)

  /// Encodes an image.
  ///
  /// - Parameters:
  ///   - pixels: `format.byteCount` bytes, row after row.
  ///   - format: the format of the pixels.
  ///   - body: is lent the encoded image.
  func encode(
    _ pixels: RawSpan, format: ImageFormat, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError)
}
