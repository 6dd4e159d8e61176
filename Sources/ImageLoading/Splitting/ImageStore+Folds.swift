public import ImageStoreCore

/// One division of a store into what is trained on and what is held back.
public struct FoldSplit: Sendable {
  /// The images of all other folds.
  public let training: SubsetStore
  /// The images of the fold that is held back.
  public let validation: SubsetStore
}

extension ImageStore {
  /// The divisions of k-fold cross-validation; each image is held back once.
  ///
  ///     for (fold, split) in try train.folds(10, seed: 7).enumerated() { ... }
  public func folds(_ count: Int, seed: UInt64) throws(StoreError) -> [FoldSplit] {
    try splits(Folds(of: self.count, into: count, seed: seed))
  }

  /// The divisions of k-fold cross-validation in which every fold has its share of each class, within
  /// one image.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` where the store has no labels or too few images.
  public func stratifiedFolds(_ count: Int, seed: UInt64) throws(StoreError) -> [FoldSplit] {
    try splits(Folds(stratifying: stratificationLabels(), into: count, seed: seed))
  }

  /// Parts of stated shares, such as training, validation and test:
  ///
  ///     let parts = try store.split([0.8, 0.1, 0.1], seed: 7)
  ///
  /// - Parameters:
  ///   - fractions: the share of each part; they sum to 1.
  ///   - stratified: whether each part has its share of each class, within one image.
  ///   - seed: what the parts are drawn from.
  public func split(
    _ fractions: [Double], stratified: Bool = false, seed: UInt64
  ) throws(StoreError) -> [SubsetStore] {
    let labels = stratified ? try stratificationLabels() : nil
    let parts = try Folds(of: count, fractions: fractions, stratifying: labels, seed: seed)
    var stores: [SubsetStore] = []
    for part in 0..<parts.count { stores.append(try subset(parts.indices(of: part))) }
    return stores
  }

  private func splits(_ folds: Folds) throws(StoreError) -> [FoldSplit] {
    var splits: [FoldSplit] = []
    for fold in 0..<folds.count {
      splits.append(
        FoldSplit(
          training: try subset(folds.indices(outside: fold)),
          validation: try subset(folds.indices(of: fold))))
    }
    return splits
  }

  private func stratificationLabels() throws(StoreError) -> [Int] {
    guard let labels = try labels() else {
      throw StoreError(
        .invalidArgument, "a store without labels cannot be divided by class", remedy: "use folds")
    }
    guard labels.count == count else {
      throw StoreError(.corrupt, "\(labels.count) labels for \(count) images")
    }
    return labels
  }
}
