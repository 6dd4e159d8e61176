internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStorePickle
internal import ImageStoreSupport

/// The meaning of label values in a database: decimal numbers, `.npy` or pickled numbers, numbers
/// of the machine, or texts.
enum ForeignLabels {
  case labels([Int])
  case texts([String])
  /// The same number of numbers for each image.
  case several(Column)
  case unread(String)

  /// - Parameter positions: the value of each image's label; -1 for none.
  init(_ entries: ForeignEntries, _ positions: [Int]) throws(StoreError) {
    if let missing = positions.firstIndex(of: -1) {
      let count = positions.count { $0 < 0 }
      self = .unread("\(count) of \(positions.count) images have none, the first is image \(missing)")
      return
    }
    var numbers: [Int] = []
    for position in positions {
      guard let number = entries.number(position) else { break }
      numbers.append(number)
    }
    if numbers.count == positions.count {
      self = .labels(numbers)
      return
    }
    numbers = []
    for position in positions {
      guard let number = try unsafe Self.encoded(entries.value(position)) else { break }
      numbers.append(number)
    }
    if numbers.count == positions.count {
      self = .labels(numbers)
      return
    }
    if let several = try Self.several(entries, positions) {
      self = several
      return
    }
    var texts: [String] = []
    for position in positions {
      let value = try unsafe entries.value(position)
      guard let text = unsafe String(validating: value, as: UTF8.self),
        !text.unicodeScalars.contains(where: { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) })
      else { break }
      texts.append(text)
    }
    if texts.count == positions.count {
      self = .texts(texts)
      return
    }
    let size = entries.location(positions[0]).byteCount
    guard [1, 2, 4, 8].contains(size), positions.allSatisfy({ entries.location($0).byteCount == size }) else {
      self = .unread("neither numbers nor text")
      return
    }
    let integers = try positions.map { (position) throws(StoreError) in
      let value = try unsafe entries.value(position)
      var number: UInt64 = 0
      for place in 0..<size { number |= UInt64(unsafe value[place]) << (8 * UInt64(place)) }
      // Numbers of one and two bytes are unsigned, as classes are; longer ones may be negative.
      return size == 4 ? Int(Int32(truncatingIfNeeded: number)) : Int(truncatingIfNeeded: number)
    }
    self = Self.numbers(integers, byteCount: size)
  }

  /// Numbers of the machine: whole ones, or floats if they would be larger than any class is.
  private static func numbers(_ integers: [Int], byteCount: Int) -> ForeignLabels {
    let largest = byteCount == 4 ? 1 << 24 : 1 << 48
    guard byteCount >= 4, integers.contains(where: { abs(Double($0)) >= Double(largest) }) else {
      return .labels(integers)
    }
    let floats = integers.map { number in
      byteCount == 4
        ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: number)))
        : Double(bitPattern: UInt64(truncatingIfNeeded: number))
    }
    let whole = floats.compactMap { Int(exactly: $0) }
    guard whole.count == floats.count, whole.allSatisfy({ abs(Double($0)) < Double(largest) }) else {
      return .unread("\(byteCount) bytes each, which are neither classes nor whole floats")
    }
    return .labels(whole)
  }

  /// Arrays of the same length, in `.npy` or pickled; nil for anything else.
  private static func several(
    _ entries: ForeignEntries, _ positions: [Int]
  ) throws(StoreError) -> ForeignLabels? {
    var all: Column?
    var width = 0
    for position in positions {
      guard let numbers = try unsafe Self.numbers(entries.value(position)),
        all == nil || numbers.kind == all?.kind && numbers.count == width
      else { return nil }
      if all == nil {
        (all, width) = (numbers, numbers.count)
      } else {
        try all?.append(numbers)
      }
    }
    guard let all else { return nil }
    switch FoundLabels(all, shape: [positions.count, width], imageCount: positions.count) {
    case .labels(let labels, _): return .labels(labels)
    case .columns(let columns): return .several(columns[0].values)
    case .unread: return nil
    }
  }

  /// The numbers of an array or list, one after another.
  private static func numbers(_ value: UnsafeRawBufferPointer) -> Column? {
    if unsafe value.starts(with: NPYHeader.magic) {
      guard let header = try? unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value)), header.type.isNumber,
        let data = try? unsafe header.data(in: value)
      else { return nil }
      return try? unsafe header.counting(header.elementCount).column(in: data)
    }
    guard unsafe ForeignKind.isPickle(value) else { return nil }
    let source = unsafe RawSpan(_unsafeBytes: value)
    guard let object = try? Pickle.read(source) else { return nil }
    if let integers = object.integers(in: source) { return .int64(integers.map(Int64.init)) }
    let numbers = object.elements?.compactMap { element -> Double? in
      switch element {
      case .float(let number): number
      case .int(let number): Double(exactly: number)
      default: nil
      }
    }
    return numbers?.count == object.elements?.count ? numbers.map { .double($0) } : nil
  }

  /// The number of a `.npy` array of one, or of a pickled one.
  private static func encoded(_ value: UnsafeRawBufferPointer) -> Int? {
    if unsafe value.starts(with: NPYHeader.magic) {
      guard let header = try? unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: value)),
        let data = try? unsafe header.data(in: value), let numbers = try? unsafe header.integers(in: data),
        numbers.count == 1
      else { return nil }
      return numbers[0]
    }
    guard unsafe ForeignKind.isPickle(value) else { return nil }
    let source = unsafe RawSpan(_unsafeBytes: value)
    guard let object = try? Pickle.read(source) else { return nil }
    guard case .number(let number) = PickledLabel(object, in: source) else { return nil }
    return number
  }
}
