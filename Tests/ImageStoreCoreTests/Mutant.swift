import ImageStoreCore

/// A store with one fault, which the suite has to find.
struct Mutant: ImageStore {
  enum Fault: CaseIterable {
    case countOneMore, countOneLess, formatNil, formatTransposed, formatAtFirst, formatAtUnchecked
    case sorted, reversed, repeatsDropped, neighbour, lastImageOfFirst
    case regionIgnored, regionRowOff, regionColumnOff, firstRegionForAll, regionClamped
    case regionTransposed
    case indexWraps, indexClamped, regionCountUnchecked, firstSizeForAll
    case partOfArgumentsRead, roomUnchecked, overwritesStart, oneByteMore, oneByteLess, bitFlipped
    case lastByteFlipped, oddDestinationShifted
    case swallowsBodyError, goesOnAfterBodyError, positionsFromOne, lendsReversed, lendsWrongFormat
    case labelsShifted, labelsDropped, labelsTruncated, labelsForUnlabeled
    case columnsHidden, columnReversed, columnRounded, columnTrimmed, columnAbsentEmpty
    case vectorsTransposed, vectorsRounded, bytesCut, nameUnescaped
    case classNamesDropped, classNamesReversed, verifyFails, verifyFallsBack
    case wrongErrorForIndex, wrongErrorForRegion, verifyIndexUnchecked, verifyOfSomeFails
  }

  let base: InMemoryStore
  let fault: Fault

  var count: Int {
    switch fault {
    case .countOneMore: base.count + 1
    case .countOneLess: max(0, base.count - 1)
    default: base.count
    }
  }

  var format: ImageFormat? {
    guard let format = base.format else { return nil }
    return switch fault {
    case .formatNil: nil
    case .formatTransposed: format.resized(height: format.width, width: format.height)
    default: format
    }
  }

  var classNames: [String]? {
    switch fault {
    case .classNamesDropped: nil
    case .classNamesReversed: base.classNames?.reversed()
    default: base.classNames
    }
  }

  var checksumCoverage: ChecksumCoverage { base.checksumCoverage }

  func verify(_ indices: Span<Int>) throws(StoreError) {
    switch fault {
    case .verifyIndexUnchecked: break
    case .verifyOfSomeFails where indices.count > 1: throw StoreError(.corrupt, "nothing is wrong")
    default: try base.verify(indices)
    }
  }

  var columnNames: [String] {
    switch fault {
    case .columnsHidden: []
    case .nameUnescaped: base.columnNames.map { $0.replacing("%2F", with: "/") }
    default: base.columnNames
    }
  }

  func format(at index: Int) throws(StoreError) -> ImageFormat {
    switch fault {
    case .formatAtFirst where base.count > 0 && index >= 0 && index < count: try base.format(at: 0)
    case .formatAtUnchecked: try base.format(at: min(max(index, 0), base.count - 1))
    default: try base.format(at: index)
    }
  }

  func labels() throws(StoreError) -> [Int]? {
    guard let labels = base.labels() else {
      return fault == .labelsForUnlabeled ? Array(repeating: 0, count: count) : nil
    }
    return switch fault {
    case .labelsShifted: Array(labels.dropFirst() + labels.prefix(1))
    case .labelsDropped: nil
    case .labelsTruncated: labels.map { Int(Int32(truncatingIfNeeded: $0)) }
    default: labels
    }
  }

  func column(_ name: String) throws(StoreError) -> Column {
    if fault == .columnAbsentEmpty && !base.columnNames.contains(name) { return .int64([]) }
    let column = try base.column(name)
    switch (fault, column) {
    case (.columnReversed, _): return column.gathering((0..<column.count).reversed())
    case (.columnRounded, .double(let values)): return .double(values.map { Double(Float($0)) })
    case (.columnTrimmed, .string(let values)):
      return .string(values.map { String($0.drop { $0 == " " }) })
    case (.vectorsTransposed, .int64Vectors(let vectors)):
      let (count, width) = (vectors.count, vectors.width)
      return .int64Vectors(
        try Column.Vectors(
          (0..<count * width).map { vectors.values[$0 % count * width + $0 / count] }, width: width))
    case (.vectorsRounded, .doubleVectors(let vectors)):
      return .doubleVectors(
        try Column.Vectors(vectors.values.map { Double(Float($0)) }, width: vectors.width))
    case (.bytesCut, .bytes(let bytes)):
      return .bytes(Column.Bytes(bytes.map { $0.prefix { $0 != 0 } }))
    default: return column
    }
  }

  func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    switch fault {
    case .verifyFails: throw StoreError(.corrupt, "nothing is wrong")
    case .verifyFallsBack:
      progress(2)
      progress(1)
    default: progress(count)
    }
  }
}
