internal import HDF5Store
internal import ImageStoreCore

/// HDF5 files.
struct HDF5Format: WritableStoreFormat {
  let name = "hdf5"
  let summary = "HDF5: /images with /labels or /meta, or named by --images"
  let suffixes = [".h5", ".hdf5"]
  let layouts: [String] = []

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool {
    // The signature may stand after a block of the user's: HDF5 File Format Specification 3.0, II.A.
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let head = FileHead(path)
    return head.begins(with: signature, at: 0)
      || (0..<8).contains { head.begins(with: signature, at: 512 << $0) }
      || head.isThere && FileHead.hasSuffix(path, suffixes)
  }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    if hints.images == nil && hints.labels == nil {
      let parts = StorePart.all(of: try HDF5Store.parts(at: path))
      if !parts.isEmpty { return parts }
    }
    return [StorePart(try HDF5Store(at: path, images: hints.images, labels: hints.labels))]
  }

  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    try HDF5Store.write(
      source, to: path, mode: options.mode, compression: options.compression ?? .none, progress: progress)
  }
}
