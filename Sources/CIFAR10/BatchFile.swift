import ImageStoreCore

/// A file of a set: of a folder or of an archive.
struct BatchFile: Sendable {
  let role: FileRole
  let memory: BatchMemory
  /// The file, or the archive it is in.
  let path: String
  /// Its name in the archive.
  let member: String?

  /// An error that says which file it is about.
  func place(_ error: StoreError) -> StoreError {
    error.at(path: path, key: member)
  }
}

/// What a file of a set is for.
enum FileRole: Sendable, Hashable {
  /// Images; `number` orders the batches of a part.
  case batch(isTest: Bool, number: Int, Encoding)
  /// A pickle with the names of the classes.
  case pickledNames
  /// The names of the classes, one a line.
  case names
  /// The names of CIFAR-100's superclasses, one a line.
  case coarseNames

  enum Encoding: Sendable, Hashable {
    case pickle
    /// Records of a label and the planes.
    case binary
    /// Records of a coarse and a fine label and the planes: CIFAR-100's binary version.
    case binary100
  }

  /// The role of a file by the name it is distributed under.
  init?(name: String) {
    switch name {
    case "test_batch": self = .batch(isTest: true, number: 0, .pickle)
    case "test_batch.bin": self = .batch(isTest: true, number: 0, .binary)
    case "train": self = .batch(isTest: false, number: 0, .pickle)
    case "test": self = .batch(isTest: true, number: 0, .pickle)
    case "train.bin": self = .batch(isTest: false, number: 0, .binary100)
    case "test.bin": self = .batch(isTest: true, number: 0, .binary100)
    case "batches.meta", "meta": self = .pickledNames
    case "batches.meta.txt", "fine_label_names.txt": self = .names
    case "coarse_label_names.txt": self = .coarseNames
    default:
      let prefix = "data_batch_"
      guard name.hasPrefix(prefix) else { return nil }
      let isBinary = name.hasSuffix(".bin")
      let digits = name.dropFirst(prefix.count).dropLast(isBinary ? 4 : 0)
      guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else { return nil }
      self = .batch(isTest: false, number: number, isBinary ? .binary : .pickle)
    }
  }

  var isBatch: Bool {
    if case .batch = self { true } else { false }
  }
}
