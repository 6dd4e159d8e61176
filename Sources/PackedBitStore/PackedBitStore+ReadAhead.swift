public import ImageStoreCore
import ImageStoreSupport

extension PackedBitStore: SourcedStore {
  package var imageSources: [any ByteSource] { images.dataOffsetInMap == nil ? [] : [images.map] }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    guard let offset = images.dataOffsetInMap, let layout else { return }
    let source = ranges.number(of: images.map)
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      let start = offset + indices[position] * layout.byteCount
      ranges.append(start..<start + layout.byteCount, of: source)
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
