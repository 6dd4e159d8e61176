package import ImageStoreCore

/// Data next to an array of bytes that says that it is packed bits: the shape of what was packed,
/// under a name such as `shape`.
package struct StatedMasks: Sendable {
  /// Named numbers next to an array: values of other arrays, or attributes.
  private var numbers: [(name: String, values: [Int])] = []
  private var bitOrder: StoreDescription.BitOrder?
  private var axis: StoreDescription.PackingAxis?

  package init() {}

  /// Whether a name may say this, so that its value is worth reading.
  package static func isTelling(_ name: String) -> Bool {
    let words = ArrayNames.words(of: name)
    return words.contains { sizeWords.contains($0) } || sides(words) != nil || isAxis(words)
      || isBitOrder(words)
  }

  private static let sizeWords: Set = ["shape", "size", "dims", "dimensions"]

  private static func sides(_ words: [String]) -> Bool? {
    switch words.last {
    case "height", "h": true
    case "width", "w": false
    default: nil
    }
  }

  private static func isAxis(_ words: [String]) -> Bool { words.last == "axis" }
  private static func isBitOrder(_ words: [String]) -> Bool {
    words.suffix(2) == ["bit", "order"] || words.last == "bitorder"
  }

  /// Takes numbers under a name.
  package mutating func add(_ name: String, _ values: [Int]) {
    if Self.isAxis(ArrayNames.words(of: name)), values.count == 1 {
      axis = values[0] == 1 ? .rows : values[0] == 2 || values[0] == -1 ? .columns : axis
    } else {
      numbers.append((name, values))
    }
  }

  /// Takes text under a name.
  package mutating func add(_ name: String, _ text: String) {
    let words = ArrayNames.words(of: name)
    if Self.isBitOrder(words) { bitOrder = StoreDescription.BitOrder(rawValue: text.lowercased()) }
    if Self.isAxis(words) { axis = StoreDescription.PackingAxis(rawValue: text.lowercased()) }
  }

  /// The meaning of an array of bytes by these numbers and texts.
  ///
  /// - Parameters:
  ///   - shape: of the array.
  ///   - itemByteCount: the bytes of an element.
  /// - Returns: nil if they say nothing, if they have the shape of the array itself, or if they do
  ///   not fit exactly one way of packing.
  package func description(
    ofArray shape: [Int], itemByteCount: Int
  ) -> (description: StoreDescription, source: String)? {
    for (name, values) in numbers where Self.sizeWords.contains(where: ArrayNames.words(of: name).contains) {
      guard values.allSatisfy({ $0 > 0 }), (2...4).contains(values.count) else { continue }
      let extents = Self.withoutOnes(values)
      guard extents != Self.withoutOnes(shape) else { return nil }
      // The sizes of one mask, or the number of masks before them.
      let choices: [(count: Int?, height: Int, width: Int)] =
        switch extents.count {
        case 2: [(nil, extents[0], extents[1])]
        case 3: [(extents[0], extents[1], extents[2])]
        default: []
        }
      for choice in choices {
        if let found = fitting(choice.count, choice.height, choice.width, shape, itemByteCount) {
          return (found, "\(name) \(ArrayGeometry.text(values))")
        }
      }
    }
    return bySides(shape, itemByteCount)
  }

  /// By numbers for the height and the width; the other side of packed bits is that of the array.
  private func bySides(
    _ shape: [Int], _ itemByteCount: Int
  ) -> (description: StoreDescription, source: String)? {
    func side(_ isHeight: Bool) -> Int? {
      numbers.first { Self.sides(ArrayNames.words(of: $0.name)) == isHeight && $0.values.count == 1 }?.values[
        0]
    }
    let (height, width) = (side(true), side(false))
    guard height ?? width != nil, shape.count >= 2 || height != nil && width != nil,
      (height ?? 1) > 0, (width ?? 1) > 0
    else { return nil }
    let extents = Self.withoutOnes(shape)
    let plain = extents.suffix(2)
    if plain.count == 2, height ?? plain.first == plain.first, width ?? plain.last == plain.last {
      return nil
    }
    guard let rows = height ?? (plain.count == 2 ? plain.first : nil),
      let columns = width ?? (plain.count == 2 ? plain.last : nil),
      let found = fitting(nil, rows, columns, shape, itemByteCount)
    else { return nil }
    let stated = [height.map { "height \($0)" }, width.map { "width \($0)" }].compactMap { $0 }
    return (found, stated.joined(separator: " and "))
  }

  private func fitting(
    _ count: Int?, _ height: Int, _ width: Int, _ shape: [Int], _ itemByteCount: Int
  ) -> StoreDescription? {
    guard height < 1 << 28, width < 1 << 28 else { return nil }
    var found: [StoreDescription] = []
    for axis in axis.map({ [$0] }) ?? [.columns, .rows, .flat] {
      // Bits that run on through rows of whole bytes are those packed along columns.
      if axis == .flat, found.contains(where: { $0.axis == .columns }), width % 8 == 0 { continue }
      var description = StoreDescription()
      description.shape = ImageShape(height: height, width: width)
      description.axis = axis
      description.bitOrder = bitOrder
      guard let bits = try? PackedBits(shape: shape, itemByteCount: itemByteCount, description),
        count == nil || bits.count == count
      else { continue }
      found.append(description)
    }
    return found.count == 1 ? found[0] : nil
  }

  private static func withoutOnes(_ extents: [Int]) -> [Int] { extents.filter { $0 != 1 } }
}
