import ImageStoreCore
import ImageStorePickle
import ImageStoreSupport

/// A batch: its pixels where they are, and the labels and names of its images.
struct Batch: Sendable {
  let planes: BatchPlanes
  let labels: [Int]
  let coarseLabels: [Int]?
  /// The names of the images where they are in `source`.
  let fileNames: [PickleValue]?
  let isTest: Bool
  /// The source that the batch was read from.
  let source: any ByteSource

  init(_ file: BatchFile) throws(StoreError) {
    guard case .batch(let isTest, _) = file.role.purpose else {
      preconditionFailure("a file of names is not a batch")
    }
    do throws(StoreError) {
      switch file.role.distribution {
      case .python10, .python100: self = try Batch(pickle: file.bytes, isTest: isTest)
      case .binary10: self = try Batch(binary: file.bytes, labelCount: 1, isTest: isTest)
      case .binary100: self = try Batch(binary: file.bytes, labelCount: 2, isTest: isTest)
      }
    } catch {
      throw file.place(error)
    }
  }

  init(
    planes: BatchPlanes, labels: [Int], coarseLabels: [Int]?, fileNames: [PickleValue]?, isTest: Bool,
    source: any ByteSource
  ) {
    self.planes = planes
    self.labels = labels
    self.coarseLabels = coarseLabels
    self.fileNames = fileNames
    self.isTest = isTest
    self.source = source
  }

  /// Checks that every label is the number of a class, if the classes are known.
  func checkLabels(_ names: ClassNames) throws(StoreError) {
    for (labels, names) in [(labels, names.fine), (coarseLabels ?? [], names.coarse)] {
      guard let names, let position = labels.firstIndex(where: { !names.indices.contains($0) }) else {
        continue
      }
      throw StoreError(
        .corrupt,
        "image \(position) of the batch has label \(labels[position]); there are \(names.count) classes")
    }
  }

  func appendFileNames(to names: inout [String]) throws(StoreError) {
    try source.withBytes { (source) in
      for name in fileNames ?? [] { names.append(name.text?.text(in: source) ?? "") }
    }
  }
}

extension Batch {
  /// A batch of the binary version: records of one label (CIFAR-10) or a coarse and a fine label
  /// (CIFAR-100) and 3072 bytes of planes.
  init(binary source: any ByteSource, labelCount: Int, isTest: Bool) throws(StoreError) {
    self = try source.withBytes { (bytes) throws(StoreError) in
      try unsafe bytes.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe Batch(bytes, of: source, labelCount: labelCount, isTest: isTest)
      }
    }
  }

  private init(
    _ bytes: UnsafeRawBufferPointer, of source: any ByteSource, labelCount: Int, isTest: Bool
  ) throws(StoreError) {
    let record = labelCount + BatchPlanes.imageByteCount
    guard bytes.count > 0 && bytes.count.isMultiple(of: record) else {
      throw StoreError(
        .corrupt, "\(bytes.count) bytes are not a whole number of images of \(record) bytes",
        remedy: "the file is cut short or is not a batch; get it again")
    }
    let count = bytes.count / record
    func labels(at position: Int, classes: Int) throws(StoreError) -> [Int] {
      var labels: [Int] = []
      labels.reserveCapacity(count)
      for image in 0..<count {
        let label = unsafe Int(bytes[image * record + position])
        guard label < classes else {
          throw StoreError(
            .corrupt, "image \(image) of the batch has label \(label); there are \(classes) classes")
        }
        labels.append(label)
      }
      return labels
    }
    self.init(
      planes: try BatchPlanes(source, offset: labelCount, count: count, recordByteCount: record),
      labels: try labels(at: labelCount - 1, classes: labelCount == 1 ? 10 : 100),
      coarseLabels: labelCount == 1 ? nil : try labels(at: 0, classes: 20),
      fileNames: nil, isTest: isTest, source: source)
  }
}
