import CImageStoreLMDB
import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "lmdb-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// The folder `Tests`.
let testsFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path

/// The path of a fixture that `make_lmdb_fixtures.py` made.
func fixture(_ name: String) -> String { "\(testsFolder)/Fixtures/lmdb/\(name)" }

/// liblmdb, called plainly: what the tests compare with, and what damages a store from outside.
@safe final class Database {
  private let environment: OpaquePointer
  private let tree: MDB_dbi

  init(_ path: String, mapSize: Int = 1 << 28) throws {
    var environment: OpaquePointer?
    try unsafe Self.check(mdb_env_create(&environment))
    unsafe self.environment = environment!
    try unsafe Self.check(mdb_env_set_mapsize(environment, mapSize))
    try unsafe Self.check(mdb_env_set_maxdbs(environment, 8))
    try unsafe Self.check(mdb_env_open(environment, path, UInt32(MDB_NOTLS), 0o644))
    var transaction: OpaquePointer?
    try unsafe Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
    var tree: MDB_dbi = 0
    try unsafe Self.check(mdb_dbi_open(transaction, nil, 0, &tree))
    self.tree = tree
    unsafe mdb_txn_abort(transaction)
  }

  deinit { unsafe mdb_env_close(environment) }

  /// All keys and values in the order of the database.
  func entries() throws -> [(key: String, value: [UInt8])] {
    var transaction: OpaquePointer?
    try unsafe Self.check(mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction))
    defer { unsafe mdb_txn_abort(transaction) }
    var cursor: OpaquePointer?
    try unsafe Self.check(mdb_cursor_open(transaction, tree, &cursor))
    defer { unsafe mdb_cursor_close(cursor) }
    var entries: [(String, [UInt8])] = []
    var (key, value) = unsafe (MDB_val(), MDB_val())
    while unsafe mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS {
      unsafe entries.append(
        (
          String(decoding: UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size), as: UTF8.self),
          [UInt8](UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
        ))
    }
    return entries
  }

  /// Puts, replaces or (nil) removes values in one transaction.
  func write(_ values: [(key: String, value: [UInt8]?)]) throws {
    var transaction: OpaquePointer?
    try unsafe Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
    for (name, bytes) in values {
      var name = Array(name.utf8)
      try unsafe name.withUnsafeMutableBytes { name in
        var key = unsafe MDB_val(mv_size: name.count, mv_data: name.baseAddress)
        guard var bytes else { return try unsafe Self.check(mdb_del(transaction, tree, &key, nil)) }
        try unsafe bytes.withUnsafeMutableBytes { bytes in
          var value = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
          try unsafe Self.check(mdb_put(transaction, tree, &key, &value, 0))
        }
      }
    }
    try unsafe Self.check(mdb_txn_commit(transaction))
  }

  /// Puts values into a database of a name.
  func write(_ values: [(key: String, value: [UInt8])], toNamed name: String) throws {
    var transaction: OpaquePointer?
    try unsafe Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
    var named: MDB_dbi = 0
    try unsafe Self.check(mdb_dbi_open(transaction, name, UInt32(MDB_CREATE), &named))
    for (name, bytes) in values {
      var name = Array(name.utf8)
      var bytes = bytes
      try unsafe name.withUnsafeMutableBytes { name in
        try unsafe bytes.withUnsafeMutableBytes { bytes in
          var key = unsafe MDB_val(mv_size: name.count, mv_data: name.baseAddress)
          var value = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
          try unsafe Self.check(mdb_put(transaction, named, &key, &value, 0))
        }
      }
    }
    try unsafe Self.check(mdb_txn_commit(transaction))
  }

  /// Puts keys into a database of a name, with one value or several each.
  func fillNamed(_ name: String, flags: Int32, keys: Int, valuesEach: Int, byteCount: Int) throws {
    var transaction: OpaquePointer?
    try unsafe Self.check(mdb_txn_begin(environment, nil, 0, &transaction))
    var named: MDB_dbi = 0
    try unsafe Self.check(mdb_dbi_open(transaction, name, UInt32(flags | MDB_CREATE), &named))
    for number in 0..<keys * valuesEach {
      var key = Array("key \(number % keys)".utf8)
      var value = [UInt8](repeating: 0, count: byteCount)
      for byte in 0..<min(4, byteCount) { value[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
      try unsafe key.withUnsafeMutableBytes { key in
        try unsafe value.withUnsafeMutableBytes { bytes in
          var name = unsafe MDB_val(mv_size: key.count, mv_data: key.baseAddress)
          var value = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
          try unsafe Self.check(mdb_put(transaction, named, &name, &value, 0))
        }
      }
    }
    try unsafe Self.check(mdb_txn_commit(transaction))
  }

  private static func check(_ result: Int32) throws {
    guard result == MDB_SUCCESS else {
      throw StoreError(.system, unsafe String(cString: mdb_strerror(result)))
    }
  }
}

extension LMDBStore {
  /// Writes images and opens the store.
  static func write(
    _ images: ModelImages, to path: String, mode: WriteMode = .create, layout: Layout = .automatic
  ) throws -> LMDBStore {
    var writer = try Writer(to: path, mode: mode, layout: layout, classNames: images.classNames)
    try writer.append(images)
    try writer.finish()
    return try LMDBStore(at: path)
  }

  /// All pixels.
  func allPixels() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try forEachImage(0..<count) { (_, _, pixels) throws(StoreError) in
      for offset in 0..<pixels.byteCount {
        bytes.append(unsafe pixels.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
    }
    return bytes
  }
}

extension LMDBStore.Writer {
  mutating func append(_ images: ModelImages) throws {
    let bytes = images.pixels.flatMap { $0 }
    try unsafe append(
      bytes.span.bytes, layout: BatchLayout(images.formats),
      labels: ImageLabels(labels: images.labels, columns: images.columns))
  }
}

/// The code of the error that a closure throws, or nil if it throws none.
func code(_ body: () throws -> Void) -> StoreError.Code? {
  do {
    try body()
    return nil
  } catch let error as StoreError {
    return error.code
  } catch {
    return StoreError.Code(rawValue: "\(error)")
  }
}

extension StoreDescription {
  /// Values that are only pixels of a format.
  static func raw(_ format: ImageFormat) -> StoreDescription {
    var description = StoreDescription()
    description.shape = ImageShape(height: format.height, width: format.width, channels: format.channels)
    description.elementType = format.elementType
    return description
  }
}
