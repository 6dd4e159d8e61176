import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// Compares the contents of a file with what this package writes, because rewriting the file would
/// lose the rest.
struct Inventory {
  let store: HDF5Store

  /// The chunks that this package makes for some images.
  private struct Chunks {
    let extent: [Int]
    let shuffles: Bool
    /// Whether there may be more of them.
    let grows: Bool
  }

  private static let rootNames: Set = [
    DatasetNames.images, DatasetNames.labels, DatasetNames.meta, DatasetNames.columns,
    DatasetNames.offsets, DatasetNames.checksums, DatasetNames.classNames, DatasetNames.encoded,
    DatasetNames.shapes, DatasetNames.kinds, DatasetNames.columnOffsets,
  ]
  private static let rootAttributes: Set = [
    DatasetNames.classNames, DatasetNames.formatVersion, DatasetNames.writer,
  ]

  /// A few words on the first contents that this package does not write.
  func unknownContents(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle
  ) throws(StoreError) -> String? {
    let superblock = store.library.superblock
    if superblock.base > 0 { return "a user block of \(superblock.base) bytes" }
    if superblock.version > 0 { return "version \(superblock.version) of the superblock" }
    guard store.images.areAsWritten else { return "images in another order than they are delivered in" }
    guard store.records.foundLabels == nil, store.records.foundColumns.isEmpty else {
      return "labels that are not integers, or are not in the root"
    }
    let root = try session.rootGroup(of: file)
    if let found = try group(session, root, "the root", attributes: Self.rootAttributes) { return found }
    for link in try session.hardLinks(of: root, fileByteCount: store.file.byteCount) {
      guard Self.rootNames.contains(link.name) else { return link.name }
      if !link.isHard { return "the soft link \(link.name)" }
      if let found = try object(link.name, session, file) { return found }
    }
    return nil
  }

  private func object(
    _ name: String, _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle
  ) throws(StoreError) -> String? {
    guard let object = try session.open(name, in: file) else { return nil }
    switch name {
    case DatasetNames.images where session.isGroup(object): return try imageGroup(session, object, file)
    case DatasetNames.images: return try images(session, object)
    case DatasetNames.encoded where store.isEncodedHere, _ where store.records.encoded[name] != nil:
      return try dataset(session, object, name, chunks: nil)
    case DatasetNames.columns, DatasetNames.offsets, DatasetNames.columnOffsets:
      return try columns(session, object, file, named: name)
    case DatasetNames.labels, DatasetNames.meta:
      let name = store.records.labels?.dataset.name ?? DatasetNames.labels
      guard let labels = try session.open(name, in: file), CHDF5_is_same_object(labels.id, object.id) else {
        return "\(DatasetNames.meta) beside \(DatasetNames.labels)"
      }
      return try values(session, object, name, links: 1...2)
    case DatasetNames.checksums:
      let known = columnDatasets.union([DatasetNames.labels, DatasetNames.classNames]).union(
        store.records.encoded.keys)
      return try values(session, object, name, attributes: known)
    default:
      guard store.records.storedClassNames != nil, let names = store.classNames,
        !HDF5Session.isAttribute(names)
      else { return "the dataset \(name)" }
      return try values(session, object, name)
    }
  }

  /// The datasets of columns and their offsets.
  private var columnDatasets: Set<String> {
    Set(
      store.records.columns.values.flatMap { [$0.values, $0.offsets].compactMap { $0?.dataset.name } })
  }

  /// Unknown contents of a group of columns, or of their offsets.
  private func columns(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ file: borrowing HDF5Handle,
    named group: String
  ) throws(StoreError) -> String? {
    guard session.isGroup(object) else { return "the dataset \(group)" }
    if let found = try self.group(session, object, group) { return found }
    let known = columnDatasets
    for link in try session.hardLinks(of: object, fileByteCount: store.file.byteCount) {
      let name = "\(group)/\(link.name)"
      if !link.isHard { return "the soft link \(name)" }
      // Objects that are not columns, or have a name that cannot be read.
      guard known.contains(name) else { return name }
      let column = try session.openDataset(name, in: file)
      if let found = try values(session, column, name) { return found }
    }
    return nil
  }

