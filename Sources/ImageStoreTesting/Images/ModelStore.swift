public import ImageStoreCore

/// A store over ``ModelImages``, as slow and plain as possible: the source that is copied into
/// stores under test.
public struct ModelStore: ImageStore {
  /// The images of the store.
  public let images: ModelImages

  /// A store of these images.
  public init(_ images: ModelImages) { self.images = images }

  public var count: Int { images.count }
  public var format: ImageFormat? { images.uniformFormat }
  public var classNames: [String]? { images.classNames }
  public var columnNames: [String] { images.columns.keys.sorted() }
  public func labels() -> [Int]? { images.labels }
  public var checksumCoverage: ChecksumCoverage { .noImages }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    try check(index)
    return images.formats[index]
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let column = images.columns[name] else {
      throw StoreError(.notFound, "there is no such column", key: name)
    }
    return column
  }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    var list: [Int] = []
    for position in indices.indices {
      try check(indices[position])
      list.append(indices[position])
    }
    guard regions.count <= 1 || regions.count == list.count else {
      throw StoreError(.invalidArgument, "\(regions.count) regions for \(list.count) images")
    }
    var regionList: [ImageRegion] = []
    for position in regions.indices {
      let region = regions[position]
      for index in regions.count == 1 ? list : [list[position]] {
        guard region.isContained(in: images.formats[index]) else {
          throw StoreError(.invalidArgument, "the region \(region) does not fit", image: index)
        }
      }
      regionList.append(region)
    }
    let bytes = images.gather(list, regions: regionList)
    guard bytes.count <= destination.freeCapacity else {
      throw StoreError(.invalidArgument, "too little room")
    }
    for byte in bytes { destination.append(byte) }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      try check(indices[position])
      let pixels = images.pixels[indices[position]]
      let span = pixels.span
      try unsafe body(position, images.formats[indices[position]], span.bytes)
    }
  }

  private func check(_ index: Int) throws(StoreError) {
    guard images.pixels.indices.contains(index) else {
      throw StoreError(.indexOutOfRange, "there is no image \(index) of \(count)")
    }
  }
}
