package import ImageStoreCore
package import ImageStoreSupport

/// CIFAR-10 and CIFAR-100 as they are distributed; read, not written.
package struct CIFARFormat: StoreFormat {
  package let name = "cifar"
  package let summary = "CIFAR-10 and CIFAR-100: folder, batch or archive"
  package let options: Set<StoreDescription.Option> = []

  package let readsGzip = true

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    // A batch is recognised by its name, so that faults of its contents are reported for it.
    let batches = ["data_batch_1", "test_batch"]
    return CIFAR10.recognizes(path) || batches.contains(FileSystem.split(path).name)
      || batches.contains { FileSystem.kind(of: "\(path)/\($0)") == .file }
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    let set = try CIFAR10(at: path, threads: threads)
    return [OpenedSplit(.training, set.training), OpenedSplit(.test, set.test)].filter { $0.store.count > 0 }
  }
}
