import ImageStoreCore
import ImageStorePickle
import ImageStoreSupport

extension Batch {
  /// A batch of the python version: a pickled dictionary of `data`, `labels` (or `fine_labels` and
  /// `coarse_labels`), `filenames` and `batch_label`.
  ///
  /// - Parameter isTest: what the file's name says. A `batch_label` may say so as well.
  init(pickle bytes: any ByteSource, isTest: Bool) throws(StoreError) {
    self = try bytes.withBytes { (source) throws(StoreError) in
      let batch = try Pickle.read(source)
      guard let data = batch.value(of: "data", in: source) else {
        throw StoreError(
          .unrecognized, "this pickle is not a batch of images: it has no 'data'", remedy: Self.remedy)
      }
      let planes = try BatchPlanes(data, in: bytes)
      func column(_ name: StaticString) throws(StoreError) -> [Int]? {
        guard let value = batch.value(of: name, in: source) else { return nil }
        guard let integers = value.integers(in: source) else {
          throw StoreError(.corrupt, "'\(name)' is not a list of whole numbers", remedy: Self.remedy)
        }
        try Self.check(integers.count, of: name, planes)
        return integers
      }
      let ofTen = try column("labels")
      let ofHundred = try column("fine_labels")
      guard let labels = ofHundred ?? ofTen else {
        throw StoreError(
          .unrecognized, "this pickle is not a batch of images: it has no 'labels'", remedy: Self.remedy)
      }
      let fileNames = batch.value(of: "filenames", in: source)?.elements
      if let fileNames {
        try Self.check(fileNames.count, of: "filenames", planes)
        guard fileNames.allSatisfy({ $0.text != nil }) else {
          throw StoreError(.corrupt, "'filenames' is not a list of names")
        }
        // One long text may be shared by many names.
        guard fileNames.allSatisfy({ ($0.text?.count ?? 0) <= Self.maximumNameByteCount }) else {
          throw StoreError(
            .limitExceeded, "a name in 'filenames' has more than \(Self.maximumNameByteCount) bytes")
        }
      }
      let title = batch.value(of: "batch_label", in: source)?.text?.text(in: source)
      return Batch(
        planes: planes, labels: labels, coarseLabels: try column("coarse_labels"), fileNames: fileNames,
        isTest: isTest || title?.hasPrefix("testing") == true, source: bytes)
    }
  }

  /// Every program can have pickles of other shapes and names.
  fileprivate static let remedy =
    "write its arrays by numpy.savez(\"x.npz\", images=..., labels=...), and read that"

  private static let maximumNameByteCount = 4096

  private static func check(
    _ count: Int, of name: StaticString, _ planes: BatchPlanes
  ) throws(StoreError) {
    guard count == planes.count else {
      throw StoreError(.corrupt, "'\(name)' has \(count) values for \(planes.count) images")
    }
  }
}

extension BatchPlanes {
  /// The planes of a batch's array, of shape (N, 3072) or (N, 3, 32, 32): where they are in the
  /// pickle, or copied to memory in this order if the pickle has another.
  fileprivate init(_ data: PickleValue, in file: any ByteSource) throws(StoreError) {
    guard case .array(let array) = data, array.elementType == .uint8, let count = array.shape.first,
      array.shape == [count, 3072] || array.shape == [count, 3, 32, 32]
    else {
      throw StoreError(
        .unsupported, "'data' is \(data.summary), not uint8 of shape [N, 3072]",
        remedy: Batch.remedy)
    }
    if case .source(let range) = array.bytes, !array.isFortranOrder {
      try self.init(
        file, offset: range.lowerBound, count: count, recordByteCount: Self.imageByteCount)
      return
    }
    let ordered = try PixelMemory(capacity: array.bytes.count)
    try file.withBytes { (source) throws(StoreError) in
      try array.bytes.withBytes(in: source) { (bytes) throws(StoreError) in
        try ordered.fill { (output) throws(StoreError) in
          try unsafe output.appendBytes(bytes.byteCount) { (target) in
            unsafe bytes.withUnsafeBytes { unsafe array.copyInOrder($0, to: target) }
          }
        }
      }
    }
    try self.init(ordered, offset: 0, count: count, recordByteCount: Self.imageByteCount)
  }
}

extension PickleArray {
  /// Copies bytes so that the last axis varies fastest.
  fileprivate func copyInOrder(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard isFortranOrder else {
      unsafe target.copyMemory(from: source)
      return
    }
    // In Fortran order the index of the first axis varies fastest, that of the last slowest.
    let strides = shape.indices.map { shape[..<$0].reduce(1, *) }
    var position = 0
    func copy(_ axis: Int, from offset: Int) {
      guard axis < shape.count else {
        unsafe target[position] = source[offset]
        position += 1
        return
      }
      for index in 0..<shape[axis] { copy(axis + 1, from: offset + index * strides[axis]) }
    }
    copy(0, from: 0)
  }
}

extension PickleValue {
  /// The kind of a value, for messages.
  fileprivate var summary: String {
    switch self {
    case .array(let array): "\(array.elementType.name) of shape \(array.shape)"
    case .list(let values): "a list of \(values.count) values"
    case .bytes, .string: "a string"
    default: "not an array"
    }
  }
}
