import ImageStoreCore

extension Batch {
  /// A batch of the binary version: records of one label (CIFAR-10) or a coarse and a fine label
  /// (CIFAR-100) and 3072 bytes of planes.
  init(binary memory: BatchMemory, labelCount: Int, isTest: Bool) throws(StoreError) {
    let bytes = unsafe memory.bytes
    let record = labelCount + BatchPlanes.imageByteCount
    guard bytes.count > 0 && bytes.count.isMultiple(of: record) else {
      throw StoreError(
        .corrupt, "\(bytes.count) bytes are not a whole number of images of \(record) bytes",
        remedy: "the file is cut short or is no batch; get it again")
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
    defer { withExtendedLifetime(memory) {} }
    self.init(
      planes: try BatchPlanes(memory, offset: labelCount, count: count, recordByteCount: record),
      labels: try labels(at: labelCount - 1, classes: labelCount == 1 ? 10 : 100),
      coarseLabels: labelCount == 1 ? nil : try labels(at: 0, classes: 20),
      fileNames: nil, isTest: isTest, source: memory)
  }
}
