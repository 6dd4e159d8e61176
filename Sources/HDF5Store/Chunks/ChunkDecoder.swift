import ImageStoreCore
import ImageStoreDeflate
import ImageStorePlatform
import ImageStoreSupport

/// Undoes the filters of one chunk after another, in memory that is allocated once. Each thread has
/// its own.
///
/// Invariant behind `@safe`: the value alone holds its memory, and what is borrowed of it is used before the
/// next call.
@safe struct ChunkDecoder: ~Copyable {
  private let pipeline: FilterPipeline
  private var inflater = Inflater(.zlib)
  private let memory: UnsafeMutableRawPointer
  /// Bytes of each of the two halves of the memory: a chunk, its checksums, and room that lets the
  /// inflater run on.
  private let half: Int

  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for a chunk.
  init(_ pipeline: FilterPipeline) throws(StoreError) {
    self.pipeline = pipeline
    half = pipeline.chunkByteCount + 4 * pipeline.filters.count + 384
    guard let memory = unsafe malloc(2 * half) else {
      throw StoreError(.limitExceeded, "no memory for chunks of \(pipeline.chunkByteCount) bytes")
    }
    unsafe self.memory = memory
  }

  deinit { unsafe free(memory) }

  /// The elements of a chunk, borrowed until the next call: within the stored bytes or in this
  /// value's memory.
  ///
  /// - Parameters:
  ///   - stored: the chunk as it is in the file.
  ///   - mask: the filters it did not go through.
  ///   - needed: how many bytes of elements will be used, from the start; the bytes after these
  ///     need not be right.
  mutating func elements(
    _ stored: UnsafeRawBufferPointer, mask: UInt32, needed: Int
  ) throws(StoreError) -> UnsafeRawPointer {
    var current = unsafe stored
    var uses = 0
    for position in pipeline.filters.indices.reversed() where mask & (1 << UInt32(position)) == 0 {
      let room = unsafe UnsafeMutableRawBufferPointer(start: memory + (uses % 2) * half, count: half)
      switch pipeline.filters[position] {
      case .fletcher32: unsafe current = try Self.checked(current)
      case .deflate:
        let count = byteCount(before: position, mask: mask)
        if pipeline.isOnlyDeflate, needed <= count / 2 {
          try unsafe inflater.inflatePrefix(
            of: current, into: UnsafeMutableRawBufferPointer(rebasing: room[..<needed]))
        } else {
          try unsafe inflater.inflate(current, into: room, count: count)
        }
        unsafe current = UnsafeRawBufferPointer(rebasing: room[..<count])
        uses += 1
      case .lzf:
        let target = unsafe UnsafeMutableRawBufferPointer(
          rebasing: room[..<byteCount(before: position, mask: mask)])
        try unsafe LZF.decompress(current, into: target)
        unsafe current = UnsafeRawBufferPointer(target)
        uses += 1
      case .shuffle:
        guard pipeline.elementByteCount > 1 else { continue }
        guard current.count <= half else { throw Self.wrongSize(current.count, pipeline.chunkByteCount) }
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<current.count])
        unsafe Shuffle.unshuffle(current, into: target, elementByteCount: pipeline.elementByteCount)
        unsafe current = UnsafeRawBufferPointer(target)
        uses += 1
      }
    }
    guard current.count == pipeline.chunkByteCount, let start = current.baseAddress else {
      throw Self.wrongSize(current.count, pipeline.chunkByteCount)
    }
    return unsafe start
  }

  /// The elements of a chunk that was never written, borrowed until the next call.
  ///
  /// - Parameter element: the bytes of the fill value.
  mutating func elements(filledWith element: [UInt8]) -> UnsafeRawPointer {
    let room = unsafe UnsafeMutableRawBufferPointer(start: memory, count: pipeline.chunkByteCount)
    unsafe room.fill(with: element)
    return unsafe UnsafeRawPointer(memory)
  }

  /// The size of the input of a filter when the chunk was written.
  private func byteCount(before position: Int, mask: UInt32) -> Int {
    var count = pipeline.chunkByteCount
    for earlier in 0..<position where mask & (1 << UInt32(earlier)) == 0 {
      if pipeline.filters[earlier] == .fletcher32 { count += 4 }
    }
    return count
  }

  /// The bytes before a checksum, compared with it.
  private static func checked(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> UnsafeRawBufferPointer {
    guard bytes.count >= 4, let stated = unsafe bytes.integer(UInt32.self, at: bytes.count - 4) else {
      throw StoreError(.corrupt, "a chunk of \(bytes.count) bytes is too short to hold its checksum")
    }
    let body = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 4)])
    let sum = unsafe Fletcher32.checksum(of: body)
    // Releases before 1.6.3 wrote the halves' bytes in the other order on some machines.
    let swapped = (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8
    guard stated == sum || stated == swapped else {
      throw StoreError(.corrupt, "the Fletcher-32 of a chunk is \(sum), but the file says \(stated)")
    }
    return unsafe body
  }

  private static func wrongSize(_ found: Int, _ expected: Int) -> StoreError {
    StoreError(.corrupt, "a chunk has \(found) bytes instead of \(expected)")
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Fills the memory with copies of an element, whose size divides that of the memory.
  func fill(with element: [UInt8]) {
    guard element.contains(where: { $0 != 0 }) else {
      unsafe initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    unsafe copyBytes(from: element.prefix(count))
    var filled = Swift.min(element.count, count)
    // The filled part is copied after itself, so that it doubles.
    while filled < count {
      let next = Swift.min(filled, count - filled)
      unsafe (baseAddress! + filled).copyMemory(from: baseAddress!, byteCount: next)
      filled += next
    }
  }
}
