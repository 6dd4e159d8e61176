internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Finds the images and records of a store of this package in one walk.
///
/// Images from the count on were written by an append that did not finish; they are left out.
struct ContentsReader {
  private let tree: Tree
  private let count: Int
  /// Whether the images are encoded.
  private let isEncoded: Bool
  private var records = StoreRecords()
  private var blocks: [(first: Int, offset: Int, byteCount: Int)] = []
  /// Single images, as many as there are keys of them, whatever the count is.
  private var singles: [(index: Int, offset: Int, byteCount: Int)] = []
  /// Encoded images that are within leaves, one after another. Leaves move, so copies are made.
  private var copies: [UInt8] = []
  /// nil if they are not asked for.
  private var unfinished: UnfinishedImages?

  /// Reads a store from its metadata.
  ///
  /// - Parameter findsUnfinished: whether to look for the images of an unfinished append, which
  ///   will be removed.
  static func contents(
    _ tree: Tree, _ metadata: StoreMetadata, findsUnfinished: Bool = false
  ) throws(StoreError) -> LMDBContents {
    var reader = ContentsReader(tree, metadata)
    if findsUnfinished { reader.unfinished = UnfinishedImages() }
    try tree.forEach { (entry) throws(StoreError) in try reader.visit(entry) }
    let images = try reader.images()
    return LMDBContents(
      file: tree.file, meta: tree.meta, count: metadata.count, images: images,
      hasBlocks: !reader.blocks.isEmpty, isEncoded: reader.isEncoded, labels: .records(reader.records),
      classNames: try reader.classNames(), unfinished: reader.unfinished)
  }

  private init(_ tree: Tree, _ metadata: StoreMetadata) {
    self.tree = tree
    count = metadata.count
    isEncoded = metadata.isEncoded
  }

  private mutating func visit(_ entry: Tree.Entry) throws(StoreError) {
    let key = unsafe entry.key
    if let index = unsafe StoreKey.firstImage(key), index >= count {
      unfinished?.append(entry, in: tree.file, isEncoded: isEncoded)
    } else if let index = unsafe StoreKey.imageIndex(key), isEncoded {
      try addEncoded(index, entry)
    } else if let index = unsafe StoreKey.imageIndex(key) {
      try checkIsPixels(entry)
      singles.append((index, entry.offset, entry.byteCount))
    } else if let (name, first) = unsafe StoreKey.segment(key) {
      let name = unsafe Tree.name(name)
      if name == StoreKey.images {
        try checkIsPixels(entry)
        blocks.append((first, entry.offset, entry.byteCount))
        return
      }
      // One transaction writes these and the count. A store without images also has labels and
      // columns, which are empty.
      guard first < max(count, 1) || !StoreKey.isRecord(name) else {
        throw unsafe StoreError(
          .corrupt, "the value begins at image \(first), but the store has \(count) images",
          key: Tree.name(key))
      }
      records.segments[name, default: RecordSegments(name: name)].append(entry, first: first)
    } else {
      try addSingle(unsafe Tree.name(key), entry)
    }
  }

  private mutating func addSingle(_ key: String, _ entry: Tree.Entry) throws(StoreError) {
    records.singles[key] = ValueLocation(entry)
    // An append may replace the names, which frees their pages; an open store keeps its own copy.
    guard key == StoreKey.classNames, unsafe entry.inline == nil, !entry.isTree,
      let value = unsafe tree.file.map.bytes(at: entry.offset, count: entry.byteCount)
    else { return }
    records.singles[key] = unsafe .copy([UInt8](value))
  }

  /// A writer makes every image's value too large for a leaf.
  private func checkIsPixels(_ entry: Tree.Entry) throws(StoreError) {
    guard unsafe entry.inline == nil, !entry.isTree else {
      throw unsafe StoreError(
        .corrupt, "the value has \(entry.byteCount) bytes, which is too short for an image",
        key: Tree.name(entry.key))
    }
  }

