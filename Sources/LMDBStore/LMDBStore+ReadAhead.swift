public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

// Where images are is known from opening the store, so that announcing them touches no page of the file.

extension LMDBStore: SourcedStore {
  package var imageSources: [any ByteSource] { [contents.file.map] }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    let source = ranges.number(of: contents.file.map)
    func forEach(_ body: (_ index: Int) -> Void) {
      for position in indices.indices where indices[position] >= 0 && indices[position] < count {
        body(indices[position])
      }
    }
    switch contents.images {
    case .none: break
    case .uniform(let format, let positions, let isChecked):
      forEach { index in
        let (offset, block) = positions.locate(index)
        ranges.append(offset..<offset + format.byteCount, of: source)
        guard let isChecked, unsafe isChecked.elements[block].load(ordering: .relaxed) == 0 else { return }
        let first = positions.locate(positions.images(ofBlock: block).lowerBound).offset
        ranges.append(max(0, first - Self.headerByteCount)..<first, of: source)
      }
    case .mixed(let positions, _):
      forEach { index in
        let offset = positions.offset(index)
        let end = offset + positions.format(index).byteCount
        ranges.append(max(0, offset - Self.headerByteCount)..<end, of: source)
      }
    case .encoded(let images):
      forEach { index in
        if let range = images.range(index) { ranges.append(range, of: source) }
      }
    }
  }

  /// The header of an overflow page, and that of the array in it, which the first read of a value looks at.
  private static let headerByteCount = 16 + 128

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
