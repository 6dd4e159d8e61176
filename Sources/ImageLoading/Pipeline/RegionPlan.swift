internal import ImageStoreCore

/// Which regions of files images need: each once, in the order in which the images are read.
///
/// A file that fits in memory is read whole by an epoch in any order, so that images far apart in
/// time share regions. A few thousand random images need all regions of most files.
struct RegionPlan {
  struct Region {
    let source: any ByteSource
    let number: Int
  }

  private let sources: [any ByteSource]
  private var isPlanned: [[Bool]]
  /// How many regions no image has needed yet.
  private(set) var missingCount: Int

  init(_ sources: [any ByteSource]) {
    // Subsets of one store have its sources.
    let sources = sources.enumerated().filter { place, source in !sources[..<place].contains { $0 === source }
    }.map(\.element)
    self.sources = sources
    isPlanned = sources.map { source in
      let size = Self.byteCount(in: source)
      return Array(repeating: false, count: (source.byteCount + size - 1) / size)
    }
    missingCount = isPlanned.reduce(0) { $0 + $1.count }
  }

  private static func byteCount(in source: any ByteSource) -> Int { type(of: source).regionByteCount }

  /// The regions of images that no images before needed. All that are left, if stores do not know
  /// where the images are.
  mutating func regions(of images: [Int], in stores: [any ImageStore]) -> [Region] {
    var found: [Region] = []
    var isKnown = false
    for store in stores {
      var ranges = ImageRanges()
      store.appendKnownRanges(of: images.span, to: &ranges)
      ranges.forEachSource { source, ranges in
        guard let place = sources.firstIndex(where: { $0 === source }) else { return }
        isKnown = true
        let size = Self.byteCount(in: source)
        for number in ranges.indices where !ranges[number].isEmpty {
          for region in ranges[number].lowerBound / size...(ranges[number].upperBound - 1) / size {
            plan(region, of: place, in: &found)
          }
        }
      }
    }
    if !isKnown {
      for place in sources.indices {
        for region in isPlanned[place].indices { plan(region, of: place, in: &found) }
      }
    }
    return found
  }

  private mutating func plan(_ region: Int, of place: Int, in found: inout [Region]) {
    guard isPlanned[place].indices.contains(region), !isPlanned[place][region] else { return }
    isPlanned[place][region] = true
    missingCount -= 1
    found.append(Region(source: sources[place], number: region))
  }
}
