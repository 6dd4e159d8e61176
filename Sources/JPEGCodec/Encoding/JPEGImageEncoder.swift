#if JPEG
package import ImageStoreCore

/// A ``JPEGEncoder`` among the encoders of images.
package final class JPEGImageEncoder: ImageEncoder {
  private var encoder: JPEGEncoder

  package init(quality: Int) throws(StoreError) { encoder = try JPEGEncoder(quality: quality) }

  package func check(_ format: ImageFormat) throws(StoreError) { try JPEGEncoder.check(format) }

  package func encode(
    _ pixels: RawSpan, format: ImageFormat, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try encoder.encode(pixels, format: format)
    try encoder.lend(body)
  }
}

extension JPEGEncoder {
  fileprivate borrowing func lend(_ body: (RawSpan) throws(StoreError) -> Void) throws(StoreError) {
    try body(bytes)
  }
}
#endif
