public import ImageStoreCore

/// One fold of a k-fold cross-validation: the images to train on and those that are held back.
public struct Fold<Store: Sendable>: Sendable {
  /// The images of all other folds.
  public let training: Store
  /// The images of this fold.
  public let validation: Store
}

extension ImageStore {
  /// The folds of a k-fold cross-validation; each image is held back in exactly one of them.
  ///
  ///     for fold in try train.folds(10, stratified: true, seed: 7) {
  ///       fit(fold.training)
  ///       evaluate(fold.validation)
  ///     }
  ///
  /// - Parameters:
  ///   - count: how many folds; their sizes differ by at most one image.
  ///   - stratified: whether every fold has its share of each class, to within one image.
  ///   - seed: the seed of the folds; the same seed gives the same folds on every platform.
  /// - Throws: ``StoreError/Code/invalidArgument`` for fewer than 2 folds, fewer images than folds,
  ///   or a stratification of a store without labels; and what reading labels throws.
  public func folds(
    _ count: Int, stratified: Bool = false, seed: UInt64
  ) throws(StoreError) -> [Fold<SubsetStore>] {
    try Partition(of: self, folds: count, stratified: stratified, seed: seed).folds {
      (indices) throws(StoreError) in try subset(indices)
    }
  }

  /// Splits of stated sizes, such as training, validation and test:
  ///
  ///     let splits = try store.split([0.8, 0.1, 0.1], seed: 7)
  ///
  /// - Parameters:
  ///   - fractions: the size of each split as a fraction of the store; they sum to 1.
  ///   - stratified: whether each split has its share of each class, to within one image.
  ///   - seed: the seed of the splits; the same seed gives the same splits on every platform.
  /// - Throws: ``StoreError/Code/invalidArgument`` for fractions that are not positive or do not
  ///   sum to 1, or a stratification of a store without labels; and what reading labels throws.
  public func split(
    _ fractions: [Double], stratified: Bool = false, seed: UInt64
  ) throws(StoreError) -> [SubsetStore] {
    try Partition(of: self, fractions: fractions, stratified: stratified, seed: seed).groups {
      (indices) throws(StoreError) in try subset(indices)
    }
  }
}

extension ZippedStore {
  /// The folds of a k-fold cross-validation; each pair is held back in exactly one of them.
  ///
  /// - Parameters:
  ///   - count: how many folds; their sizes differ by at most one pair.
  ///   - stratified: whether every fold has its share of each class, to within one pair, by the
  ///     labels of the images.
  ///   - seed: the seed of the folds; the same seed gives the same folds on every platform.
  /// - Throws: what ``ImageStoreCore/ImageStore/folds(_:stratified:seed:)`` throws.
  public func folds(
    _ count: Int, stratified: Bool = false, seed: UInt64
  ) throws(StoreError) -> [Fold<ZippedStore>] {
    try Partition(of: images, folds: count, stratified: stratified, seed: seed).folds {
      (indices) throws(StoreError) in try subset(indices)
    }
  }

  /// Splits of stated sizes, such as training, validation and test.
  ///
  /// - Parameters:
  ///   - fractions: the size of each split as a fraction of the store; they sum to 1.
  ///   - stratified: whether each split has its share of each class, to within one pair, by the
  ///     labels of the images.
  ///   - seed: the seed of the splits; the same seed gives the same splits on every platform.
  /// - Throws: what ``ImageStoreCore/ImageStore/split(_:stratified:seed:)`` throws.
  public func split(
    _ fractions: [Double], stratified: Bool = false, seed: UInt64
  ) throws(StoreError) -> [ZippedStore] {
    try Partition(of: images, fractions: fractions, stratified: stratified, seed: seed).groups {
      (indices) throws(StoreError) in try subset(indices)
    }
  }
}

extension Partition {
  fileprivate init(
    of store: any ImageStore, folds count: Int, stratified: Bool, seed: UInt64
  ) throws(StoreError) {
    let labels = stratified ? try Self.labels(of: store) : nil
    try self.init(of: store.count, folds: count, stratifying: labels, seed: seed)
  }

  fileprivate init(
    of store: any ImageStore, fractions: [Double], stratified: Bool, seed: UInt64
  ) throws(StoreError) {
    let labels = stratified ? try Self.labels(of: store) : nil
    try self.init(of: store.count, fractions: fractions, stratifying: labels, seed: seed)
  }

  private static func labels(of store: any ImageStore) throws(StoreError) -> [Int] {
    guard let labels = try store.labels() else {
      throw StoreError(
        .invalidArgument, "a store without labels cannot be stratified", remedy: "leave out stratified")
    }
    guard labels.count == store.count else {
      throw StoreError(.corrupt, "\(labels.count) labels for \(store.count) images")
    }
    return labels
  }

  fileprivate func folds<Store>(
    _ subset: (_ indices: [Int]) throws(StoreError) -> Store
  ) throws(StoreError) -> [Fold<Store>] {
    var folds: [Fold<Store>] = []
    for group in 0..<count {
      folds.append(
        Fold(training: try subset(indices(outside: group)), validation: try subset(indices(of: group))))
    }
    return folds
  }

  fileprivate func groups<Store>(
    _ subset: (_ indices: [Int]) throws(StoreError) -> Store
  ) throws(StoreError) -> [Store] {
    var stores: [Store] = []
    for group in 0..<count { stores.append(try subset(indices(of: group))) }
    return stores
  }
}