  /// Unknown properties of a dataset with one value per image.
  private func values(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ name: String,
    attributes: Set<String> = [], links: ClosedRange<Int64> = 1...1
  ) throws(StoreError) -> String? {
    guard !session.isGroup(object) else { return "the group \(name)" }
    let dataset = try session.describe(object, name: name, fileByteCount: store.file.byteCount)
    let isVectors =
      dataset.shape.count == 2
      && store.records.columns.values.contains { column in
        column.values.dataset.name == name && column.width != nil
      }
    if dataset.shape.count != 1, !isVectors { return "the shape \(dataset.shapeText) of \(name)" }
    switch dataset.elements {
    case .number, .text: break
    case .enumeration, .blobs, .other: return "the type of \(name)"
    }
    if dataset.type?.kind == .float, dataset.elementByteCount < 4 { return "the type of \(name)" }
    return try self.dataset(session, object, name, chunks: nil, attributes: attributes, links: links)
  }

  private func images(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle
  ) throws(StoreError) -> String? {
    let name = DatasetNames.images
    guard let format = store.format else { return name }
    return try samples(
      session, object, name, format, shape: [store.count] + format.shape,
      chunkExtent: [ChunkEncoder.imagesPerChunk(format)] + format.shape, grows: true)
  }

  private func imageGroup(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ file: borrowing HDF5Handle
  ) throws(StoreError) -> String? {
    if let found = try group(session, object, DatasetNames.images) { return found }
    for (index, link) in try session.hardLinks(of: object, fileByteCount: store.file.byteCount).enumerated() {
      let name = "\(DatasetNames.images)/\(link.name)"
      if !link.isHard { return "the soft link \(name)" }
      guard link.name == DatasetNames.image(index) else { return "the name \(name)" }
      let image = try session.openDataset(name, in: file)
      let format = try store.format(at: index)
      let found = try samples(
        session, image, name, format, shape: format.shape, chunkExtent: format.shape, grows: false)
      if let found { return found }
    }
    return nil
  }

  /// Unknown properties of a dataset with pixels.
  private func samples(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ name: String, _ format: ImageFormat,
    shape: [Int], chunkExtent: [Int], grows: Bool
  ) throws(StoreError) -> String? {
    let dataset = try session.describe(object, name: name, fileByteCount: store.file.byteCount)
    if dataset.shape != shape { return "the shape \(dataset.shapeText) of \(name)" }
    if dataset.type?.isBigEndian == true { return "the byte order of \(name) (big endian)" }
    let chunks = Chunks(extent: chunkExtent, shuffles: format.elementType.byteCount > 1, grows: grows)
    return try self.dataset(session, object, name, chunks: store.isCompressed ? chunks : nil)
  }

  /// Unknown properties of a dataset's header.
  ///
  /// - Parameter chunks: the chunks this package would make, or nil if it would make none.
  private func dataset(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ name: String,
    chunks: Chunks?, attributes: Set<String> = [],
    links: ClosedRange<Int64> = 1...1
  ) throws(StoreError) -> String? {
    if let found = try self.attributes(session, object, name, known: attributes) { return found }
    if !links.contains(CHDF5_link_count(object.id)) { return "other links to \(name)" }
    if try session.hasTypeOfItsOwn(object) { return "the type of \(name)" }
    let creation = try session.handle(H5Dget_create_plist(object.id), "reading its properties")
    if try session.tracksAttributes(creation) { return "the order of attributes of \(name)" }
    if try session.fillValue(of: object) != nil { return "the fill value of \(name)" }
    if try session.mayGrow(object) != (chunks?.grows ?? false) {
      return "how \(name) may grow (maxshape)"
    }
    let layout = H5Pget_layout(creation.id)
    guard let chunks else {
      return layout == H5D_CONTIGUOUS ? nil : "the layout of \(name) (chunked or compact)"
    }
    guard layout == H5D_CHUNKED else { return "the layout of \(name)" }
    guard try session.chunkExtent(creation, rank: chunks.extent.count) == chunks.extent else {
      return "the chunks of \(name)"
    }
    let filters =
      (chunks.shuffles ? [CHDF5_filter_shuffle()] : []) + [CHDF5_filter_deflate()]
    return try session.filterNumbers(creation) == filters.map(Int.init) ? nil : "the filters of \(name)"
  }

