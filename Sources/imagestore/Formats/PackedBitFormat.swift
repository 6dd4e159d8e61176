internal import ImageStoreCore
internal import PackedBitStore
internal import StoreIO

/// Masks of one bit a pixel.
struct PackedBitFormat: WritableStoreFormat {
  let name = "packedbit"
  let summary = "packed masks; bare .npy or bytes need --shape and --axis"
  let suffixes = [".bits"]
  let layouts = PackingAxis.allCases.map(\.rawValue)

  func recognizes(_ path: String, _ hints: OpenHints) -> Bool {
    switch FileSystem.kind(of: path) {
    case .folder:
      FileSystem.kind(of: "\(path)/masks.npy") != nil || FileSystem.kind(of: "\(path)/format.json") != nil
    // A bare file is what the user says it is.
    case .file: hints.shape != nil || hints.axis != nil || FileHead.hasSuffix(path, [".npy"])
    default: false
    }
  }

  func open(_ path: String, _ hints: OpenHints) throws(StoreError) -> [StorePart] {
    guard FileSystem.kind(of: path) == .file else {
      return [StorePart(try PackedBitStore(at: path))]
    }
    guard let shape = hints.shape else {
      throw StoreError(
        .invalidArgument, "a file of bits that does not say how they are packed",
        remedy: "describe it by --shape HxW, --axis rows|columns and --bit-order", path: path)
    }
    let layout = try PackedBitLayout(
      height: shape[0], width: shape[1], axis: hints.axis == .columns ? .columns : .rows,
      bitOrder: hints.isLittleEndian == true ? .little : .big)
    return [
      StorePart(try PackedBitStore(file: path, layout: layout, labels: hints.labels))
    ]
  }

  func write(
    _ source: any ImageStore, to path: String, _ options: WriteOptions, progress: (_ written: Int) -> Void
  ) throws(StoreError) {
    guard options.compression == nil || options.compression == Compression.none else {
      throw StoreError(
        .unsupported, "packed bits are not compressed", remedy: "leave out --compression", path: path)
    }
    _ = try PackedBitStore.write(
      source, to: path, mode: options.mode,
      axis: options.layout.flatMap(PackingAxis.init(rawValue:)) ?? .rows, progress: progress)
  }
}
