package import ImageStoreCore
package import ImageStoreSupport

/// HDF5 files.
package struct HDF5Format: WritableStoreFormat {
  package let name = "hdf5"
  package let summary = "HDF5: /images with /labels or /meta, or named by --images"
  package let options: Set<StoreDescription.Option> = [
    .images, .labels, .dimensions, .shape, .dtype, .channelOrder, .palette, .orientation, .axis, .bitOrder,
  ]
  package let suffixes = [".h5", ".hdf5"]
  package let layouts = [HDF5Store.Layout.mixed.rawValue, HDF5Store.Layout.encoded.rawValue]
  package let variants = [
    StoreVariant("hdf5", WriteOptions(threads: 1), traits: .usesLibrary),
    StoreVariant("hdf5-chunked", WriteOptions(compression: .fast, threads: 2), traits: .usesLibrary),
    StoreVariant(
      "hdf5-mixed", WriteOptions(layout: HDF5Store.Layout.mixed.rawValue, threads: 1), images: .mixed,
      traits: .usesLibrary),
    StoreVariant(
      "hdf5-encoded", WriteOptions(layout: HDF5Store.Layout.encoded.rawValue, threads: 2), images: .mixed,
      traits: .usesLibrary),
  ]

  package init() {}

  package func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    // The signature may come after a block of the user's: HDF5 File Format Specification 3.0, II.A.
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let head = FileHead(path)
    return head.begins(with: signature)
      || (0..<8).contains { head.begins(with: signature, at: 512 << $0) }
      || head.isThere && FileHead.hasSuffix(path, suffixes)
  }

  package func describesItself(_ path: String) -> Bool {
    guard let library = try? LibraryFile(path) else { return false }
    return library.hasMetadataChecksum || OwnMark.isIn(library.map, end: library.map.byteCount)
  }

  package func open(
    _ path: String, _ description: StoreDescription, threads: Int?
  ) throws(StoreError) -> [OpenedSplit] {
    // The file is opened only once.
    let library = try LibraryFile(path)
    var splits: [OpenedSplit] = []
    if description.images == nil && description.labelsName == nil {
      splits = OpenedSplit.all(of: try HDF5Store.splits(of: library, description, threads: threads))
    }
    if splits.isEmpty { splits = [OpenedSplit(try HDF5Store(library, description, threads: threads))] }
    guard description.channelOrder == .bgr else { return splits }
    return splits.map { OpenedSplit($0.split, $0.store.swappingChannels()) }
  }

  package func otherContents(at path: String) throws(StoreError) -> String? {
    try HDF5Store.otherContents(at: path)
  }

  package func makeWriter(
    to path: String, _ options: WriteOptions, classNames: [String]?, for user: some WriterUser
  ) throws {
    try user.use(
      HDF5Store.Writer(
        to: path, mode: options.mode, compression: options.compression ?? .none,
        layout: options.layout.flatMap(HDF5Store.Layout.init(rawValue:)) ?? .uniform,
        encoding: options.encoding, classNames: classNames, threads: options.threads))
  }
}
