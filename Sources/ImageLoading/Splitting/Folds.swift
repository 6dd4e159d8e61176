public import ImageStoreCore

/// A division of images into folds or parts: each image belongs to exactly one.
///
///     let folds = try Folds(stratifying: labels, into: 10, seed: 7)
///     folds.indices(of: 3)            // validation
///     folds.indices(outside: 3)       // training
///
/// Depends on labels, sizes and seed alone, on every platform alike; `Docs/SampleOrder.md` says how.
public struct Folds: Sendable, Hashable {
  /// How many folds there are.
  public let count: Int
  /// The fold of each image.
  public let assignments: [Int]

  private init(count: Int, assignments: [Int]) {
    self.count = count
    self.assignments = assignments
  }

  /// Folds of equal size, within one image.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for fewer than 2 folds or fewer images than folds.
  public init(of imageCount: Int, into count: Int, seed: UInt64) throws(StoreError) {
    try Self.validate(count, images: imageCount)
    self.init(classes: ClassMembers([Int](repeating: 0, count: imageCount)), count: count, seed: seed)
  }

  /// Folds that have equally many images of each class, within one image, and are of equal size,
  /// within one image.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for fewer than 2 folds or fewer images than folds.
  public init(stratifying labels: [Int], into count: Int, seed: UInt64) throws(StoreError) {
    try Self.validate(count, images: labels.count)
    self.init(classes: ClassMembers(labels), count: count, seed: seed)
  }

  /// Parts of stated shares, such as training, validation and test.
  ///
  /// - Parameters:
  ///   - imageCount: how many images there are.
  ///   - fractions: the share of each part, positive; they must sum to 1 within 1e-6.
  ///   - labels: one an image, to give each part its share of every class, within one image; nil to
  ///     divide the images without regard to classes.
  ///   - seed: what the parts are drawn from.
  /// - Throws: ``StoreError/Code/invalidArgument`` for fractions that are not such.
  public init(
    of imageCount: Int, fractions: [Double], stratifying labels: [Int]? = nil, seed: UInt64
  ) throws(StoreError) {
    guard !fractions.isEmpty, fractions.allSatisfy({ $0 > 0 && $0 <= 1 }),
      abs(fractions.reduce(0, +) - 1) <= 1e-6
    else {
      throw StoreError(
        .invalidArgument, "the fractions \(fractions)", remedy: "give positive shares that sum to 1")
    }
    guard imageCount >= 0, labels == nil || labels?.count == imageCount else {
      throw StoreError(.invalidArgument, "\(labels?.count ?? 0) labels for \(imageCount) images")
    }
    let classes = ClassMembers(labels ?? [Int](repeating: 0, count: imageCount))
    let sum = fractions.reduce(0, +)
    self.init(classes: classes, fractions: fractions.map { $0 / sum }, seed: seed)
  }

  /// Deals the shuffled images of each class to the folds in turn, beginning where the class before left
  /// off, so that neither classes nor sizes differ by more than one.
  private init(classes: ClassMembers, count: Int, seed: UInt64) {
    var assignments = [Int](repeating: 0, count: classes.imageCount)
    var next = 0
    classes.forEachShuffled(seed: seed) { _, image in
      assignments[image] = next
      next = next + 1 == count ? 0 : next + 1
    }
    self.init(count: count, assignments: assignments)
  }

  /// Gives each part the whole images of its share of a class, and what is left over, an image a part, to
  /// the parts that are furthest behind.
  private init(classes: ClassMembers, fractions: [Double], seed: UInt64) {
    var given = [Int](repeating: 0, count: fractions.count)
    var quotas: [[Int]] = []
    var seen = 0
    for place in classes.labels.indices {
      let size = classes.members(place).count
      seen += size
      var quota = fractions.map { Int((Double(size) * $0).rounded(.down)) }
      let behind = fractions.indices.sorted { a, b in
        let missingA = Double(seen) * fractions[a] - Double(given[a] + quota[a])
        let missingB = Double(seen) * fractions[b] - Double(given[b] + quota[b])
        return missingA == missingB ? a < b : missingA > missingB
      }
      let left = size - quota.reduce(0, +)
      for turn in 0..<max(0, left) { quota[behind[turn % behind.count]] += 1 }
      for part in quota.indices { given[part] += quota[part] }
      quotas.append(quota)
    }
    var assignments = [Int](repeating: 0, count: classes.imageCount)
    var part = 0
    var current = -1
    classes.forEachShuffled(seed: seed) { place, image in
      if place != current {
        current = place
        part = 0
      }
      while quotas[place][part] == 0 { part += 1 }
      quotas[place][part] -= 1
      assignments[image] = part
    }
    self.init(count: fractions.count, assignments: assignments)
  }

  private static func validate(_ count: Int, images: Int) throws(StoreError) {
    guard count >= 2 && count <= images else {
      throw StoreError(
        .invalidArgument, "\(count) folds of \(images) images",
        remedy: "ask for at least 2 folds and at most one an image")
    }
  }

  /// The images of a fold, by rising index.
  ///
  /// - Precondition: `fold` is in `0..<count`.
  public func indices(of fold: Int) -> [Int] {
    precondition(fold >= 0 && fold < count, "no fold \(fold)")
    return assignments.indices.filter { assignments[$0] == fold }
  }

  /// The images of all other folds, by rising index.
  ///
  /// - Precondition: `fold` is in `0..<count`.
  public func indices(outside fold: Int) -> [Int] {
    precondition(fold >= 0 && fold < count, "no fold \(fold)")
    return assignments.indices.filter { assignments[$0] != fold }
  }
}
