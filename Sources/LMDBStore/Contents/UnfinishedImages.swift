internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Images past the count, which an unfinished append left: the next append removes them.
struct UnfinishedImages: Sendable {
  /// Of single images.
  private var singles: [String] = []
  /// Of blocks.
  private var blocks: [String] = []
  /// The first key that has the form of an image past the count, but whose value no append has
  /// written.
  private var stranger: String?

  /// - Parameter isEncoded: whether the store has encoded images.
  mutating func append(_ entry: Tree.Entry, in file: DatabaseFile, isEncoded: Bool) {
    let key = unsafe Tree.name(entry.key)
    let isBlock = unsafe StoreKey.imageIndex(entry.key) == nil
    guard !entry.isTree, Self.isOurs(entry, in: file, isEncoded: isEncoded) else {
      stranger = stranger ?? key
      return
    }
    if isBlock { blocks.append(key) } else { singles.append(key) }
  }

  private static func isOurs(_ entry: Tree.Entry, in file: DatabaseFile, isEncoded: Bool) -> Bool {
    if isEncoded {
      guard let value = unsafe file.map.bytes(at: entry.offset, count: entry.byteCount) else { return false }
      return unsafe ImageCodecs.recognize(RawSpan(_unsafeBytes: value))
    }
    // A writer gives every image of pixels pages of its own.
    guard unsafe entry.inline == nil,
      let head = unsafe file.map.bytes(at: entry.offset, count: NPYHeader.magic.count)
    else { return false }
    return unsafe head.elementsEqual(NPYHeader.magic)
  }

  /// The keys to remove.
  ///
  /// - Parameter hasBlocks: whether the store has blocks of images or single ones; nil if it may have either.
  /// - Throws: ``StoreError/Code/unsupported`` for a key that no append has left and that new
  ///   images may need.
  func keys(hasBlocks: Bool?) throws(StoreError) -> [String] {
    let others = hasBlocks.map { $0 ? singles : blocks } ?? []
    if let stranger = stranger ?? others.first {
      throw StoreError(
        .unsupported, "a value that this package did not write has a key that appended images need",
        remedy: "give it another key, or write the images to a new store", key: stranger)
    }
    return singles + blocks
  }
}