  private func group(
    _ session: borrowing HDF5Session, _ group: borrowing HDF5Handle, _ name: String,
    attributes: Set<String> = []
  ) throws(StoreError) -> String? {
    if let found = try self.attributes(session, group, name, known: attributes) { return found }
    if CHDF5_link_count(group.id) != 1 { return "other links to \(name)" }
    let creation = try session.handle(H5Gget_create_plist(group.id), "reading its properties")
    if try session.tracksLinks(creation) { return "the order of what is in \(name)" }
    if try session.tracksAttributes(creation) { return "the order of attributes of \(name)" }
    return nil
  }

  private func attributes(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ name: String, known: Set<String>
  ) throws(StoreError) -> String? {
    if let attribute = try session.attributeNames(of: object).first(where: { !known.contains($0) }) {
      return "the attribute \(attribute) of \(name)"
    }
    return H5Oget_comment(object.id, nil, 0) > 0 ? "the comment of \(name)" : nil
  }
}

extension HDF5Store {
  /// Checks that the file has only the contents of a store, in forms that an append keeps, because
  /// an append writes the whole file again.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` naming what would be lost.
  func checkHoldsNothingElse() throws(StoreError) {
    guard let extra = try unknownContents() else { return }
    throw StoreError(
      .unsupported, "the file has contents that an append would lose: \(extra)",
      remedy: "convert it to a new file first", path: path)
  }

  /// A few words on contents of the file that this package would not write; nil if there are none.
  /// A file whose metadata has a checksum has only what this package wrote.
  func unknownContents() throws(StoreError) -> String? {
    if library.hasMetadataChecksum { return nil }
    return try library.withFile { (session, file) throws(StoreError) in
      try Inventory(store: self).unknownContents(session, file)
    }
  }

  /// A few words on the contents of a path other than a finished store that this package wrote; nil
  /// if there is only such a store, damaged or not.
  static func otherContents(at path: String) throws(StoreError) -> String? {
    switch FileSystem.kind(of: path) {
    case .file: break
    case .folder: return "a folder"
    case .other: return "neither a file nor a folder"
    case nil: return "nothing"
    }
    let library: LibraryFile
    do throws(StoreError) {
      library = try LibraryFile(path)
    } catch {
      guard [.corrupt, .unrecognized, .unsupported].contains(error.code) else { throw error }
      let file = try MappedFile(path)
      // The file is damaged; if its first bytes are, it is not even an HDF5 file any more.
      let isOwn =
        error.code == .unrecognized
        ? MetadataChecksum.isEnd(of: file) : OwnMark.isIn(file, end: file.byteCount)
      if isOwn { return nil }
      return error.code == .unrecognized ? "not an HDF5 file" : "a damaged HDF5 file, not of this package"
    }
    if library.hasMetadataChecksum { return nil }
    guard OwnMark.isIn(library.map, end: library.map.byteCount) else {
      return "an HDF5 file that this package did not write"
    }
    // Another program has written to it.
    do throws(StoreError) {
      let store = try HDF5Store(library, threads: 1)
      if let extra = try store.unknownContents() { return "an HDF5 file with more than a store: \(extra)" }
      try store.verifyRecords()
      return nil
    } catch {
      return "an HDF5 file that another program has changed (\(error.message))"
    }
  }
}