  private mutating func addEncoded(_ index: Int, _ entry: Tree.Entry) throws(StoreError) {
    guard !entry.isTree, entry.byteCount > 0, entry.byteCount <= EncodedIndex.mostBytes else {
      throw unsafe StoreError(
        .corrupt, "the value has \(entry.byteCount) bytes and is not an encoded image",
        key: Tree.name(entry.key))
    }
    guard let inline = unsafe entry.inline else {
      return singles.append((index, entry.offset, entry.byteCount))
    }
    singles.append((index, -1 - copies.count, entry.byteCount))
    unsafe copies.append(contentsOf: inline)
  }

  private mutating func images() throws(StoreError) -> LMDBImages {
    guard count > 0 else { return .none }
    if isEncoded {
      if let block = blocks.first {
        throw StoreError(
          .corrupt, "a block of pixels is among encoded images",
          key: StoreKey.segment(StoreKey.images, first: block.first))
      }
      return try encodedImages()
    }
    guard singles.isEmpty || blocks.isEmpty else {
      throw StoreError(.corrupt, "the store has both blocks of images and single images")
    }
    return singles.isEmpty ? try blockImages() : try singleImages()
  }

  // MARK: Blocks

  private func blockImages() throws(StoreError) -> LMDBImages {
    guard let first = blocks.first, first.first == 0 else {
      throw StoreError(.corrupt, "the image is missing", key: StoreKey.segment(StoreKey.images, first: 0))
    }
    let format = try format(ofBlockAt: first.offset, first.byteCount)
    var positions = ImagePositions(imageByteCount: format.byteCount)
    positions.reserveCapacity(blocks.count)
    var value = ImageValue(format, count: 1, pageSize: tree.file.pageSize)
    var valueCount = 1
    for (number, block) in blocks.enumerated() {
      let end = number + 1 < blocks.count ? blocks[number + 1].first : count
      let images = end - block.first
      let key = StoreKey.segment(StoreKey.images, first: block.first)
      guard images <= block.byteCount / format.byteCount else {
        throw StoreError(
          .corrupt,
          "the value has \(block.byteCount) bytes, which do not fit \(images) images of \(format)", key: key)
      }
      if images != valueCount {
        value = ImageValue(format, count: images, pageSize: tree.file.pageSize)
        valueCount = images
      }
      guard block.byteCount == value.byteCount else {
        throw StoreError(
          .corrupt,
          "the value has \(block.byteCount) bytes, but \(images) images of \(format) take \(value.byteCount)",
          key: key)
      }
      if unfinished != nil, value.padding > 0 { try check(value, at: block.offset, images, key: key) }
      positions.append(blockOf: images, at: block.offset + value.header.count)
    }
    return .uniform(format, positions, try AtomicArray(count: blocks.count))
  }

  /// Small values all have one length, so only the header says how many images are in one. A reader
  /// checks it when it first reads one of them; an append must know before, because it would remove
  /// a block that it mistakes for another.
  private func check(
    _ value: ImageValue, at offset: Int, _ images: Int, key: String
  ) throws(StoreError) {
    guard let header = unsafe tree.file.map.bytes(at: offset, count: value.header.count),
      unsafe header.elementsEqual(value.header)
    else {
      throw StoreError(
        .corrupt, "the value does not begin with the .npy header of \(images) images", key: key)
    }
  }

