internal import ImageStoreCore
internal import StoreIO

/// What an append is about to move into a store, written and synchronised before the first move. If the writer dies
/// before `labels.csv` counts what it moved, the next one knows by it which files are the dead one's.
struct AppendPlan {
  /// By what a file is known again under another name.
  struct Stamp: Equatable {
    var inode: UInt64
    var byteCount: Int
    /// When the contents changed, in nanoseconds.
    var modified: Int

    init(_ state: FileState) {
      inode = state.identity.inode
      byteCount = state.byteCount
      modified = state.modified
    }

    fileprivate init(_ words: ArraySlice<UInt64>) {
      let first = words.startIndex
      inode = words[first]
      byteCount = Int(truncatingIfNeeded: words[first + 1])
      modified = Int(truncatingIfNeeded: words[first + 2])
    }

    fileprivate var words: [UInt64] {
      [inode, UInt64(truncatingIfNeeded: byteCount), UInt64(truncatingIfNeeded: modified)]
    }
  }

  let layout: FileStore.Layout
  /// The index of the first image that is appended.
  let first: Int
  /// `labels.csv` as it is before the append, and the CRC-32 of the one that counts the images.
  let labels: Stamp
  let newLabelsCRC32: UInt32
  /// The subfolders that the images were written to, from that of the first image on.
  let folders: [Stamp]
  let images: [Stamp]

  var end: Int { first + images.count }

  /// What is known of an image that was to be moved.
  func stamp(of index: Int) -> Stamp? { index >= first && index < end ? images[index - first] : nil }

  static let fileName = "plan"
  private static let version: UInt64 = 1
  private static let headWordCount = 9
}

extension AppendPlan {
  /// Little-endian words of 64 bits: version, layout, index of the first image, number of images, number of subfolders,
  /// `labels.csv` (inode, bytes, time), the new CRC-32, then subfolders and images likewise, and the CRC-32 of all that.
  func encoded() -> [UInt8] {
    var words: [UInt64] = [
      Self.version, layout == .flat ? 1 : 0, UInt64(first), UInt64(images.count), UInt64(folders.count),
    ]
    words += labels.words + [UInt64(newLabelsCRC32)]
    for stamp in folders + images { words += stamp.words }
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

  /// Nil for bytes that are not a whole plan: those of a writer that died before it moved anything.
  init?(_ bytes: [UInt8]) {
    guard bytes.count % 8 == 0, bytes.count / 8 > Self.headWordCount else { return nil }
    var words: [UInt64] = []
    words.reserveCapacity(bytes.count / 8)
    for start in stride(from: 0, to: bytes.count, by: 8) {
      words.append(bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
    let checksum = unsafe CRC32.checksum(of: bytes.span.bytes.extracting(droppingLast: 8))
    guard words.popLast() == UInt64(checksum), words[0] == Self.version, words[1] < 2,
      let first = Int(exactly: words[2]), let imageCount = Int(exactly: words[3]),
      let folderCount = Int(exactly: words[4]), imageCount <= words.count, folderCount <= words.count,
      first <= Int.max - imageCount, words.count == Self.headWordCount + 3 * (folderCount + imageCount),
      let newLabelsCRC32 = UInt32(exactly: words[8])
    else { return nil }
    let stamps = stride(from: Self.headWordCount, to: words.count, by: 3).map { Stamp(words[$0..<$0 + 3]) }
    layout = words[1] == 1 ? .flat : .subfolders
    self.first = first
    labels = Stamp(words[5..<8])
    self.newLabelsCRC32 = newLabelsCRC32
    folders = Array(stamps[..<folderCount])
    images = Array(stamps[folderCount...])
  }

  /// Writes the plan into a work folder and waits until it is on the disk.
  func write(in work: borrowing Folder) throws(StoreError) {
    let file = try File(Self.fileName, in: work, .create)
    try unsafe file.write(encoded().span.bytes, at: 0)
    try file.synchronize()
    try work.synchronizeNames()
  }

  /// The plan in a work folder, if there is a whole one.
  static func read(in work: borrowing Folder) throws(StoreError) -> AppendPlan? {
    guard work.kind(of: fileName) == .file else { return nil }
    let file = try File(fileName, in: work, .read)
    return AppendPlan(try file.contents(limit: file.byteCount()))
  }
}
