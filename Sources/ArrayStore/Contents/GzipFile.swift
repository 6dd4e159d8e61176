import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

/// A file that gzip compressed.
struct GzipFile {
  private let map: MappedFile

  init(_ map: MappedFile) { self.map = map }

  static func recognizes(_ map: MappedFile) throws(StoreError) -> Bool {
    unsafe map.bytes.starts(with: [0x1F, 0x8B, 8])
  }

  /// As many of the first bytes as have the header of any array.
  func head() throws(StoreError) -> PixelMemory {
    let memory = try PixelMemory(capacity: 1 << 16)
    try memory.fill { (output) throws(StoreError) in
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: memory.capacity, alignment: 16)
      defer { unsafe room.deallocate() }
      var reader = try unsafe GzipReader(mapped: map.bytes)
      let count = try unsafe reader.read(into: room)
      try unsafe output.appendBytes(count) { (target) throws(StoreError) in
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[..<count]))
      }
    }
    withExtendedLifetime(map) {}
    return memory
  }

  /// How many bytes there are, which takes inflating them.
  func countedBytes() throws(StoreError) -> Int {
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { unsafe room.deallocate() }
    var reader = try unsafe GzipReader(mapped: map.bytes)
    var total = 0
    while true {
      let count = try unsafe reader.read(into: room)
      guard count > 0 else { break }
      total += count
    }
    withExtendedLifetime(map) {}
    return total
  }

  /// The first bytes, all of which there must be.
  func contents(_ byteCount: Int) throws(StoreError) -> PixelMemory {
    let memory = try PixelMemory(capacity: max(1, byteCount))
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (buffer) throws(StoreError) in
        var reader = try unsafe GzipReader(mapped: map.bytes)
        let found = try unsafe reader.read(into: buffer)
        guard found == byteCount else {
          throw StoreError(
            .corrupt, "the file inflates to \(found) bytes, and its array has \(byteCount)",
            remedy: "it is cut short; fetch or write it again")
        }
        try reader.skipRest()
      }
    }
    withExtendedLifetime(map) {}
    return memory
  }

  /// The first bytes, inflated as they are read.
  func bytes(_ byteCount: Int) -> InflatedBytes {
    unsafe InflatedBytes(map.bytes, of: map, .gzip, byteCount: byteCount)
  }
}
