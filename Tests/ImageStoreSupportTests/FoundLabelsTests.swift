import ImageStoreCore
import ImageStoreSupport
import Testing

/// What arrays of labels of other programs mean.
struct FoundLabelsTests {
  private func found(
    _ values: Column, _ shape: [Int], count: Int, names: [Int: String]? = nil
  ) -> FoundLabels {
    FoundLabels(values, shape: shape, imageCount: count, name: "labels", names: names)
  }

  @Test(arguments: [[3], [3, 1], [1, 3], [3, 1, 1, 1]]) func axesOfOne(shape: [Int]) {
    #expect(found(.int64([2, 0, 1]), shape, count: 3) == .labels([2, 0, 1], classNames: nil))
    #expect(found(.double([2, 0, 1]), shape, count: 3) == .labels([2, 0, 1], classNames: nil))
  }

  @Test func oneImage() {
    #expect(found(.int64([7]), [], count: 1) == .labels([7], classNames: nil))
    #expect(found(.int64([7]), [1], count: 1) == .labels([7], classNames: nil))
    #expect(found(.int64([0, 1, 0]), [1, 3], count: 1) == .labels([1], classNames: nil))
  }

  @Test func texts() {
    #expect(
      found(.string(["dog", "cat", "dog"]), [3], count: 3) == .labels([1, 0, 1], classNames: ["cat", "dog"]))
  }

  @Test func enumerations() {
    #expect(
      found(.int64([2, 0]), [2], count: 2, names: [0: "cat", 2: "dog"])
        == .labels([2, 0], classNames: ["cat", "1", "dog"]))
  }

  /// Several texts per image are not vectors.
  @Test func severalTexts() {
    #expect(
      found(.string(["a", "b", "c", "d"]), [2, 2], count: 2)
        == .columns([
          .init(name: "labels[0]", values: .string(["a", "c"])),
          .init(name: "labels[1]", values: .string(["b", "d"])),
        ]))
  }

  @Test func valuesPerImage() {
    for (shape, count, width) in [
      ([5], 5, 1), ([5, 1], 5, 1), ([1, 5], 5, 1), ([5, 4], 5, 4), ([5, 1, 4], 5, 4), ([1, 4], 1, 4),
      ([1], 1, 1),
      ([], 1, 1), ([5, 4096], 5, 4096),
    ] { #expect(FoundLabels.width(of: shape, imageCount: count) == width, "\(shape)") }
    for (shape, count) in [([4, 5], 5), ([5, 4, 3], 5), ([5, 4097], 5), ([4], 1), ([5, 0], 5), ([], 2)] {
      #expect(FoundLabels.width(of: shape, imageCount: count) == nil, "\(shape)")
    }
  }

  @Test func oneHot() throws {
    #expect(found(.double([0, 0, 1, 1, 0, 0]), [2, 3], count: 2) == .labels([2, 0], classNames: nil))
    // Two classes of one image are several labels.
    #expect(
      found(.int64([0, 1, 1, 1, 0, 0]), [2, 3], count: 2)
        == .columns([
          .init(name: "labels", values: .int64Vectors(try Column.Vectors([[0, 1, 1], [1, 0, 0]])))
        ]))
  }

  @Test func numbersThatAreNoClasses() {
    #expect(
      found(.double([0.5, 1]), [2], count: 2) == .columns([.init(name: "labels", values: .double([0.5, 1]))]))
  }

  @Test func whatIsNotRead() {
    for (shape, count) in [([9], 12), ([12, 9, 30], 12), ([0], 1)] {
      let values = Column.int64([Int64](repeating: 2, count: shape.reduce(1, *)))
      guard case .unread(let reason) = found(values, shape, count: count) else {
        Issue.record("\(shape) is read")
        continue
      }
      #expect(reason.contains("shape") && reason.contains("\(shape[0])"))
    }
  }
}
