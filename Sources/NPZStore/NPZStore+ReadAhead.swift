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
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { continue }
      switch images {
      case .entries(let entries):
        let entry = entries.entry(index)
        ranges.append(entry.offset..<entry.limit, of: source)
      case .array(let array): ranges.append(array.byteRange(of: index), of: source)
      case .bits: break
      case .encoded(let entries):
        if let range = entries.archiveRange(of: index) { ranges.append(range, of: source) }
      }
    }
  }

  public func willRead(_ indices: Span<Int>) { requestRanges(of: indices) }
  public func residentShare() -> Double { residentShareOfSources() }
}
