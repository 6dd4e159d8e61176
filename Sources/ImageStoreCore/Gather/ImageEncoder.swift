/// Encodes images one after another, in memory that is used again. One thread at a time has it.
package protocol ImageEncoder: AnyObject {
  /// Checks that the format of encoded images can hold images of a format.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func check(_ format: ImageFormat) throws(StoreError)

  /// Encodes an image.
  ///
  /// - Parameters:
  ///   - pixels: `format.byteCount` bytes, row after row.
  ///   - format: what they are.
  ///   - body: is lent the encoded image.
  func encode(
    _ pixels: RawSpan, format: ImageFormat, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError)
}
