/// The order of names that differ by numbers, such as `1.png ... 12.png`, where nothing else gives an order.
package enum NumberedNames {
  /// The order of some names by the numbers in them.
  ///
  /// - Parameter names: sorted by their bytes.
  /// - Returns: the positions in `names` one after another; nil if the order of the bytes is to be kept: most names do not differ in
  ///   numbers alone, or the order is the same.
  package static func order<Names: RandomAccessCollection>(of names: Names) -> [Int]?
  where Names.Element: Collection<UInt8>, Names.Index == Int {
    guard names.count > 1, mostDifferByNumbers(names) else { return nil }
    var order = Array(names.indices)
    order.sort { precedes(names[$0], names[$1]) }
    return order.elementsEqual(names.indices) ? nil : order.map { $0 - names.startIndex }
  }

  /// Whether more than half of some names are alike but for the digits in them.
  private static func mostDifferByNumbers<Names: RandomAccessCollection>(_ names: Names) -> Bool
  where Names.Element: Collection<UInt8>, Names.Index == Int {
    // The majority, if there is one, is what is left when each two different ones cancel each other.
    var candidate: [UInt8] = []
    var weight = 0
    for name in names {
      let skeleton = skeleton(name)
      if weight == 0 {
        candidate = skeleton
        weight = 1
      } else {
        weight += skeleton == candidate ? 1 : -1
      }
    }
    // Keys of binary numbers are not text.
    guard candidate.contains(0x30), candidate.allSatisfy({ $0 >= 0x20 }) else { return false }
    return names.count { skeleton($0) == candidate } * 2 > names.count
  }

  /// A name with `0` for each run of digits.
  private static func skeleton(_ name: some Collection<UInt8>) -> [UInt8] {
    var skeleton: [UInt8] = []
    for byte in name {
      let isDigit = (0x30...0x39).contains(byte)
      if isDigit, skeleton.last == 0x30 { continue }
      skeleton.append(isDigit ? 0x30 : byte)
    }
    return skeleton
  }

  /// Whether a name comes before another if runs of digits count as numbers.
  package static func precedes(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
    var a = first.startIndex
    var b = second.startIndex
    while a < first.endIndex, b < second.endIndex {
      let one = first[a]
      let two = second[b]
      guard (0x30...0x39).contains(one), (0x30...0x39).contains(two) else {
        if one != two { return one < two }
        a = first.index(after: a)
        b = second.index(after: b)
        continue
      }
      let numberA = digits(of: first, from: &a)
      let numberB = digits(of: second, from: &b)
      if numberA.count != numberB.count { return numberA.count < numberB.count }
      if numberA != numberB { return numberA.lexicographicallyPrecedes(numberB) }
    }
    if (a == first.endIndex) != (b == second.endIndex) { return a == first.endIndex }
    return first.lexicographicallyPrecedes(second)
  }

  /// Whether a name has a number, and others are as it is but for the number.
  package static func areAlike(_ name: String, _ names: [String]) -> Bool {
    guard name.contains(where: \.isNumber) else { return false }
    let stem = name.filter { !$0.isNumber }
    return names.contains { $0 != name && $0.filter { !$0.isNumber } == stem }
  }

  /// The digits at a place without leading zeros.
  private static func digits<Name: Collection<UInt8>>(of name: Name, from start: inout Name.Index) -> [UInt8]
  {
    var digits: [UInt8] = []
    while start < name.endIndex, (0x30...0x39).contains(name[start]) {
      if !digits.isEmpty || name[start] != 0x30 { digits.append(name[start]) }
      start = name.index(after: start)
    }
    return digits
  }
}
