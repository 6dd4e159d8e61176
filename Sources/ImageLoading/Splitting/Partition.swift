internal import ImageStoreCore

/// A partition of images into groups, such as the folds of a cross-validation or the splits of a
/// data set: each image belongs to exactly one.
///
/// It depends only on labels, sizes and seed, and is the same on every platform.
/// `Docs/SampleOrder.md` specifies it.
package struct Partition: Sendable, Hashable {
  /// How many groups there are.
  package let count: Int
  /// The group of each image.
  package let assignments: [Int]

  private init(count: Int, assignments: [Int]) {
    self.count = count
    self.assignments = assignments
  }

  /// Groups whose sizes differ by at most one image.
  ///
  /// - Parameters:
  ///   - imageCount: how many images there are.
  ///   - count: how many groups.
  ///   - labels: one per image, to give every group the same number of images of each class, to
  ///     within one image; nil to
  ///     ignore classes.
  ///   - seed: the seed of the groups.
  /// - Throws: ``StoreError/Code/invalidArgument`` for fewer than 2 groups or fewer images than groups.
  package init(
    of imageCount: Int, folds count: Int, stratifying labels: [Int]? = nil, seed: UInt64
  ) throws(StoreError) {
    guard count >= 2 && count <= imageCount else {
      throw StoreError(
        .invalidArgument, "\(imageCount) images cannot be split into \(count) folds",
        remedy: "ask for at least 2 folds and at most one per image")
    }
    let classes = try Self.classes(labels, imageCount: imageCount)
    // The shuffled images of each class are dealt to the groups in turn, beginning where the class
    // before ended, so that neither classes nor sizes differ by more than one.
    var assignments = [Int](repeating: 0, count: imageCount)
    var next = 0
    classes.forEachShuffled(seed: seed) { _, image in
      assignments[image] = next
      next = next + 1 == count ? 0 : next + 1
    }
    self.init(count: count, assignments: assignments)
  }

  /// Groups of stated sizes, such as training, validation and test.
  ///
  /// - Parameters:
  ///   - imageCount: how many images there are.
  ///   - fractions: the size of each group as a fraction of all, positive; they must sum to 1 within 1e-6.
  ///   - labels: one per image, to give each group its fraction of every class, to within one
  ///     image; nil to
  ///     ignore classes.
  ///   - seed: the seed of the groups.
  /// - Throws: ``StoreError/Code/invalidArgument`` for fractions that are not positive or do not sum to 1.
  package init(
    of imageCount: Int, fractions: [Double], stratifying labels: [Int]? = nil, seed: UInt64
  ) throws(StoreError) {
    guard !fractions.isEmpty, fractions.allSatisfy({ $0 > 0 && $0 <= 1 }),
      abs(fractions.reduce(0, +) - 1) <= 1e-6
    else {
      throw StoreError(
        .invalidArgument, "the fractions \(fractions) are not possible",
        remedy: "give positive fractions that sum to 1")
    }
    let classes = try Self.classes(labels, imageCount: imageCount)
    let sum = fractions.reduce(0, +)
    var quotas = Self.quotas(of: classes, fractions: fractions.map { $0 / sum })
    var assignments = [Int](repeating: 0, count: imageCount)
    var group = 0
    var current = -1
    classes.forEachShuffled(seed: seed) { number, image in
      if number != current {
        current = number
        group = 0
      }
      while quotas[number][group] == 0 { group += 1 }
      quotas[number][group] -= 1
      assignments[image] = group
    }
    self.init(count: fractions.count, assignments: assignments)
  }

  private static func classes(_ labels: [Int]?, imageCount: Int) throws(StoreError) -> ClassMembers {
    guard imageCount >= 0, labels == nil || labels?.count == imageCount else {
      throw StoreError(.invalidArgument, "\(labels?.count ?? 0) labels for \(imageCount) images")
    }
    return ClassMembers(labels ?? [Int](repeating: 0, count: imageCount))
  }

  /// How many images of each class every group gets: the whole images of its fraction of the class,
  /// and of those left over, one each goes to the groups that are furthest behind.
  private static func quotas(of classes: ClassMembers, fractions: [Double]) -> [[Int]] {
    var given = [Int](repeating: 0, count: fractions.count)
    var quotas: [[Int]] = []
    var seen = 0
    for number in classes.labels.indices {
      let size = classes.members(number).count
      seen += size
      var quota = fractions.map { Int((Double(size) * $0).rounded(.down)) }
      let behind = fractions.indices.sorted { a, b in
        let missingA = Double(seen) * fractions[a] - Double(given[a] + quota[a])
        let missingB = Double(seen) * fractions[b] - Double(given[b] + quota[b])
        return missingA == missingB ? a < b : missingA > missingB
      }
      let left = size - quota.reduce(0, +)
      for turn in 0..<max(0, left) { quota[behind[turn % behind.count]] += 1 }
      for group in quota.indices { given[group] += quota[group] }
      quotas.append(quota)
    }
    return quotas
  }

  /// The images of a group, by rising index.
  ///
  /// - Precondition: `group` is in `0..<count`.
  package func indices(of group: Int) -> [Int] {
    precondition(group >= 0 && group < count, "no group \(group)")
    return assignments.indices.filter { assignments[$0] == group }
  }

  /// The images of all other groups, by rising index.
  ///
  /// - Precondition: `group` is in `0..<count`.
  package func indices(outside group: Int) -> [Int] {
    precondition(group >= 0 && group < count, "no group \(group)")
    return assignments.indices.filter { assignments[$0] != group }
  }
}
