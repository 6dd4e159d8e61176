/// What a file of a distribution is for.
struct FileRole: Sendable, Hashable {
  /// The distributions, which name their files apart.
  enum Distribution: Sendable, Hashable, CaseIterable {
    case python10, python100
    /// Records of a label and the planes.
    case binary10
    /// Records of a coarse label, a fine label and the planes.
    case binary100

    /// The folder it unpacks to.
    var folderName: String {
      switch self {
      case .python10: "cifar-10-batches-py"
      case .python100: "cifar-100-python"
      case .binary10: "cifar-10-batches-bin"
      case .binary100: "cifar-100-binary"
      }
    }
  }

  enum Purpose: Sendable, Hashable {
    /// Images; `number` orders the batches of a part.
    case batch(isTest: Bool, number: Int)
    /// The names of the classes.
    case names
    /// The names of CIFAR-100's superclasses, where they stand apart.
    case coarseNames
  }

  let distribution: Distribution
  let purpose: Purpose

  init(_ distribution: Distribution, _ purpose: Purpose) {
    self.distribution = distribution
    self.purpose = purpose
  }

  /// The role of a file by the name it is distributed under.
  init?(name: String) {
    let training = Purpose.batch(isTest: false, number: 0)
    let test = Purpose.batch(isTest: true, number: 0)
    switch name {
    case "test_batch": self.init(.python10, test)
    case "batches.meta": self.init(.python10, .names)
    case "test_batch.bin": self.init(.binary10, test)
    case "batches.meta.txt": self.init(.binary10, .names)
    case "train": self.init(.python100, training)
    case "test": self.init(.python100, test)
    case "meta": self.init(.python100, .names)
    case "train.bin": self.init(.binary100, training)
    case "test.bin": self.init(.binary100, test)
    case "fine_label_names.txt": self.init(.binary100, .names)
    case "coarse_label_names.txt": self.init(.binary100, .coarseNames)
    default:
      let prefix = "data_batch_"
      guard name.hasPrefix(prefix) else { return nil }
      let isBinary = name.hasSuffix(".bin")
      let digits = name.dropFirst(prefix.count).dropLast(isBinary ? 4 : 0)
      guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else { return nil }
      self.init(isBinary ? .binary10 : .python10, .batch(isTest: false, number: number))
    }
  }

  var isBatch: Bool {
    if case .batch = purpose { true } else { false }
  }
}
