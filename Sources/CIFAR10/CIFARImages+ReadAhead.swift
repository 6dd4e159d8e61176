public import ImageStoreCore
internal import ImageStoreSupport

extension CIFARImages: SourcedStore {
  package var imageSources: [any ByteSource] {
    // The batches of an archive have one source.
    batches.reduce(into: []) { sources, batch in
      if !sources.contains(where: { $0 === batch.planes.source }) { sources.append(batch.planes.source) }
    }
  }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    let sources = batches.map { ranges.number(of: $0.planes.source) }
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      let index = indices[position]
      let number = starts.lastIndex { $0 <= index }!
      let planes = batches[number].planes
      let start = planes.offset + (index - starts[number]) * planes.recordByteCount
      ranges.append(start..<start + BatchPlanes.imageByteCount, of: sources[number])
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
