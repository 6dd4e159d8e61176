import ImageStoreCore
import ImageStoreSupport

/// The collections of objects that strings of variable length are kept in, read from the map: libhdf5 1.10 believes the
/// length that a reference states and reads beyond its buffers if that is damaged.
///
/// Source: HDF5 File Format Specification, version 3.0, sections III.E and VIII.B.
struct GlobalHeap: ~Copyable {
  /// Bytes of a reference: the length, the address of a collection, and the number of an object there.
  static let referenceByteCount = 16

  private let file: MappedFile
  private let base: Int
  /// Bytes of strings that may still be read: references to one object take no room in the file.
  private let budget: MemoryBudget
  /// Where the objects of each collection are that was looked into, by its address.
  private var collections: [UInt64: [UInt16: Range<Int>]] = [:]
  /// Bytes of the collections that were looked into; collections do not overlap.
  private var visited = 0

  /// Returns nil if the file has addresses or lengths of other sizes than 8 bytes.
  init?(_ library: LibraryFile) {
    guard library.superblock.offsetSize == 8, library.superblock.lengthSize == 8 else { return nil }
    file = library.map
    base = library.superblock.base
    budget = MemoryBudget(fileByteCount: library.map.byteCount)
  }

  /// The string that the reference at the start of some bytes stands for.
  mutating func string(_ reference: UnsafeRawBufferPointer) throws(StoreError) -> String {
    guard let length = unsafe reference.integer(UInt32.self, at: 0),
      let address = unsafe reference.integer(UInt64.self, at: 4),
      let number = unsafe reference.integer(UInt32.self, at: 12)
    else { throw StoreError(.corrupt, "a reference to text that is cut short") }
    if length == 0 || address == 0 { return "" }
    let objects: [UInt16: Range<Int>]
    if let known = collections[address] {
      objects = known
    } else {
      objects = try self.objects(at: address)
      collections[address] = objects
    }
    guard let number = UInt16(exactly: number), let place = objects[number], Int(length) <= place.count,
      let bytes = unsafe file.bytes(at: place.lowerBound, count: Int(length))
    else { throw StoreError(.corrupt, "a reference to text that is not there") }
    try budget.take(bytes.count, for: "the text")
    let text = unsafe StoredText.trimmed(bytes, .terminated)
    return unsafe String(decoding: text, as: UTF8.self)
  }

  /// Where the objects of a collection are, by their numbers.
  private mutating func objects(at address: UInt64) throws(StoreError) -> [UInt16: Range<Int>] {
    let damaged = StoreError(.corrupt, "the text at \(address) is damaged")
    guard address < UInt64(file.byteCount - base) else { throw damaged }
    let start = base + Int(address)
    guard let head = unsafe file.bytes(at: start, count: 16), unsafe head[..<4].elementsEqual("GCOL".utf8),
      unsafe head[4] == 1, let size = unsafe head.integer(UInt64.self, at: 8), size >= 16,
      size <= UInt64(file.byteCount - start)
    else { throw damaged }
    visited += Int(size)
    guard visited <= file.byteCount else { throw damaged }
    let end = start + Int(size)
    var objects: [UInt16: Range<Int>] = [:]
    var position = start + 16
    while position + 16 <= end {
      guard let number = unsafe file.bytes.integer(UInt16.self, at: position),
        let size = unsafe file.bytes.integer(UInt64.self, at: position + 8)
      else { throw damaged }
      // Number 0 is the free room at the end.
      if number == 0 { break }
      guard size <= UInt64(end - position - 16) else { throw damaged }
      objects[number] = position + 16..<position + 16 + Int(size)
      position += 16 + (Int(size) + 7) / 8 * 8
    }
    return objects
  }
}
