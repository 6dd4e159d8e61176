internal import CImageStoreLMDB
internal import ImageStoreCore

/// A write transaction of an environment, aborted if it is dropped.
@safe struct WriteTransaction: ~Copyable {
  private var handle: OpaquePointer?
  private let tree: MDB_dbi
  private let path: String

  /// Begins a transaction, waiting for another process's to end.
  init(_ environment: OpaquePointer, _ tree: MDB_dbi, _ path: String) throws(StoreError) {
    var begun: OpaquePointer?
    try Environment.check(
      unsafe mdb_txn_begin(environment, nil, 0, &begun), "beginning a transaction", path)
    guard let begun = unsafe begun else {
      throw StoreError(.system, "beginning a transaction failed", path: path)
    }
    unsafe handle = begun
    self.tree = tree
    self.path = path
  }

  deinit {
    if let handle = unsafe handle { unsafe mdb_txn_abort(handle) }
  }

  /// Commits the transaction.
  consuming func commit() throws(StoreError) {
    let ended = unsafe handle
    // liblmdb frees the transaction, whether it could be committed or not.
    unsafe handle = nil
    try Environment.check(unsafe mdb_txn_commit(ended), "committing a transaction", path)
  }

  /// The number the commit will have.
  var number: UInt64 { unsafe UInt64(mdb_txn_id(handle)) }

  /// Writes a value that is a header, pixels and zeros.
  func put(
    _ value: ImageValue, _ pixels: UnsafeRawBufferPointer, key: String
  ) throws(StoreError) {
    try unsafe reserve(value.byteCount, key: key, mayReplace: false) { memory in
      unsafe memory.copyBytes(from: value.header)
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[value.header.count...])
      unsafe rest.copyMemory(from: pixels)
      let padding = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[pixels.count...])
      unsafe padding.initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  /// Writes a value, which must not exist yet.
  func put(_ bytes: [UInt8], key: String) throws(StoreError) {
    try unsafe reserve(bytes.count, key: key, mayReplace: false) { memory in
      unsafe memory.copyBytes(from: bytes)
    }
  }

  /// Writes a value, or replaces it.
  func replace(_ bytes: [UInt8], key: String) throws(StoreError) {
    try unsafe reserve(bytes.count, key: key, mayReplace: true) { memory in
      unsafe memory.copyBytes(from: bytes)
    }
  }

  /// Lets `fill` write a value straight to its page.
  private func reserve(
    _ byteCount: Int, key: String, mayReplace: Bool, _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(StoreError) {
    var name = Array(key.utf8)
    var value = unsafe MDB_val(mv_size: byteCount, mv_data: nil)
    let flags = mayReplace ? MDB_RESERVE : MDB_RESERVE | MDB_NOOVERWRITE
    let result = unsafe name.withUnsafeMutableBytes { bytes in
      var key = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
      return unsafe mdb_put(handle, tree, &key, &value, UInt32(flags))
    }
    if result == MDB_KEYEXIST {
      throw StoreError(
        .unsupported, "this key has a value that this package did not write",
        remedy: "give it another key, or write the images to a new store", path: path, key: key)
    }
    try check(result, "writing a value of \(byteCount) bytes", key)
    unsafe fill(UnsafeMutableRawBufferPointer(start: value.mv_data, count: byteCount))
  }

  /// Lends a value, if it exists, until the next change.
  func find(
    _ key: String, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    var name = Array(key.utf8)
    var value = unsafe MDB_val()
    let result = unsafe name.withUnsafeMutableBytes { bytes in
      var key = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
      return unsafe mdb_get(handle, tree, &key, &value)
    }
    if result == MDB_NOTFOUND { return }
    try check(result, "reading a value", key)
    try unsafe body(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
  }

  /// Removes a value if it exists.
  func remove(_ key: String) throws(StoreError) {
    var name = Array(key.utf8)
    let result = unsafe name.withUnsafeMutableBytes { bytes in
      var key = unsafe MDB_val(mv_size: bytes.count, mv_data: bytes.baseAddress)
      return unsafe mdb_del(handle, tree, &key, nil)
    }
    if result != MDB_NOTFOUND { try check(result, "removing a value", key) }
  }

  private func check(_ result: Int32, _ doing: String, _ key: String) throws(StoreError) {
    do throws(StoreError) {
      try Environment.check(result, doing, path)
    } catch {
      throw error.at(key: key)
    }
  }
}
