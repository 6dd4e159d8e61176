internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

/// A store or data set opened by its path.
struct OpenedStore {
  let path: String
  let format: any StoreFormat
  let splits: [OpenedSplit]
  /// The splits that were asked for, as one.
  let store: any ImageStore

  init(
    _ path: String, split: SplitChoice = .all, _ description: StoreDescription = StoreDescription()
  ) throws(StoreError) {
    self.path = path
    (format, splits) = try StoreCatalog.splits(at: path, description)
    let chosen = splits.filter { split.split == nil || $0.split == split.split }
    guard let first = chosen.first else {
      throw StoreError(
        .invalidArgument,
        split.split.map { "there is no split \($0)" } ?? "there are no images",
        remedy: splits.isEmpty || split.split == nil
          ? nil : "it has: \(splits.map(\.name).joined(separator: ", "))",
        path: path)
    }
    store = chosen.count == 1 ? first.store : ConcatenatedStore(chosen.map(\.store))
  }
}

/// The choice of `--split`.
struct SplitChoice: Sendable, Equatable {
  /// Nil for all of them.
  let split: ImageStoreCore.Split?

  static let all = SplitChoice(split: nil)

  private init(split: ImageStoreCore.Split?) { self.split = split }

  /// The split with a name: any spelling of training, validation and test, or the name that the
  /// source has; `all` for all.
  init(_ name: String) {
    split = name == "all" ? nil : ArrayNames.split(named: name) ?? ImageStoreCore.Split(rawValue: name)
  }
}
