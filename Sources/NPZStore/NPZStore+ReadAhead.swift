public import ImageStoreCore
import ImageStoreSupport

// The directory says where entries are, so announcing images does not touch their pages.

extension NPZStore: SourcedStore {
  package var imageSources: [any ByteSource] {
    switch images {
    case .entries: [archive.file]
    case .array(let array): array.isDeflated ? [] : [archive.file]
    case .bits: []
    case .encoded: [archive.file]
    }
  }

  package func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    guard !imageSources.isEmpty else { return }
    let source = ranges.number(of: archive.file)
    func forEach(_ body: (_ index: Int) -> Void) {
      for position in indices.indices where indices[position] >= 0 && indices[position] < count {
        body(indices[position])
      }
    }
    switch images {
    case .entries(let entries):
      forEach { index in
        let entry = entries.entry(index)
        ranges.append(entry.offset..<entry.limit, of: source)
      }
    case .array(let array): forEach { ranges.append(array.byteRange(of: $0), of: source) }
    case .bits: break
    case .encoded(let entries):
      forEach { index in
        if let range = entries.archiveRange(of: index) { ranges.append(range, of: source) }
      }
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
