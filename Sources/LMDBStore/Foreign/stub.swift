internal import ImageStoreCore
internal import StoreIO
struct EncodedImages: Sendable {
  var format: ImageFormat? { nil }
  func format(_ index: Int) -> ImageFormat { ImageFormat(height: 1, width: 1) }
  func read(_ indices: Span<Int>, regions: Span<ImageRegion>, of file: DatabaseFile, threads: Int, into destination: inout OutputRawSpan) throws(StoreError) {}
  func forEach(_ indices: Span<Int>, of file: DatabaseFile, _ body: (Int, ImageFormat, RawSpan) throws(StoreError) -> Void) throws(StoreError) {}
}
enum ForeignReader {
  static func contents(_ tree: Tree, rawFormat: ImageFormat?, threads: Int) throws(StoreError) -> StoreContents { throw StoreError(.unrecognized, "no") }
  static func digest(_ tree: Tree) throws(StoreError) -> Int { 0 }
}
