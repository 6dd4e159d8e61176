/// The bytes of some images in the sources they are read from.
package struct ImageRanges {
  private struct Element {
    let source: Int
    let range: Range<Int>
  }

  private var sources: [any ByteSource] = []
  private var elements: [Element] = []

  /// Ranges with fewer bytes than this between them are requested as one, since a disk takes longer to find
  /// a place than to read so much.
  package static let mostBytesBetween = 16 << 10

  package init() {}

  /// The number of a source; ranges in the source are added under this number.
  package mutating func number(of source: any ByteSource) -> Int {
    if let known = sources.firstIndex(where: { $0 === source }) { return known }
    sources.append(source)
    return sources.count - 1
  }

  /// Adds bytes of a source.
  @inline(__always)
  package mutating func append(_ range: Range<Int>, of source: Int) {
    // Images in the order of the file are few ranges from the start.
    if let last = elements.last, last.source == source, range.lowerBound >= last.range.lowerBound,
      range.lowerBound <= last.range.upperBound
    {
      elements[elements.count - 1] = Element(
        source: source, range: last.range.lowerBound..<max(last.range.upperBound, range.upperBound))
    } else {
      elements.append(Element(source: source, range: range))
    }
  }

  package mutating func removeAll() {
    sources.removeAll(keepingCapacity: true)
    elements.removeAll(keepingCapacity: true)
  }

  /// How many bytes there are; bytes that several images share count several times.
  package var byteCount: Int { elements.reduce(0) { $0 + $1.range.count } }

  /// Calls once per source with its ranges, by rising offset, those near one another as one.
  package mutating func forEachSource(_ body: (any ByteSource, Span<Range<Int>>) -> Void) {
    elements.sort { ($0.source, $0.range.lowerBound) < ($1.source, $1.range.lowerBound) }
    var merged: [Range<Int>] = []
    var next = 0
    while next < elements.count {
      let source = elements[next].source
      merged.removeAll(keepingCapacity: true)
      while next < elements.count, elements[next].source == source {
        let range = elements[next].range
        if let last = merged.last, range.lowerBound - last.upperBound <= Self.mostBytesBetween {
          merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        } else {
          merged.append(range)
        }
        next += 1
      }
      body(sources[source], merged.span)
    }
  }
}

/// A store that reads images from byte sources, and knows where in them each image is without reading it.
package protocol SourcedStore: ImageStore {
  /// The sources that images are read from; none if their pixels are already in memory.
  var imageSources: [any ByteSource] { get }

  /// Adds the bytes of images. Those whose place is not known, and indices that no image has, are left out.
  func appendRanges(of indices: Span<Int>, to ranges: inout ImageRanges)
}

extension SourcedStore {
  /// The implementation of ``ImageStore/willRead(_:)`` for such a store.
  package func requestRanges(of indices: Span<Int>) {
    var ranges = ImageRanges()
    appendRanges(of: indices, to: &ranges)
    ranges.forEachSource { source, ranges in source.willRead(ranges) }
  }

  /// The implementation of ``ImageStore/residentShare()`` for such a store.
  package func residentShareOfSources() -> Double {
    let sources = imageSources
    let total = sources.reduce(0) { $0 + $1.byteCount }
    guard total > 0 else { return 1 }
    return sources.reduce(0.0) { $0 + $1.residentShare() * Double($1.byteCount) } / Double(total)
  }
}

/// A store of one file per image. Images are announced by opening their files, which also waits for
/// the disk, so many threads do it.
package protocol FilePerImageStore: ImageStore {}

extension ImageStore {
  /// The sources that images are read from, through all wrappers; nil if they are not known.
  package var knownImageSources: [any ByteSource]? {
    if let store = self as? any FetchingStore, store.fetchingByteCount != nil { return nil }
    if let store = self as? any SourcedStore { return store.imageSources }
    if let store = self as? ConcatenatedStore {
      var all: [any ByteSource] = []
      for store in store.stores {
        guard let sources = store.knownImageSources else { return nil }
        for source in sources where !all.contains(where: { $0 === source }) { all.append(source) }
      }
      return all
    }
    return (self as? any StoreWrapper)?.base.knownImageSources
  }

  /// Adds the bytes of images, through all wrappers, as far as they are known.
  package func appendKnownRanges(of indices: Span<Int>, to ranges: inout ImageRanges) {
    if let store = self as? any SourcedStore {
      store.appendRanges(of: indices, to: &ranges)
    } else if let store = self as? ConcatenatedStore {
      store.withEachStore(indices) { store, indices in
        store.appendKnownRanges(of: indices, to: &ranges)
      }
    } else if let store = self as? any StoreWrapper {
      // An index that no image has is an error of the read.
      try? store.withBaseIndices(indices) { (indices) throws(StoreError) in
        store.base.appendKnownRanges(of: indices, to: &ranges)
      }
    }
  }

  /// Whether the images are files of their own, through all wrappers.
  package var isFilePerImage: Bool {
    if let store = self as? ConcatenatedStore { return store.stores.contains(where: \.isFilePerImage) }
    if let store = self as? any StoreWrapper { return store.base.isFilePerImage }
    return self is any FilePerImageStore
  }

  /// How many images are fetched or decoded together, through all wrappers; 1 if each is by itself.
  package var imagesPerChunk: Int {
    if let store = self as? any ChunkedStore { return store.chunkImageCount }
    if let store = self as? ConcatenatedStore { return store.stores.map(\.imagesPerChunk).max() ?? 1 }
    return (self as? any StoreWrapper)?.base.imagesPerChunk ?? 1
  }
}

/// A store whose images are stored in chunks of several.
package protocol ChunkedStore: ImageStore {
  /// Images per chunk, at least 1.
  var chunkImageCount: Int { get }

  /// How many chunks are mixed with one another by default; nil for as many as suit files.
  var mostChunksPerWindow: Int? { get }
}

extension ChunkedStore {
  package var mostChunksPerWindow: Int? { nil }
}

extension ImageStore {
  /// What ``ChunkedStore/mostChunksPerWindow`` says, through all wrappers.
  package var knownChunksPerWindow: Int? {
    if let store = self as? any ChunkedStore { return store.mostChunksPerWindow }
    if let store = self as? ConcatenatedStore { return store.stores.compactMap(\.knownChunksPerWindow).min() }
    return (self as? any StoreWrapper)?.base.knownChunksPerWindow
  }
}
