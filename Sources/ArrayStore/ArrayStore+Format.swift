package import ImageStoreCore
package import ImageStoreSupport

/// Arrays in files of their own; read, not written.
package struct ArrayFormat: StoreFormat {
  package let name = "array"
  package let summary = ".npy arrays, folders of them, IDX (MNIST), bare samples (--shape)"
  package let options: Set<StoreDescription.Option> = [
    .images, .labels, .dimensions, .shape, .dtype, .channelOrder,
  ]

  package let readsGzip = true

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    if FileSystem.kind(of: path) == .folder { return ArrayFolder.recognizes(path, description) }
    // Packed bits have an axis; without --axis they are not meant.
    guard description.axis == nil, FileSystem.kind(of: path) == .file else { return false }
    let head = FileHead(path)
    if head.begins(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) || IDXHeader.recognizes(head) { return true }
    let name = FileSystem.split(path).name
    if head.begins(with: [0x1F, 0x8B]) { return name.contains("idx") || name.hasSuffix(".npy.gz") }
    guard description.shape != nil, !FileHead.hasSuffix(path, [".csv", ".tsv"]) else { return false }
    if FileHead.hasSuffix(path, [".bin", ".raw", ".dat", ".data", ".npy"]) { return true }
    // Pickles have no signature, but have begun like this since protocol 2.
    return FileSignature(ofFile: path) == nil && !head.begins(with: [0x80])
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    if FileSystem.kind(of: path) == .folder {
      let splits = try ArrayFolder(path, description, threads: threads).open()
      guard description.channelOrder == .bgr else { return splits }
      return splits.map { OpenedSplit($0.split, $0.store.swappingChannels()) }
    }
    if let name = description.images {
      throw .unusedOption("images", "the file is one array, which has no part called '\(name)'")
    }
    if let name = description.labelsName {
      throw .unusedOption("labels", "the file is one array, which has no part called '\(name)'")
    }
    let store = try ArrayStore(at: path, description, threads: threads)
    return [OpenedSplit(description.channelOrder == .bgr ? store.swappingChannels() : store)]
  }

  package func values(named name: String?, at path: String) throws(StoreError) -> NamedValues? {
    guard name == nil else { return nil }
    let file = try ArrayFile(path, StoreDescription())
    let found = try file.values()
    return NamedValues(name: "labels", values: found.values, shape: found.shape)
  }
}
