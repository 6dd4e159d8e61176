import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct SplittingTests {
  @Test func everyImageIsInOneFold() throws {
    for (images, count) in [(10, 2), (103, 10), (7, 7), (1000, 3)] {
      let folds = try Partition(of: images, folds: count, seed: 3)
      let parts = (0..<count).map { folds.indices(of: $0) }
      #expect(parts.joined().sorted() == Array(0..<images))
      let sizes = parts.map(\.count)
      #expect(sizes.max()! - sizes.min()! <= 1)
      for fold in 0..<count {
        #expect((folds.indices(of: fold) + folds.indices(outside: fold)).sorted() == Array(0..<images))
      }
    }
  }

  @Test func classesAreSharedWithinOneImage() throws {
    var generator = SplitMix64(seed: 15)
    for _ in 0..<50 {
      let classes = Int.random(in: 1...12, using: &generator)
      let labels = (0..<Int.random(in: 30...500, using: &generator)).map { _ in
        // Squaring makes some classes rare.
        let draw = Double.random(in: 0..<1, using: &generator)
        return Int(draw * draw * Double(classes)) - 3
      }
      let count = Int.random(in: 2...10, using: &generator)
      let folds = try Partition(
        of: labels.count, folds: count, stratifying: labels, seed: generator.next())
      let sizes = (0..<count).map { folds.indices(of: $0).count }
      #expect(sizes.max()! - sizes.min()! <= 1, "sizes \(sizes)")
      for label in Set(labels) {
        let shares = (0..<count).map { fold in folds.indices(of: fold).count { labels[$0] == label } }
        #expect(shares.max()! - shares.min()! <= 1, "class \(label): \(shares)")
      }
    }
  }

  @Test func fractionsAreKeptWithinOneImage() throws {
    var generator = SplitMix64(seed: 16)
    for fractions in [[0.8, 0.1, 0.1], [0.5, 0.5], [1.0], [0.7, 0.15, 0.1, 0.05], [0.29, 0.71]] {
      let labels = (0..<Int.random(in: 0...1000, using: &generator)).map { _ in
        Int.random(in: 0..<7, using: &generator)
      }
      let parts = try Partition(
        of: labels.count, fractions: fractions, stratifying: labels, seed: generator.next())
      #expect((0..<parts.count).flatMap(parts.indices(of:)).sorted() == Array(labels.indices))
      for label in 0..<7 {
        let size = Double(labels.count { $0 == label })
        for (part, fraction) in fractions.enumerated() {
          let share = Double(parts.indices(of: part).count { labels[$0] == label })
          #expect(abs(share - size * fraction) <= 1, "class \(label), part \(part) of \(fractions)")
        }
      }
      for (part, fraction) in fractions.enumerated() {
        let size = Double(parts.indices(of: part).count)
        #expect(abs(size - Double(labels.count) * fraction) <= 3, "part \(part) of \(fractions)")
      }
    }
    let plain = try Partition(of: 100, fractions: [0.29, 0.71], seed: 1)
    #expect(plain.indices(of: 0).count == 29)
  }

  @Test func foldsAreShuffled() throws {
    let folds = try Partition(of: 1000, folds: 2, seed: 1)
    // In a random half of 1000 images about 250 of the first 500 are found.
    let low = folds.indices(of: 0).count { $0 < 500 }
    #expect(abs(low - 250) < 60, "\(low)")
    #expect(try Partition(of: 1000, folds: 2, seed: 2) != folds)
    #expect(try Partition(of: 1000, folds: 2, seed: 1) == folds)
  }

  @Test func nonsenseIsRefused() {
    #expect(throws: StoreError.self) { _ = try Partition(of: 5, folds: 6, seed: 0) }
    #expect(throws: StoreError.self) { _ = try Partition(of: 5, folds: 1, seed: 0) }
    #expect(throws: StoreError.self) { _ = try Partition(of: -5, folds: -6, seed: 0) }
    for fractions in [[], [0.5], [0.5, 0.6], [1.5, -0.5], [.nan, 1]] as [[Double]] {
      #expect(throws: StoreError.self) { _ = try Partition(of: 5, fractions: fractions, seed: 0) }
    }
    #expect(throws: StoreError.self) {
      _ = try Partition(of: 5, fractions: [0.5, 0.5], stratifying: [1], seed: 0)
    }
  }

  @Test func storesAreDivided() throws {
    let store = try makeStore(count: 100, height: 1, width: 1, channels: 1)
    let labels = try #require(store.labels())
    var held: [Int] = []
    for fold in try store.folds(5, stratified: true, seed: 7) {
      #expect(fold.training.count + fold.validation.count == 100)
      let part = (0..<fold.validation.count).map(fold.validation.baseIndex)
      #expect(try fold.validation.labels() == part.map { labels[$0] })
      held += part
    }
    #expect(held.sorted() == Array(0..<100))
    #expect(try store.folds(4, seed: 1).map(\.validation.count) == [25, 25, 25, 25])
    #expect(try store.split([0.8, 0.1, 0.1], stratified: true, seed: 1).map(\.count) == [80, 10, 10])
    let unlabelled = try makeStore(count: 10, height: 1, width: 1, channels: 1, labelled: false)
    let error = #expect(throws: StoreError.self) { _ = try unlabelled.folds(2, stratified: true, seed: 1) }
    #expect(error?.code == .invalidArgument)
  }
}
