import ImageStoreSupport
import Testing

/// Classes that were found by their names in several splits.
@Suite struct SharedClassesTests {
  @Test func aClassHasOneNumber() throws {
    let (training, test) = (["b", "c", "d"], ["a", "c", "\u{E9}"])
    let shared = try #require(SharedClasses(of: [training, test]))
    #expect(shared.names == ["a", "b", "c", "d", "\u{E9}"])
    #expect(shared.translate([0, 2, 1, -1, 7], from: training) == [1, 3, 2, -1, 7])
    #expect(shared.translate([0, 1, 2], from: test) == [0, 2, 4])
    // The same number of names is not the same names.
    #expect(SharedClasses(of: [["a", "b"], ["a", "c"]])?.names == ["a", "b", "c"])
    #expect(SharedClasses(of: [["b", "a"], ["b", "a"]]) == nil)
    #expect(SharedClasses(of: [["a"], nil]) == nil)
    #expect(SharedClasses(of: []) == nil)
  }
}
