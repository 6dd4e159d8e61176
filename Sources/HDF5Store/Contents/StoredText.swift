import ImageStoreCore
import ImageStoreSupport

/// Text as a file holds it.
struct StoredText: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    /// The same number of bytes for each string.
    case fixed(byteCount: Int, Padding)
    /// A reference each to bytes on a heap of the file.
    case variable
  }

  /// The bytes after a string that is shorter than its place.
  enum Padding: Sendable, Hashable {
    /// A zero, then anything.
    case terminated
    case zeros
    case spaces
  }

  let form: Form
  /// Whether it is said to be ASCII and not UTF-8.
  let isASCII: Bool

  /// The bytes of a string in its place.
  static func trimmed(_ place: UnsafeRawBufferPointer, _ padding: Padding) -> UnsafeRawBufferPointer {
    var end = place.count
    switch padding {
    case .terminated: unsafe end = place.firstIndex(of: 0) ?? place.count
    case .zeros: unsafe end = lengthWithout(0, at: place)
    case .spaces: unsafe end = lengthWithout(0x20, at: place)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: place[..<end])
  }

  /// The strings that are one after another in places of some bytes each.
  static func strings(
    _ bytes: UnsafeRawBufferPointer, _ byteCount: Int, _ padding: Padding
  ) -> [String] {
    stride(from: 0, to: bytes.count - byteCount + 1, by: byteCount).map { start in
      let place = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + byteCount])
      return unsafe String(decoding: trimmed(place, padding), as: UTF8.self)
    }
  }

  /// The number of bytes before those of one value at the end: eight at a time, since columns of
  /// long places with short strings have little else.
  private static func lengthWithout(_ padding: UInt8, at place: UnsafeRawBufferPointer) -> Int {
    let eight = UInt64(padding) &* 0x0101_0101_0101_0101
    var end = place.count
    while end >= 8, unsafe place.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == eight { end -= 8 }
    while end > 0, unsafe place[end - 1] == padding { end -= 1 }
    return end
  }
}

extension StoredText {
  /// The form this package writes: text grows with what it holds.
  var isOwn: Bool {
    guard case .fixed(_, .zeros) = form else { return false }
    return !isASCII
  }

  /// Its name for messages.
  var name: String {
    switch form {
    case .fixed(let byteCount, _): "\(isASCII ? "ASCII" : "UTF-8") text of at most \(byteCount) bytes"
    case .variable: "\(isASCII ? "ASCII" : "UTF-8") text"
    }
  }

  /// Whether a string is read back unchanged.
  func canHold(_ string: String) -> Bool {
    if isOwn { return true }
    if isASCII, !string.utf8.allSatisfy({ $0 < 0x80 }) { return false }
    switch form {
    case .variable: return true
    case .fixed(let byteCount, let padding):
      guard string.utf8.count <= byteCount else { return false }
      return padding != .spaces || string.utf8.last != 0x20
    }
  }
}

/// The collections of objects that strings of variable length are kept in, read from the map:
/// libhdf5 1.10 trusts the length that a reference states and reads beyond its buffers if it is
/// damaged.
///
/// Source: HDF5 File Format Specification, version 3.0, sections III.E and VIII.B.
struct GlobalHeap: ~Copyable {
  /// Bytes of a reference: the length, the address of a collection, and the number of an object there.
  static let referenceByteCount = 16

  private let file: MappedFile
  private let base: Int
  /// Bytes of strings that may still be read: many references may lead to one object, so the file
  /// size does not bound them.
  private let budget: MemoryBudget
  /// Where the objects of each collection are that was read, by its address.
  private var collections: [UInt64: [UInt16: Range<Int>]] = [:]
  /// Bytes of the collections that were read; collections do not overlap.
  private var visited = 0

  /// Whether a file has addresses and lengths of 8 bytes; others are left to the library.
  static func isReadable(in library: LibraryFile) -> Bool {
    library.superblock.offsetSize == 8 && library.superblock.lengthSize == 8
  }

  /// Returns nil if the heap cannot be read.
  init?(_ library: LibraryFile) {
    guard Self.isReadable(in: library) else { return nil }
    file = library.map
    base = library.superblock.base
    budget = MemoryBudget(fileByteCount: library.map.byteCount)
  }

  /// The string of the reference at the start of some bytes.
  mutating func string(_ reference: UnsafeRawBufferPointer) throws(StoreError) -> String {
    guard let bytes = try unsafe bytes(reference) else { return "" }
    let text = unsafe StoredText.trimmed(bytes, .terminated)
    return unsafe String(decoding: text, as: UTF8.self)
  }

  /// The bytes of the reference at the start of some bytes, or nil if it has none. They are
  /// readable while the file is mapped.
  mutating func bytes(
    _ reference: UnsafeRawBufferPointer
  ) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let place = try unsafe range(reference) else { return nil }
    guard let bytes = unsafe file.bytes(at: place.lowerBound, count: place.count) else {
      throw StoreError(.corrupt, "a reference leads to text that does not exist")
    }
    try budget.take(bytes.count, for: "the text")
    return unsafe bytes
  }

  /// Where the bytes of the reference at the start of some bytes are, or nil if it has none.
  mutating func range(_ reference: UnsafeRawBufferPointer) throws(StoreError) -> Range<Int>? {
    guard let length = unsafe reference.integer(UInt32.self, at: 0),
      let address = unsafe reference.integer(UInt64.self, at: 4),
      let number = unsafe reference.integer(UInt32.self, at: 12)
    else { throw StoreError(.corrupt, "a reference leads to text that is cut short") }
    if length == 0 || address == 0 { return nil }
    let objects: [UInt16: Range<Int>]
    if let known = collections[address] {
      objects = known
    } else {
      objects = try self.objects(at: address)
      collections[address] = objects
    }
    guard let number = UInt16(exactly: number), let place = objects[number], Int(length) <= place.count
    else {
      throw StoreError(.corrupt, "a reference leads to text that does not exist")
    }
    return place.lowerBound..<place.lowerBound + Int(length)
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
