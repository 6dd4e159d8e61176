import ImageStoreSupport
import ImageStoreTesting
import Testing

/// Names in the order of the numbers in them.
@Suite struct NumberedNamesTests {
  private func sorted(_ names: [String]) -> [String]? {
    let byBytes = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return NumberedNames.order(of: NameList(byBytes))?.map { byBytes[$0] }
  }

  @Test func namesThatAreNotPadded() {
    #expect(sorted(["10.png", "9.png", "1.png"]) == ["1.png", "9.png", "10.png"])
    #expect(sorted(["a2b10", "a2b9", "a10b1"]) == ["a2b9", "a2b10", "a10b1"])
    #expect(sorted(["im9", "im10", "zoo"]) == ["im9", "im10", "zoo"])
    #expect(sorted(["im02", "im2", "im10", "im1"]) == ["im1", "im02", "im2", "im10"])
    let long = ["99999999999999999999998", "100000000000000000000000", "99999999999999999999999"]
    #expect(sorted(long) == [long[0], long[2], long[1]])
  }

  @Test func whereTheOrderOfTheBytesIsKept() {
    for names in [
      [], ["7"], ["01", "02", "10"], ["b", "a"], ["x10", "y9", "z8", "x9"], ["a", "b", "c10", "c9"],
    ] {
      #expect(sorted(names) == nil, "\(names)")
    }
    #expect(sorted(["\u{1}9", "\u{1}10"]) == nil)
  }

  /// Names of one text and numbers are in the order of the numbers.
  @Test func anyNumbers() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      var numbers: Set<[Int]> = []
      for _ in 0..<Int.random(in: 2...40, using: &random) {
        let most = [9, 300, 1 << 40].randomElement(using: &random)!
        numbers.insert([Int.random(in: 0...3, using: &random), Int.random(in: 0...most, using: &random)])
      }
      let expected = numbers.sorted { $0.lexicographicallyPrecedes($1) }.map { "v\($0[0])/im\($0[1]).png" }
      let byBytes = expected.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      #expect((sorted(expected) ?? byBytes) == expected, "seed \(seed)")
    }
  }
}
