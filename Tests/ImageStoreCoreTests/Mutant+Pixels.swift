import ImageStoreCore

extension Mutant {
  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    var list = indices.indices.map { indices[$0] }
    var areas = regions.indices.map { regions[$0] }
    if list.allSatisfy({ $0 >= 0 && $0 < base.count }) { spoilOrder(&list) }
    try spoilIndices(&list)
    try spoilRegions(&areas, list)
    let appended = destination.byteCount
    if fault == .partOfArgumentsRead {
      // One image after another: a bad argument is found when others have been read.
      if areas.count > 1 && areas.count != list.count {
        try base.read(list.span, regions: areas.span, into: &destination)
      }
      for (position, index) in list.enumerated() {
        let area = areas.isEmpty ? [] : [areas.count == 1 ? areas[0] : areas[position]]
        try base.read([index].span, regions: area.span, into: &destination)
      }
      return
    }
    if fault == .roomUnchecked && destination.freeCapacity < 5 && !list.isEmpty { return }
    try base.read(list.span, regions: areas.span, into: &destination)
    spoilBytes(&destination, from: appended)
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var list = indices.indices.map { indices[$0] }
    if fault == .lendsReversed && list.allSatisfy({ $0 >= 0 && $0 < base.count }) { list.reverse() }
    var failure: StoreError?
    try base.forEachImage(list.span) { (position, format, pixels) throws(StoreError) in
      let lent =
        fault == .lendsWrongFormat
        ? format.resized(height: format.width, width: format.height) : format
      do throws(StoreError) {
        try body(position + (fault == .positionsFromOne ? 1 : 0), lent, pixels)
      } catch {
        if fault == .swallowsBodyError { return }
        guard fault == .goesOnAfterBodyError else { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func spoilOrder(_ list: inout [Int]) {
    switch fault {
    case .sorted: list.sort()
    case .reversed: list.reverse()
    case .repeatsDropped:
      // The second of a pair of equal neighbours becomes another image.
      for position in list.indices.dropFirst() where list[position] == list[position - 1] {
        list[position] = (list[position] + 1) % base.count
      }
    case .neighbour: list = list.map { ($0 + 1) % base.count }
    case .lastImageOfFirst: if let last = list.last { list[0] = last }
    default: break
    }
  }

  private func spoilIndices(_ list: inout [Int]) throws(StoreError) {
    guard base.count > 0 else { return }
    switch fault {
    case .indexWraps: list = list.map { $0 == -1 ? base.count - 1 : $0 }
    case .indexClamped: list = list.map { min(max($0, 0), base.count - 1) }
    case .wrongErrorForIndex:
      guard list.allSatisfy({ $0 >= 0 && $0 < base.count }) else {
        throw StoreError(.notFound, "another code")
      }
    default: break
    }
  }

  private func spoilRegions(_ areas: inout [ImageRegion], _ list: [Int]) throws(StoreError) {
    guard let first = areas.first, let format = base.format else { return }
    switch fault {
    case .regionIgnored:
      if first.isContained(in: format) { areas = areas.map { _ in corner(first) } }
    case .regionRowOff: areas = areas.map { moved($0, by: (1, 0), in: format) }
    case .regionColumnOff: areas = areas.map { moved($0, by: (0, 1), in: format) }
    case .firstRegionForAll:
      if areas.count == list.count && areas.allSatisfy({ $0.isContained(in: format) }) {
        areas = areas.map {
          ImageRegion(row: first.row, column: first.column, height: $0.height, width: $0.width)
        }
      }
    case .regionClamped:
      areas = areas.map { area in
        guard area.height > 0, area.height <= format.height, area.width > 0, area.width <= format.width else {
          return area
        }
        return ImageRegion(
          row: min(max(area.row, 0), format.height - area.height),
          column: min(max(area.column, 0), format.width - area.width), height: area.height, width: area.width)
      }
    case .regionTransposed:
      areas = areas.map { area in
        let transposed = ImageRegion(
          row: area.column, column: area.row, height: area.height, width: area.width)
        return transposed.isContained(in: format) ? transposed : area
      }
    case .regionCountUnchecked: if areas.count > 1 && areas.count != list.count { areas = [first] }
    case .firstSizeForAll:
      areas = areas.map { area in
        let resized = ImageRegion(
          row: area.row, column: area.column, height: first.height, width: first.width)
        return resized.isContained(in: format) ? resized : area
      }
    case .wrongErrorForRegion:
      guard areas.allSatisfy({ $0.isContained(in: format) }) else {
        throw StoreError(.corrupt, "another code")
      }
    default: break
    }
  }

  private func spoilBytes(_ destination: inout OutputRawSpan, from start: Int) {
    if fault == .oneByteMore && destination.freeCapacity > 0 { destination.append(7) }
    unsafe destination.withUnsafeMutableBytes { memory, initialized in
      guard initialized > start else { return }
      switch fault {
      case .overwritesStart: if start > 0 { unsafe memory[0] ^= 1 }
      case .oneByteLess: initialized -= 1
      case .bitFlipped: unsafe memory[start + (initialized - start) / 2] ^= 0x10
      case .lastByteFlipped: unsafe memory[initialized - 1] ^= 1
      case .oddDestinationShifted: if start % 2 == 1 { unsafe memory[start] ^= 1 }
      default: break
      }
    }
  }

  private func moved(_ area: ImageRegion, by offset: (Int, Int), in format: ImageFormat) -> ImageRegion {
    var moved = area
    moved.row &+= offset.0
    moved.column &+= offset.1
    // Where the shifted region would leave the image it stays, as off-by-one faults hide at borders.
    return moved.isContained(in: format) ? moved : area
  }

  /// A region as large as another in the first corner.
  private func corner(_ area: ImageRegion) -> ImageRegion {
    ImageRegion(row: 0, column: 0, height: area.height, width: area.width)
  }
}
