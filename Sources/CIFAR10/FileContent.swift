import ImageStoreSupport

/// What a file holds, judged by its first bytes.
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
  /// The role of a single batch, whatever its name.
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
