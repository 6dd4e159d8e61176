import ImageStoreCore
import ImageStoreSupport

/// The default index of a chunked dataset: a B-tree of version 1, read from the map.
///
/// libhdf5 before 1.14 reports the positions of chunks one at a time, and walks from the first
/// chunk to each, which takes minutes for 100,000 chunks. Object headers of version 2 and the other
/// kinds of index, which only files made with `libver="latest"` have, are left to the library.
///
/// Source: HDF5 File Format Specification, version 3.0, sections III.A.1, IV.A.1.a and IV.A.2.i.
@safe struct ChunkTree {
  private let bytes: UnsafeRawBufferPointer
  private let base: Int
  private let rank: Int
  private let root: Int

  /// Finds the root in a dataset's object header; nil if the header or the index is of another kind.
  ///
  /// - Parameter header: where the object header is, counted from the superblock.
  @unsafe init?(_ bytes: UnsafeRawBufferPointer, _ superblock: Superblock, header: UInt64, rank: Int) {
    guard superblock.offsetSize == 8, superblock.lengthSize == 8 else { return nil }
    unsafe self.bytes = unsafe bytes
    base = superblock.base
    self.rank = rank
    guard let start = Self.position(header, base, bytes.count),
      let root = unsafe Self.root(in: bytes, base: superblock.base, header: start, rank: rank)
    else { return nil }
    self.root = root
  }

  /// Where an address counted from the superblock is, if that is in the file; so sums of it and sizes of
  /// 16 bits do not overflow.
  private static func position(_ address: UInt64, _ base: Int, _ byteCount: Int) -> Int? {
    guard address < UInt64(byteCount - base) else { return nil }
    return base + Int(address)
  }

  /// Looks through the messages of an object header of version 1 for the layout.
  private static func root(
    in bytes: UnsafeRawBufferPointer, base: Int, header: Int, rank: Int
  ) -> Int? {
    guard unsafe bytes.integer(UInt8.self, at: header) == 1,
      let size = unsafe bytes.integer(UInt32.self, at: header + 8)
    else { return nil }
    // Blocks of messages; a header has few, so more than these is a loop.
    var blocks = [(start: header + 16, byteCount: Int(size))]
    var next = 0
    while next < blocks.count, next < 64 {
      var (position, left) = blocks[next]
      next += 1
      while left >= 8 {
        guard let type = unsafe bytes.integer(UInt16.self, at: position),
          let length = unsafe bytes.integer(UInt16.self, at: position + 2), left >= 8 + Int(length)
        else { return nil }
        let body = position + 8
        if type == 0x10, let target = unsafe bytes.integer(UInt64.self, at: body),
          let size = unsafe bytes.integer(UInt64.self, at: body + 8)
        {
          guard let start = Self.position(target, base, bytes.count), let size = Int(exactly: size) else {
            return nil
          }
          blocks.append((start, size))
        } else if type == 8 {
          // Version 3, class 2 (chunked), and one dimension more than the dataset: the element's size.
          guard unsafe bytes.integer(UInt8.self, at: body) == 3,
            unsafe bytes.integer(UInt8.self, at: body + 1) == 2,
            unsafe bytes.integer(UInt8.self, at: body + 2) == UInt8(rank + 1),
            let root = unsafe bytes.integer(UInt64.self, at: body + 3)
          else { return nil }
          // An undefined address says that no chunk was written.
          return root == .max ? -1 : Self.position(root, base, bytes.count)
        }
        position = body + Int(length)
        left -= 8 + Int(length)
      }
    }
    return nil
  }

  /// Notes every chunk of the tree in a table.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if a node is not valid or the tree has a loop.
  func read(into table: inout ChunkTable) throws(StoreError) {
    guard root >= 0 else { return }
    var visited = (nodes: 0, chunks: 0)
    try read(node: root, level: nil, &table, &visited)
  }

  private func read(
    node: Int, level expected: UInt8?, _ table: inout ChunkTable,
    _ visited: inout (nodes: Int, chunks: Int)
  ) throws(StoreError) {
    let damaged = StoreError(.corrupt, "the index of its chunks is damaged at byte \(node) of the file")
    visited.nodes += 1
    // Every node has a chunk of its own below it, so more nodes than this mean a loop, or one node
    // in many places.
    guard visited.nodes <= 2 * table.entries.count + 64,
      unsafe bytes.integer(UInt32.self, at: node) == 0x4545_5254,
      unsafe bytes.integer(UInt8.self, at: node + 4) == 1,
      let level = unsafe bytes.integer(UInt8.self, at: node + 5),
      let count = unsafe bytes.integer(UInt16.self, at: node + 6),
      level < 32, expected == nil || expected == level
    else { throw damaged }
    // A key: the stored size, the mask, and the coordinates with that within the element, which is 0.
    let keySize = 8 + 8 * (rank + 1)
    let start = node + 24
    guard unsafe Int(count) * (keySize + 8) <= bytes.count - start, let base = unsafe bytes.baseAddress
    else { throw damaged }
    if level == 0 { visited.chunks += Int(count) }
    guard visited.chunks <= table.entries.count else { throw damaged }
    for entry in 0..<Int(count) {
      // Within the bytes just checked.
      let key = unsafe base + start + entry * (keySize + 8)
      let child = UInt64(littleEndian: unsafe key.loadUnaligned(fromByteOffset: keySize, as: UInt64.self))
      guard let position = unsafe Self.position(child, self.base, bytes.count) else { throw damaged }
      guard level == 0 else {
        try read(node: position, level: level - 1, &table, &visited)
        continue
      }
      var index = 0
      for dimension in 0..<rank {
        let value = unsafe key.loadUnaligned(fromByteOffset: 8 + 8 * dimension, as: UInt64.self)
        guard table.advance(&index, dimension, to: UInt64(littleEndian: value)) else { throw damaged }
      }
      try table.set(
        index, offset: position,
        byteCount: UInt32(littleEndian: unsafe key.loadUnaligned(as: UInt32.self)),
        filterMask: UInt32(littleEndian: unsafe key.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    }
  }
}
