package import ImageStoreCore

/// A ``PNGEncoder`` among the encoders of images.
package final class PNGImageEncoder: ImageEncoder {
  private var encoder: PNGEncoder

  package init(_ compression: Compression = .fast) throws(StoreError) {
    encoder = try PNGEncoder(compression: compression)
  }

  package func check(_ format: ImageFormat) throws(StoreError) { try PNGEncoder.check(format) }

  package func encode(
    _ pixels: RawSpan, format: ImageFormat, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try encoder.encode(pixels, format: format)
    try encoder.lend(body)
  }
}

extension PNGEncoder {
  fileprivate borrowing func lend(_ body: (RawSpan) throws(StoreError) -> Void) throws(StoreError) {
    try body(bytes)
  }
}
