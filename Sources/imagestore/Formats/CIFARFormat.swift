internal import CIFAR10
internal import ImageStoreCore
internal import StoreIO

/// CIFAR-10 and CIFAR-100 as they are distributed; read, not written.
struct CIFARFormat: StoreFormat {
  let name = "cifar"
  let summary = "CIFAR-10 and CIFAR-100: folder, batch or archive"

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool {
    // A batch by its name, so that what is wrong with its contents is said of it.
    let batches = ["data_batch_1", "test_batch"]
    return CIFAR10.recognizes(path) || batches.contains(FileSystem.split(path).name)
      || batches.contains { FileSystem.kind(of: "\(path)/\($0)") == .file }
  }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    let set = try CIFAR10(at: path)
    return [StorePart(.training, set.training), StorePart(.test, set.test)]
      .filter { $0.store.count > 0 }
  }
}