  private func format(ofBlockAt offset: Int, _ byteCount: Int) throws(StoreError) -> ImageFormat {
    do throws(StoreError) {
      let location = ValueLocation.file(offset: offset, byteCount: byteCount)
      return try unsafe location.withBytes(of: tree.file) { (bytes) throws(StoreError) in
        try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes)).geometry(.ours).format
      }
    } catch {
      throw error.at(key: StoreKey.segment(StoreKey.images, first: 0))
    }
  }

  // MARK: Single images

  private mutating func encodedImages() throws(StoreError) -> LMDBImages {
    try checkSingles()
    var index = EncodedIndex()
    index.reserveCapacity(count)
    try forEachShape { (image, kind) throws(StoreError) in
      let (_, offset, byteCount) = singles[image]
      guard kind.codec > 0 else {
        throw StoreError(
          .corrupt, "an image of pixels is among encoded images", image: image, key: StoreKey.image(image))
      }
      index.append(kind, at: offset..<offset + byteCount)
    }
    return .encoded(EncodedImages(index, copies: copies))
  }

  /// Checks that there is a value for each image.
  private mutating func checkSingles() throws(StoreError) {
    // Keys of nine digits are not in the order of their images.
    if count > 100_000_000 { singles.sort { $0.index < $1.index } }
    for (position, single) in singles.enumerated() where single.index != position {
      throw StoreError(.corrupt, "the key is missing", image: position, key: StoreKey.image(position))
    }
    guard singles.count == count else {
      throw StoreError(
        .corrupt, "the key is missing", image: singles.count, key: StoreKey.image(singles.count))
    }
  }

  private mutating func singleImages() throws(StoreError) -> LMDBImages {
    try checkSingles()
    var positions = MixedPositions()
    // Of each format: from a value's start to its pixels, and the value's bytes.
    var sizes: [(header: Int, value: Int)] = []
    try forEachShape { (index, kind) throws(StoreError) in
      let (_, offset, byteCount) = singles[index]
      let format = kind.format
      guard kind.codec == 0 else {
        throw StoreError(
          .corrupt, "an encoded image is among images of pixels", image: index, key: StoreKey.image(index))
      }
      let number = positions.append(format)
      if number == sizes.count {
        let value = ImageValue(format, count: nil, pageSize: tree.file.pageSize)
        sizes.append((value.header.count, value.byteCount))
      }
      guard byteCount == sizes[number].value else {
        throw StoreError(
          .corrupt,
          "the value has \(byteCount) bytes, but an image of \(format) takes \(sizes[number].value)",
          image: index, key: StoreKey.image(index))
      }
      positions.place(at: offset + sizes[number].header)
    }
    let isChecked = try AtomicArray<UInt8>(count: count)
    guard positions.formats.count == 1 else { return .mixed(positions, isChecked) }
    return .uniform(positions.formats[0], positions.uniform(), isChecked)
  }

  private func forEachShape(
    _ body: (_ index: Int, _ kind: StoredKind) throws(StoreError) -> Void
  ) throws(StoreError) {
    let segments = records.segments[StoreKey.shapes] ?? RecordSegments(name: StoreKey.shapes)
    try unsafe segments.forEach(of: count, in: tree.file) { (segment, header, data) throws(StoreError) in
      let shapes = try unsafe ShapeRecord(header, data)
      // Checked here and not only afterwards, since singles are indexed by it.
      guard shapes.count <= count - segment.first else {
        throw StoreError(
          .corrupt,
          "the \(shapes.count) shapes from image \(segment.first) on do not fit the store's \(count) images")
      }
      for position in 0..<shapes.count {
        let image = segment.first + position
        let kind: StoredKind
        do throws(StoreError) {
          kind = try shapes.kind(position)
        } catch {
          throw error.at(image: image)
        }
        try body(image, kind)
      }
    }
  }

  private func classNames() throws(StoreError) -> [String]? {
    guard let location = records.singles[StoreKey.classNames] else { return nil }
    do throws(StoreError) {
      return try unsafe location.withBytes(of: tree.file) { (bytes) throws(StoreError) in
        let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
        guard case .string(let names) = try unsafe header.column(in: header.data(in: bytes)) else {
          throw StoreError(.corrupt, "the class names are not text")
        }
        return names
      }
    } catch {
      throw error.at(key: StoreKey.classNames)
    }
  }
}
