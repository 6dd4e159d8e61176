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
    _ path: String, split: PartSelection = .all,
    _ description: SourceDescription = SourceDescription()
  ) throws(StoreError) {
    self.path = path
    format = try StoreCatalog.format(of: path, description)
    splits = try format.open(path, description, threads: nil)
    let chosen = splits.filter { split == .all || $0.split == split.part }
    guard let first = chosen.first else {
      throw StoreError(
        .invalidArgument,
        split == .all ? "there are no images" : "there is no \(split.part?.rawValue ?? "") part",
        remedy: splits.isEmpty || split == .all
          ? nil : "it has: \(splits.map(\.name).joined(separator: ", "))",
        path: path)
    }
    store = chosen.count == 1 ? first.store : ConcatenatedStore(chosen.map(\.store))
  }
}

/// Which parts of a divided data set `--split` chooses.
enum PartSelection: String, CaseIterable, Sendable {
  case train, test, all

  /// The part, where it is one.
  var part: ImageStoreCore.Split? {
    switch self {
    case .train: .training
    case .test: .test
    case .all: nil
    }
  }
}
