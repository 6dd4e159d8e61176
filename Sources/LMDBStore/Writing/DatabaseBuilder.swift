internal import ImageStoreCore
internal import ImageStorePlatform
internal import ImageStoreSupport

/// Images that will become a value.
///
/// Invariant behind `@safe`: it lives within the call that was lent the pixels.
@safe struct PendingValue {
  let value: ImageValue
  let pixels: UnsafeRawBufferPointer
  /// The image it begins with.
  let first: Int
}

/// Writes the data file of a new environment as liblmdb would leave it after one transaction: values on pages
/// of their own, one after another, then the tree that leads to them.
///
/// liblmdb copies each value to memory of its own before it writes it. Here the system reads pixels
/// from where they are, and the disk begins to write before the last image arrives. Nobody reads
/// the file before it is finished; liblmdb writes everything after the images.
///
/// Source: LMDB 0.9, `mdb.c`, as for ``MetaPage`` and ``TreePage``.
final class DatabaseBuilder {
  /// A value that has been written.
  struct Value {
    /// The image it begins with.
    let first: Int
    let page: Int
    let byteCount: Int
  }

  let path: String
  let pageSize: Int
  /// Where it is written until it is finished.
  private let writtenPath: String
  private let file: File
  private var writing: SequentialWriting
  /// In the order in which they were added, which is that of their first images.
  private(set) var values: [Value] = []
  /// After the meta pages.
  private static let firstPage = 2
  private var nextPage = DatabaseBuilder.firstPage

  /// The size that liblmdb chooses.
  static var systemPageSize: Int { min(Int(getpagesize()), 32 << 10) }

  /// Creates the file.
  ///
  /// - Parameter isSecond: whether another builder wrote the same file; its file stays until this
  ///   one is finished.
  init(
    _ path: String, pageSize: Int = systemPageSize, isSecond: Bool = false
  ) throws(StoreError) {
    self.path = path
    self.pageSize = pageSize
    writtenPath = isSecond ? path + ".new" : path
    file = try File(writtenPath, .create)
    writing = SequentialWriting(from: Self.firstPage * pageSize)
  }

  /// Whether so many bytes more make a whole piece of the file.
  func completesPiece(adding byteCount: Int) -> Bool {
    writing.completesPiece(adding: byteCount)
  }

  /// Writes values.
  func write(_ group: [PendingValue]) throws(StoreError) {
    // Everything except pixels: for each value a page's header, its own header, and zeros up to the
    // end of the page.
    var frame: [UInt8] = []
    var ends: [(prefix: Int, suffix: Int)] = []
    for position in 0..<group.count {
      let (value, first) = (group[position].value, group[position].first)
      let byteCount = ImageValue.byteCountOnDisk(value.byteCount, pageSize: pageSize)
      let pageCount = byteCount / pageSize
      frame.appendPageHeader(nextPage, .overflow, pageCount: pageCount)
      frame += value.header
      let prefix = frame.count
      let taken = TreePage.headerByteCount + value.header.count + value.pixelByteCount
      frame.append(contentsOf: repeatElement(0, count: byteCount - taken))
      ends.append((prefix, frame.count))
      values.append(Value(first: first, page: nextPage, byteCount: value.byteCount))
      nextPage += pageCount
    }
    try unsafe frame.span.withUnsafeBytes { (frame) throws(StoreError) in
      var parts: [UnsafeRawBufferPointer] = unsafe []
      var begin = 0
      for (position, end) in ends.enumerated() {
        unsafe parts.append(UnsafeRawBufferPointer(rebasing: frame[begin..<end.prefix]))
        unsafe parts.append(group[position].pixels)
        unsafe parts.append(UnsafeRawBufferPointer(rebasing: frame[end.prefix..<end.suffix]))
        begin = end.suffix
      }
      try unsafe writing.append(parts, to: file)
    }
  }

  /// The pixels of a value that was written with a header of `headerByteCount`.
  func pixels(of value: Value, headerByteCount: Int, byteCount: Int) throws(StoreError) -> [UInt8] {
    try writing.flush(to: file)
    var pixels = [UInt8](repeating: 0, count: byteCount)
    var span = pixels.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      let start = value.page * pageSize + TreePage.headerByteCount + headerByteCount
      try unsafe file.read(at: start, into: buffer)
    }
    return pixels
  }

  /// Writes the tree and the meta pages; ``Environment`` then opens the file.
  ///
  /// - Parameter key: the key of the value that begins with an image.
  func finish(key: (_ first: Int) -> String) throws(StoreError) {
    try writing.flush(to: file)
    let firstTreePage = nextPage
    var tree = TreeBuilder(pageSize: pageSize, firstPage: firstTreePage)
    tree.build(values, key: key)
    try unsafe file.write(tree.bytes.span.bytes, at: firstTreePage * pageSize)
    nextPage += tree.pageCount
    var metas: [UInt8] = []
    // An environment that nothing has been written to, and the one transaction that wrote all of it.
    metas.appendMetaPage(0, pageSize: pageSize, main: TreeRecord(), lastPage: 1)
    var main = tree.record
    main.overflowCount = UInt64(firstTreePage - Self.firstPage)
    metas.appendMetaPage(1, pageSize: pageSize, main: main, lastPage: nextPage - 1)
    try unsafe file.write(metas.span.bytes, at: 0)
    if writtenPath != path { try FileSystem.rename(writtenPath, to: path) }
  }

  /// Drops the written values, which another builder has copied to its own file.
  func discard() throws(StoreError) { try file.resize(to: 0) }
}
