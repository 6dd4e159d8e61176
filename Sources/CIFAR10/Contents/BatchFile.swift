import ImageStoreCore
import ImageStoreSupport

/// A file of a set: of a folder or of an archive.
struct BatchFile: Sendable {
  let role: FileRole
  let bytes: any ByteSource
  /// The file, or the archive it is in.
  let path: String
  /// Its name in the archive.
  let member: String?

  /// An error that says which file it is about.
  func place(_ error: StoreError) -> StoreError {
    error.at(path: path, key: member)
  }
}

/// The role of a file in a distribution.
struct FileRole: Sendable, Hashable {
  /// The distributions, which have different names of files.
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
    /// The names of CIFAR-100's superclasses, if they are in a file of their own.
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

/// The content of a file, judged by its first bytes.
enum FileContent {
  case archive, pickle, binary, other

  init(_ map: MappedFile) {
    self = withExtendedLifetime(map) { unsafe FileContent(map.bytes) }
  }

  private init(_ bytes: UnsafeRawBufferPointer) {
    guard let first = unsafe bytes.first else {
      self = .other
      return
    }
    switch first {
    // PROTO; in protocols 0 and 1 a dictionary begins with MARK or EMPTY_DICT.
    case 0x80: self = .pickle
    case UInt8(ascii: "("), UInt8(ascii: "}"): self = .pickle
    // A label: 10 classes, or 20 superclasses.
    case ..<20 where bytes.count >= 1 + BatchPlanes.imageByteCount: self = .binary
    default: self = unsafe TarReader.recognizes(bytes) ? .archive : .other
    }
  }
}

extension FileRole {
  /// The role of a single batch with any name.
  init(batchNamed name: String, isPickle: Bool, byteCount: Int) {
    if let role = FileRole(name: name), role.isBatch, role.distribution.isPickled == isPickle {
      self = role
      return
    }
    let purpose = Purpose.batch(isTest: false, number: 0)
    guard !isPickle else {
      self.init(.python10, purpose)
      return
    }
    let isOf100 = !byteCount.isMultiple(of: 1 + BatchPlanes.imageByteCount)
    self.init(isOf100 ? .binary100 : .binary10, purpose)
  }
}

extension FileRole.Distribution {
  /// Whether its batches are pickles.
  var isPickled: Bool {
    switch self {
    case .python10, .python100: true
    case .binary10, .binary100: false
    }
  }
}
