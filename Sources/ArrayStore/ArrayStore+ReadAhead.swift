public import ImageStoreCore
import ImageStoreSupport

extension ArrayStore: SourcedStore {
  package var imageSources: [any ByteSource] { file.inflated == nil ? [file.bytes] : [] }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    // If the axis of images is not the first, the whole array is read for each image.
    guard file.inflated == nil, geometry.imageStride >= geometry.format.byteCount else { return }
    let source = ranges.number(of: file.bytes)
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      let start = file.dataOffset + indices[position] * geometry.imageStride
      ranges.append(start..<start + geometry.format.byteCount, of: source)
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
