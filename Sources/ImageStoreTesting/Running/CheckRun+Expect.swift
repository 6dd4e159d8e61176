import ImageStoreCore

extension CheckRun {
  /// Checks that a store holds exactly what a model holds.
  func expect(_ store: any ImageStore, holds images: ModelImages) throws {
    try expectShape(store, images)
    try expectLabels(store, images)
    try expectRead(store, images, Array(0..<images.count))
  }

  /// Checks count and formats.
  func expectShape(_ store: any ImageStore, _ images: ModelImages) throws {
    try requireEqual("count", store.count, images.count)
    try requireEqual("format", store.format, images.uniformFormat)
    for index in 0..<images.count {
      try requireEqual("format(at: \(index))", try store.format(at: index), images.formats[index])
    }
  }

  /// Checks labels, columns and class names.
  func expectLabels(_ store: any ImageStore, _ images: ModelImages) throws {
    try requireEqual("labels()", try store.labels(), images.labels)
    // The second call returns what the first one read.
    try requireEqual("labels() again", try store.labels(), images.labels)
    try requireEqual("columnNames", store.columnNames, images.columns.keys.sorted())
    for (name, column) in images.columns {
      try requireSame("column \(name)", try store.column(name), column)
    }
    if capabilities.holdsClassNames {
      try requireEqual("classNames", store.classNames, images.classNames)
    }
  }

  /// Checks one read against the model, with memory watched before and after the room.
  func expectRead(
    _ store: any ImageStore, _ images: ModelImages, _ indices: [Int], regions: [ImageRegion] = [],
    filled: Int = 0, spare: Int = 0
  ) throws {
    let expected = images.gather(indices, regions: regions)
    let read = CheckedRead(
      store, indices, regions: regions, filled: filled, room: expected.count + spare)
    let call = "read(\(Self.short(indices)), regions: \(Self.short(regions)))"
    if let error = read.error { throw PlanViolation("\(call) throws: \(error)") }
    try require(read.keptBefore, "\(call): overwrites the \(filled) bytes that were there")
    try require(read.keptBehind, "\(call): writes beyond the room it was given")
    try requireEqual("\(call): bytes appended", read.bytes.count, expected.count)
    guard read.bytes != expected else { return }
    let place = zip(read.bytes, expected).enumerated().first { $0.element.0 != $0.element.1 }!
    throw PlanViolation(
      "\(call): byte \(place.offset) of \(expected.count): expected \(place.element.1), got \(place.element.0)"
    )
  }

  /// Checks that a read throws for its arguments and appends nothing.
  func expectRefused(
    _ store: any ImageStore, _ indices: [Int], regions: [ImageRegion] = [], room: Int,
    _ code: StoreError.Code
  ) throws {
    let read = CheckedRead(store, indices, regions: regions, filled: 5, room: room)
    let call = "read(\(Self.short(indices)), regions: \(Self.short(regions))) with room for \(room) bytes"
    try requireError(code, what: call) { if let error = read.error { throw error } }
    try require(read.keptBefore, "\(call): changes what was in the destination")
    try require(read.keptBehind, "\(call): writes beyond the room it was given")
    try requireEqual("\(call): bytes appended", read.bytes.count, 0)
  }

  /// Checks that two columns are the same: not-a-number equals itself, and zeros keep their sign.
  private func requireSame(_ what: String, _ got: Column, _ expected: Column) throws {
    if case .double(let got) = got, case .double(let expected) = expected {
      try requireEqual(what, got.map(Self.canonical), expected.map(Self.canonical))
    } else if case .doubleVectors(let got) = got, case .doubleVectors(let expected) = expected {
      try requireEqual("the width of \(what)", got.width, expected.width)
      try requireEqual(what, got.values.map(Self.canonical), expected.values.map(Self.canonical))
    } else if case .string(let got) = got, case .string(let expected) = expected {
      // Swift's == treats composed and decomposed characters as equal; a store must keep the bytes.
      try requireEqual(what, got.map { Array($0.utf8) }, expected.map { Array($0.utf8) })
    } else {
      try requireEqual(what, got, expected)
    }
  }

  private static func canonical(_ value: Double) -> UInt64 {
    (value.isNaN ? Double.nan : value).bitPattern
  }

  private static func short<Element>(_ list: [Element]) -> String {
    list.count <= 6 ? "\(list)" : "\(list.prefix(3))... (\(list.count) of them)"
  }
}
