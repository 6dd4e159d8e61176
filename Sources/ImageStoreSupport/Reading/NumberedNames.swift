/// The order of names that differ by numbers, such as `1.png ... 12.png`, if nothing else gives an order.
///
/// Names are compared in place, because folders of a million files must open quickly.
package struct NumberedNames {
  private let names: NameList
  private let bytes: [UInt8]

  private init(_ names: NameList) {
    self.names = names
    bytes = names.bytes
  }

  /// The order of some names by the numbers in them.
  ///
  /// - Parameter names: sorted by their bytes.
  /// - Returns: the positions in `names` one after another; nil to keep the order of the bytes: if
  ///   most names differ in more than numbers, or if the order is the same.
  package static func order(of names: NameList) -> [Int]? {
    let numbered = NumberedNames(names)
    guard names.count > 1, !numbered.areInOrder, numbered.mostDifferByNumbers else { return nil }
    return names.indices.sorted { numbered.precedes(names.range($0), names.range($1)) }
  }

  /// Names in the order of the numbers in them, 2 before 10; names that are equal in this order are
  /// sorted by bytes.
  package static func sorted(_ names: [String]) -> [String] {
    let list = NameList(names)
    let numbered = NumberedNames(list)
    return list.indices.sorted { numbered.precedes(list.range($0), list.range($1)) }.map { names[$0] }
  }

  private var areInOrder: Bool {
    (1..<names.count).allSatisfy { !precedes(names.range($0), names.range($0 - 1)) }
  }

  /// Whether more than half of the names are the same except for their digits.
  private var mostDifferByNumbers: Bool {
    // If there is a majority, it remains when pairs of different names cancel each other.
    var candidate = 0
    var weight = 0
    for position in names.indices {
      if weight == 0 {
        candidate = position
        weight = 1
      } else {
        weight += areAlike(names.range(position), names.range(candidate)) ? 1 : -1
      }
    }
    // Keys of binary numbers are not text.
    let name = names[candidate]
    guard name.contains(where: Self.isDigit), name.allSatisfy({ $0 >= 0x20 }) else { return false }
    return names.indices.count { areAlike(names.range($0), names.range(candidate)) } * 2 > names.count
  }

  /// Whether two names are the same with a digit for each run of digits.
  private func areAlike(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    var (a, b) = (first.lowerBound, second.lowerBound)
    while a < first.upperBound, b < second.upperBound {
      guard Self.isDigit(bytes[a]), Self.isDigit(bytes[b]) else {
        if bytes[a] != bytes[b] { return false }
        (a, b) = (a + 1, b + 1)
        continue
      }
      a = endOfDigits(a, before: first.upperBound)
      b = endOfDigits(b, before: second.upperBound)
    }
    return a == first.upperBound && b == second.upperBound
  }

  /// Whether a name comes before another if runs of digits count as numbers.
  private func precedes(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    var (a, b) = (first.lowerBound, second.lowerBound)
    while a < first.upperBound, b < second.upperBound {
      guard Self.isDigit(bytes[a]), Self.isDigit(bytes[b]) else {
        if bytes[a] != bytes[b] { return bytes[a] < bytes[b] }
        (a, b) = (a + 1, b + 1)
        continue
      }
      let (endA, endB) = (
        endOfDigits(a, before: first.upperBound), endOfDigits(b, before: second.upperBound)
      )
      while a < endA, bytes[a] == 0x30 { a += 1 }
      while b < endB, bytes[b] == 0x30 { b += 1 }
      if endA - a != endB - b { return endA - a < endB - b }
      while a < endA {
        if bytes[a] != bytes[b] { return bytes[a] < bytes[b] }
        (a, b) = (a + 1, b + 1)
      }
    }
    if (a == first.upperBound) != (b == second.upperBound) { return a == first.upperBound }
    return bytes[first].lexicographicallyPrecedes(bytes[second])
  }

  /// Whether a name has a number, and others differ from it only in the number.
  package static func areAlike(_ name: String, _ names: [String]) -> Bool {
    guard name.contains(where: \.isNumber) else { return false }
    let stem = name.filter { !$0.isNumber }
    return names.contains { $0 != name && $0.filter { !$0.isNumber } == stem }
  }

  private func endOfDigits(_ start: Int, before end: Int) -> Int {
    var position = start
    while position < end, Self.isDigit(bytes[position]) { position += 1 }
    return position
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
