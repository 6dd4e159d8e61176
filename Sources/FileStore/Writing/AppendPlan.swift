internal import ImageStoreCore
internal import ImageStoreSupport

/// The files that an append is about to move into a store, written and synced before the first
/// move. If the writer dies before `labels.csv` counts them, the next writer knows from the plan
/// which files the dead one moved.
struct AppendPlan: Equatable {
  /// The identification of a file, by its contents. Inodes and times differ in a copy of the store.
  struct Stamp: Equatable {
    var byteCount: UInt32 = 0
    var crc32: UInt32 = 0
  }

  let layout: FileStore.Layout
  /// The index of the first image that is appended.
  let first: Int
  /// `labels.csv` before the append, and after it.
  let labels: Stamp
  let newLabels: Stamp
  /// Whether the subfolders that the images are written to, from that of the first on, are moved as
  /// a whole, because the store has none of their names.
  let isWhole: [Bool]
  let images: [Stamp]
  /// The suffixes of the images' files, or none if all are PNGs.
  var suffixes: [ImageSuffix] = []

  var end: Int { first + images.count }

  /// The identification of a planned image.
  func stamp(of index: Int) -> Stamp? { index >= first && index < end ? images[index - first] : nil }

  static let fileName = "plan"
  private static let version: UInt64 = 1
  /// The number of a layout is its position in this list.
  private static let layouts: [FileStore.Layout] = [.subfolders, .flat, .encoded]

  /// The suffix of a planned image's file.
  func suffix(of index: Int) -> ImageSuffix { suffixes.isEmpty ? .png : suffixes[index - first] }
  private static let headWordCount = 7
}

extension AppendPlan {
  /// Little-endian words of 64 bits: version, layout, index of the first image, number of images
  /// and of subfolders, the old and the new `labels.csv`, then subfolders (1 for a whole one) and
  /// images, and the CRC-32 of all that. A file is its number of bytes in the upper and its CRC-32
  /// in the lower half of a word. For the layout `encoded`, the suffixes of the files follow the
  /// images, one byte of a word for each.
  func encoded() -> [UInt8] {
    var words: [UInt64] = [
      Self.version, UInt64(Self.layouts.firstIndex(of: layout) ?? 0), UInt64(first), UInt64(images.count),
      UInt64(isWhole.count),
      labels.word, newLabels.word,
    ]
    words += isWhole.map { $0 ? 1 : 0 }
    words += images.map(\.word)
    if layout == .encoded {
      for start in stride(from: 0, to: images.count, by: 8) {
        words.append(
          (start..<min(start + 8, images.count)).reversed().reduce(0) { word, image in
            word << 8 | UInt64(suffix(of: first + image).rawValue)
          })
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * words.count + 8)
    func append(_ word: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    words.forEach(append)
    append(unsafe UInt64(CRC32.checksum(of: bytes.span.bytes)))
    return bytes
  }

  /// Nil for bytes that are not a complete plan, from a writer that died before it moved anything.
  init?(_ bytes: [UInt8]) {
    guard bytes.count % 8 == 0, bytes.count / 8 > Self.headWordCount else { return nil }
    var words: [UInt64] = []
    words.reserveCapacity(bytes.count / 8)
    for start in stride(from: 0, to: bytes.count, by: 8) {
      words.append(bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    let checksum = unsafe CRC32.checksum(of: bytes.span.bytes.extracting(droppingLast: 8))
    guard words.popLast() == UInt64(checksum), words[0] == Self.version,
      let layout = Self.layouts.indices.contains(Int(clamping: words[1])) ? Self.layouts[Int(words[1])] : nil,
      let first = Int(exactly: words[2]), let imageCount = Int(exactly: words[3]),
      let folderCount = Int(exactly: words[4]), imageCount <= words.count, folderCount <= words.count,
      first <= Int.max - imageCount
    else { return nil }
    let suffixWords = layout == .encoded ? (imageCount + 7) / 8 : 0
    guard words.count == Self.headWordCount + folderCount + imageCount + suffixWords else { return nil }
    self.layout = layout
    guard
      folderCount
        == (layout == .flat ? 0 : FileStore.Layout.folderNumbers(of: first..<first + imageCount).count)
    else { return nil }
    self.first = first
    labels = Stamp(words[5])
    newLabels = Stamp(words[6])
    isWhole = words[Self.headWordCount..<Self.headWordCount + folderCount].map { $0 == 1 }
    let imageWords = words[(Self.headWordCount + folderCount)...]
    images = imageWords.prefix(imageCount).map(Stamp.init)
    for (position, word) in imageWords.dropFirst(imageCount).enumerated() {
      for image in 8 * position..<min(8 * position + 8, imageCount) {
        guard let suffix = ImageSuffix(rawValue: UInt8(truncatingIfNeeded: word >> UInt64(image % 8 * 8)))
        else {
          return nil
        }
        suffixes.append(suffix)
      }
    }
    if suffixes.allSatisfy({ $0 == .png }) { suffixes = [] }
  }

  /// Writes the plan into a work folder and waits until it is on the disk.
  func write(in work: borrowing Folder) throws(StoreError) {
    let file = try File(Self.fileName, in: work, .create)
    try unsafe file.write(encoded().span.bytes, at: 0)
    try file.synchronize()
    try work.synchronizeNames()
  }

  /// The plan in a work folder, if there is a complete one.
  static func read(in work: borrowing Folder) throws(StoreError) -> AppendPlan? {
    guard work.kind(of: fileName) == .file else { return nil }
    let file = try File(fileName, in: work, .read)
    return AppendPlan(try file.contents(limit: file.byteCount()))
  }
}

extension AppendPlan.Stamp {
  init(_ bytes: RawSpan) {
    byteCount = UInt32(truncatingIfNeeded: bytes.byteCount)
    crc32 = CRC32.checksum(of: bytes)
  }

  fileprivate init(_ word: UInt64) {
    byteCount = UInt32(word >> 32)
    crc32 = UInt32(truncatingIfNeeded: word)
  }

  fileprivate var word: UInt64 { UInt64(byteCount) << 32 | UInt64(crc32) }

  /// Whether a name is that of a regular file with these contents.
  func isOf(_ name: String, in folder: borrowing Folder) -> Bool {
    guard folder.state(of: name)?.byteCount == Int(byteCount), let file = try? File(name, in: folder, .read),
      let bytes = try? file.contents(limit: Int(byteCount))
    else { return false }
    return unsafe AppendPlan.Stamp(bytes.span.bytes) == self
  }
}
