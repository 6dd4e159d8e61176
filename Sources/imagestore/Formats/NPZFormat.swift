internal import ImageStoreCore
internal import NPZStore

/// numpy's archives of arrays.
struct NPZFormat: WritableStoreFormat {
  let name = "npz"
  let summary = "numpy's .npz: an entry an image, or arrays such as x_train"
  let suffixes = [".npz"]
  let layouts: [String] = []

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool {
    let head = FileHead(path)
    return head.begins(with: [0x50, 0x4B], at: 0) || head.isThere && FileHead.hasSuffix(path, suffixes)
  }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    if hints.images == nil && hints.labels == nil {
      let parts = StorePart.all(of: try NPZStore.parts(at: path))
      if !parts.isEmpty { return parts }
    }
    return [StorePart(try NPZStore(at: path, images: hints.images, labels: hints.labels))]
  }

  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    _ = try NPZStore.write(
      source, to: path, mode: options.mode, compression: options.compression ?? .small, progress: progress)
  }
}
