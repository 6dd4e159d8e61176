import ImageStoreCore
import ImageStorePickle

/// A batch: its pixels where they lie, and what is said of its images.
struct Batch: Sendable {
  let planes: BatchPlanes
  let labels: [Int]
  let coarseLabels: [Int]?
  /// The names of the images where they lie in `source`.
  let fileNames: [PickleValue]?
  let isTest: Bool
  /// What the batch was read from.
  let source: BatchMemory

  init(_ file: BatchFile) throws(StoreError) {
    guard case .batch(let isTest, _) = file.role.purpose else {
      preconditionFailure("a file of names is no batch")
    }
    do throws(StoreError) {
      switch file.role.distribution {
      case .python10, .python100: self = try Batch(pickle: file.memory, isTest: isTest)
      case .binary10: self = try Batch(binary: file.memory, labelCount: 1, isTest: isTest)
      case .binary100: self = try Batch(binary: file.memory, labelCount: 2, isTest: isTest)
      }
    } catch {
      throw file.place(error)
    }
  }

  init(
    planes: BatchPlanes, labels: [Int], coarseLabels: [Int]?, fileNames: [PickleValue]?, isTest: Bool,
    source: BatchMemory
  ) {
    self.planes = planes
    self.labels = labels
    self.coarseLabels = coarseLabels
    self.fileNames = fileNames
    self.isTest = isTest
    self.source = source
  }

  /// Checks that every label counts one of the classes, where they are known.
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
    try source.withSpan { (source) in
      for name in fileNames ?? [] { names.append(name.text?.text(in: source) ?? "") }
    }
  }
}
