internal import ImageStoreCore

/// A store or data set opened by its path.
struct OpenedStore {
  let path: String
  let format: any StoreFormat
  let parts: [StorePart]
  /// The parts that were asked for, as one.
  let store: any ImageStore

  init(
    _ path: String, split: PartSelection = .all, hints: OpenHints = OpenHints()
  ) throws(StoreError) {
    self.path = path
    format = try FormatRegistry.format(of: path, hints)
    parts = try format.open(path, hints)
    let chosen = parts.filter { split == .all || $0.part == split.part }
    guard let first = chosen.first else {
      throw StoreError(
        .invalidArgument,
        split == .all ? "there are no images" : "there is no \(split.part?.rawValue ?? "") part",
        remedy: parts.isEmpty || split == .all
          ? nil : "it has: \(parts.map(\.name).joined(separator: ", "))",
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
