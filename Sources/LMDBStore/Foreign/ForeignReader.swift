internal import ImageStoreCore
internal import ImageStoreSupport

/// Finds the images of a database that another program wrote: one image per value, in the order of the keys.
///
/// Named databases, which are among the values, are left out, and so are keys that begin with two
/// underscores, under which some programs keep lists of keys and counts.
struct ForeignReader {
  private let rawFormat: ImageFormat?
  private let file: DatabaseFile
  private var kind: ForeignKind?
  private var pickles = PickledImages()
  private var positions = MixedPositions()
  private var locations = EncodedImages.Locations()
  private let decoder = EncodedImageDecoder(ForeignKind.codecs)
  private var isDirect = true
  private var labels: [Int] = []
  private var hasLabels = false

  static func contents(
    _ tree: Tree, rawFormat: ImageFormat?
  ) throws(StoreError) -> LMDBContents {
    var reader = ForeignReader(tree.file, rawFormat: rawFormat)
    var hasTrees = false
    try tree.forEach { (entry) throws(StoreError) in
      hasTrees = hasTrees || entry.isTree
      guard Self.isImage(entry) else { return }
      do throws(StoreError) {
        try reader.add(entry)
      } catch {
        throw unsafe error.at(image: reader.positions.count, key: Tree.name(entry.key))
      }
    }
    guard reader.positions.count > 0 else {
      throw StoreError(
        .unrecognized, hasTrees ? "the database has named databases and no images" : "the database is empty")
    }
    return reader.contents(tree)
  }

  /// The key of an image, found by counting.
  static func key(of index: Int, _ tree: Tree) throws(StoreError) -> String? {
    var number = 0
    var key: String?
    try tree.forEach { (entry) throws(StoreError) in
      guard isImage(entry) else { return }
      if number == index { key = unsafe Tree.name(entry.key) }
      number += 1
    }
    return key
  }

  private init(_ file: DatabaseFile, rawFormat: ImageFormat?) {
    self.file = file
    self.rawFormat = rawFormat
  }

  private static func isImage(_ entry: Tree.Entry) -> Bool {
    unsafe !entry.isTree && !entry.key.starts(with: "__".utf8)
  }

  private mutating func add(_ entry: Tree.Entry) throws(StoreError) {
    guard let value = unsafe entry.inline ?? file.map.bytes(at: entry.offset, count: entry.byteCount) else {
      throw StoreError(.corrupt, "the file is cut short")
    }
    let kind: ForeignKind
    if let known = self.kind {
      kind = known
    } else {
      kind = try unsafe ForeignKind(of: value, rawFormat: rawFormat)
      self.kind = kind
    }
    let image = try unsafe ForeignValue(kind, value, &pickles, decoder)
    _ = positions.append(image.format)
    positions.place(at: entry.offset + (image.pixels ?? 0))
    locations.append(offset: entry.offset, byteCount: entry.byteCount)
    isDirect = isDirect && image.pixels != nil
    // A protocol buffer leaves out a number that is 0.
    labels.append(image.label ?? 0)
    hasLabels = hasLabels || image.label != nil
  }

  private func contents(_ tree: Tree) -> LMDBContents {
    let images: LMDBImages
    if !isDirect, let kind {
      images = .encoded(EncodedImages(kind, locations, positions))
    } else if positions.formats.count == 1 {
      images = .uniform(positions.formats[0], positions.uniform(), nil)
    } else {
      images = .mixed(positions, nil)
    }
    return LMDBContents(
      file: tree.file, meta: tree.meta, count: positions.count, images: images,
      labels: .values(hasLabels ? labels : nil))
  }
}
