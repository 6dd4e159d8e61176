internal import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// The data file of an LMDB environment, mapped and read by its pages, without liblmdb.
///
/// Nothing in the file is trusted: every page number, offset and length is checked against the map
/// before memory is touched.
final class DatabaseFile: Sendable {
  /// It is kept open, so that it can be mapped again after it has grown, even if its path then
  /// leads to another file.
  private let file: Shared
  let map: MappedFile
  let pageSize: Int

  var path: String { map.path }
  var byteCount: Int { map.byteCount }
  /// Whole pages in the file.
  var pageCount: Int { map.byteCount / pageSize }

  /// The most that LMDB 0.9 writes is 32 KB, the most a page can have is 64 KB.
  private static let pageSizes = 512...65_536

  private final class Shared: Sendable {
    let file: File
    init(_ file: consuming File) { self.file = file }
  }

  /// Maps a data file.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` if it is not an LMDB data file;
  ///   ``StoreError/Code/corrupt`` if its meta pages are damaged or cut off.
  convenience init(_ path: String) throws(StoreError) {
    try self.init(Shared(File(path, .read)))
  }

  /// Maps the same file at its current size.
  convenience init(again other: DatabaseFile) throws(StoreError) {
    try self.init(other.file)
  }

  private init(_ shared: Shared) throws(StoreError) {
    file = shared
    map = try MappedFile(shared.file)
    let path = map.path
    let bytes = unsafe map.bytes
    guard let found = unsafe bytes.integer(UInt32.self, at: 16), found == MetaPage.magic else {
      throw StoreError(
        .unrecognized, "this is not an LMDB data file of a 64-bit little-endian machine",
        remedy: "give the folder of an environment, or its data.mdb", path: path)
    }
    guard let first = unsafe MetaPage(bytes) else { throw Self.cutShort(map) }
    guard first.version == MetaPage.version else {
      throw StoreError(
        .unsupported,
        "the file has version \(first.version) of LMDB's format, but only version \(MetaPage.version) is read",
        remedy: "copy it with liblmdb 0.9", path: path)
    }
    let size = Int(first.pageSize)
    guard Self.pageSizes.contains(size), size & (size - 1) == 0 else {
      throw StoreError(.corrupt, "the pages are said to have \(size) bytes, which is impossible", path: path)
    }
    pageSize = size
    guard map.byteCount >= 2 * size else { throw Self.cutShort(map) }
  }

  /// Whether the file has grown since it was mapped.
  func hasGrown() throws(StoreError) -> Bool { try file.file.byteCount() > map.byteCount }

  private static func cutShort(_ map: MappedFile) -> StoreError {
    StoreError(
      .corrupt, "the file is cut short: it has \(map.byteCount) bytes, fewer than its meta pages",
      path: map.path)
  }

  /// The meta page of the last commit.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if one of the two is damaged.
  func lastMeta() throws(StoreError) -> MetaPage {
    let (first, second) = metas()
    for meta in [first, second] {
      guard meta.magic == MetaPage.magic, meta.version == MetaPage.version, meta.pageSize == pageSize,
        // Numbers of transactions count from 1; this one leaves room to add to it.
        meta.transaction < UInt64.max / 2
      else {
        throw StoreError(.corrupt, "the meta page is damaged", path: map.path)
      }
    }
    return first.transaction >= second.transaction ? first : second
  }

  /// Whether the pages of the commit that `meta` describes are still as they were when it was read.
  ///
  /// A transaction never writes to pages of the commit it starts from or of the one before; LMDB's
  /// `mdb_page_alloc` reuses only pages freed before those. The pages of commit T are thus first overwritten
  /// by the third transaction after it, which begins when T + 2 is in a meta page.
  func holds(_ meta: MetaPage) -> Bool {
    // Earlier reads must not be moved after the read of the meta pages.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let (first, second) = metas()
    guard first == meta || second == meta else { return false }
    return max(first.transaction, second.transaction) <= meta.transaction &+ 1
  }

  /// The transaction of the last commit.
  var lastTransaction: UInt64 {
    // Earlier reads must not be moved after the read of the meta pages.
    atomicMemoryFence(ordering: .acquiring)
    let bytes = unsafe map.bytes
    return unsafe max(
      bytes.loadUnaligned(fromByteOffset: MetaPage.transactionOffset, as: UInt64.self),
      bytes.loadUnaligned(fromByteOffset: pageSize + MetaPage.transactionOffset, as: UInt64.self))
  }

  /// The two meta pages.
  func metas() -> (MetaPage, MetaPage) {
    let bytes = unsafe map.bytes
    // init has checked that both pages are there.
    return unsafe (
      MetaPage(bytes)!, MetaPage(UnsafeRawBufferPointer(rebasing: bytes[pageSize..<2 * pageSize]))!
    )
  }

  /// Copies a page, so that the checked bytes are the ones used, even if a writer is working.
  ///
  /// - Returns: false if the file does not have the whole page.
  func copyPage(_ number: UInt64, to copy: UnsafeMutableRawBufferPointer) -> Bool {
    guard number >= 2, number < UInt64(pageCount) else { return false }
    let source = unsafe map.bytes(at: Int(number) * pageSize, count: pageSize)
    guard let source = unsafe source else { return false }
    unsafe copy.copyMemory(from: source)
    return true
  }
}
