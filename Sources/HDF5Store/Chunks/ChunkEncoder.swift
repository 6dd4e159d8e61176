import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

/// Turns images into deflated chunks of whole images, several at a time on all threads.
struct ChunkEncoder: ~Copyable {
  /// The bytes of pixels in a chunk, at least one image: measured as the least for which in-order
  /// reads cost no more than with larger ones, since a shuffled read inflates a chunk for one
  /// image.
  static let targetByteCount = 1 << 12

  let level: Int
  private let threads: Int
  /// Bytes of each chunk made, in order.
  private(set) var sizes: [UInt32] = []
  /// The pixels of the images that do not fill a chunk yet.
  private var pending: [UInt8] = []
  private var output: PixelMemory?

  init(level: Int, threads: Int) {
    self.level = level
    self.threads = threads
  }

  /// How many images of a format are in a chunk.
  static func imagesPerChunk(_ format: ImageFormat) -> Int {
    max(1, targetByteCount / format.byteCount)
  }

  /// The filters that chunks of a format go through: shuffling does nothing for single bytes.
  static func pipeline(_ format: ImageFormat, imagesPerChunk: Int) -> FilterPipeline? {
    FilterPipeline(
      format.elementType.byteCount > 1 ? [.shuffle, .deflate] : [.deflate],
      chunkByteCount: format.byteCount * imagesPerChunk, elementByteCount: format.elementType.byteCount)
  }

  /// Checks that images of a format can be chunks.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for images beyond 1 GiB.
  static func check(_ format: ImageFormat) throws(StoreError) {
    guard format.byteCount <= 1 << 30 else {
      throw StoreError(
        .unsupported, "an image of \(format.byteCount) bytes is too large for a chunk",
        remedy: "write it without compression")
    }
  }

  /// Notes a chunk that was copied as it is.
  mutating func noteChunk(byteCount: UInt32) { sizes.append(byteCount) }

  /// Adds images of one format, `imagesPerChunk` to a chunk.
  mutating func append(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, imagesPerChunk: Int,
    to file: inout PixelFile
  ) throws(StoreError) {
    let chunkByteCount = format.byteCount * imagesPerChunk
    var rest = unsafe pixels
    if !pending.isEmpty {
      let taken = min(chunkByteCount - pending.count, rest.count)
      unsafe pending.append(contentsOf: rest[..<taken])
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
      guard pending.count == chunkByteCount else { return }
      try encodePending(format, to: &file)
    }
    let whole = rest.count / chunkByteCount * chunkByteCount
    // Bounds the memory that a large call takes for its output.
    let step = max(1, (8 << 20) / chunkByteCount) * chunkByteCount
    for start in stride(from: 0, to: whole, by: step) {
      let part = unsafe UnsafeRawBufferPointer(rebasing: rest[start..<min(start + step, whole)])
      try unsafe encode(part, format, chunkByteCount: chunkByteCount, to: &file)
    }
    unsafe pending.append(contentsOf: rest[whole...])
  }

  /// Makes a chunk of the images that do not fill one, with zeros after them.
  mutating func finish(
    _ format: ImageFormat, imagesPerChunk: Int, to file: inout PixelFile
  ) throws(StoreError) {
    guard !pending.isEmpty else { return }
    let missing = format.byteCount * imagesPerChunk - pending.count
    pending.append(contentsOf: repeatElement(0, count: missing))
    try encodePending(format, to: &file)
  }

  private mutating func encodePending(
    _ format: ImageFormat, to file: inout PixelFile
  ) throws(StoreError) {
    let chunk = pending
    pending.removeAll(keepingCapacity: true)
    try unsafe chunk.span.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe encode(bytes, format, chunkByteCount: bytes.count, to: &file)
    }
  }

  /// Deflates chunks that are one after another, and streams them in their order.
  private mutating func encode(
    _ chunks: UnsafeRawBufferPointer, _ format: ImageFormat, chunkByteCount: Int,
    to file: inout PixelFile
  ) throws(StoreError) {
    let count = chunks.count / chunkByteCount
    let slot = max(
      try Deflater(.zlib, level: level).bound(chunkByteCount), SmallDeflater.bound(chunkByteCount))
    let memory: PixelMemory
    if let output, output.capacity >= slot * count {
      memory = output
    } else {
      memory = try PixelMemory(capacity: slot * count)
    }
    output = memory
    var made = [UInt32](repeating: 0, count: count)
    var madeSpan = made.mutableSpan
    let (level, threads) = (level, threads)
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(slot * count) { (slots) throws(StoreError) in
        try unsafe madeSpan.withUnsafeMutableBufferPointer { (made) throws(StoreError) in
          let made = unsafe made
          // Each run writes slots and sizes of its own.
          try Workers.performRuns(of: count, minimum: 1, threads: threads) { (run) throws(StoreError) in
            var encoder = try OneChunkEncoder(format, level: level, chunkByteCount: chunkByteCount)
            for chunk in run {
              let source = unsafe UnsafeRawBufferPointer(
                rebasing: chunks[chunk * chunkByteCount..<(chunk + 1) * chunkByteCount])
              let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: slots[chunk * slot..<(chunk + 1) * slot])
              unsafe made[chunk] = UInt32(try encoder.encode(source, into: target))
            }
          }
        }
      }
    }
    for (chunk, size) in made.enumerated() {
      try unsafe file.append(
        UnsafeRawBufferPointer(rebasing: memory.bytes[chunk * slot..<chunk * slot + Int(size)]))
    }
    sizes.append(contentsOf: made)
  }
}

/// The filters of one thread.
private struct OneChunkEncoder: ~Copyable {
  private var photographDeflater = SmallDeflater()
  private var deflater: Deflater
  private var shuffled: [UInt8]
  private let elementByteCount: Int

  init(_ format: ImageFormat, level: Int, chunkByteCount: Int) throws(StoreError) {
    // A window and tables no larger than the chunk needs: they are cleared for each.
    let bits = max(9, min(15, Int.bitWidth - (chunkByteCount + 262).leadingZeroBitCount))
    deflater = try Deflater(.zlib, level: level, windowBits: bits, memoryLevel: max(6, min(8, bits - 6)))
    elementByteCount = format.elementType.byteCount
    shuffled = [UInt8](repeating: 0, count: elementByteCount > 1 ? chunkByteCount : 0)
  }

  mutating func encode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    guard elementByteCount > 1 else {
      return try unsafe Self.deflate(source, with: &photographDeflater, or: &deflater, into: target)
    }
    return try unsafe Self.deflate(
      source, elementByteCount, through: &shuffled, with: &photographDeflater, or: &deflater, into: target)
  }

  private static func deflate(
    _ source: UnsafeRawBufferPointer, _ elementByteCount: Int, through buffer: inout [UInt8],
    with photographDeflater: inout SmallDeflater, or deflater: inout Deflater,
    into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    var span = buffer.mutableSpan
    return try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      unsafe Shuffle.shuffle(source, into: buffer, elementByteCount: elementByteCount)
      return try unsafe deflate(
        UnsafeRawBufferPointer(buffer), with: &photographDeflater, or: &deflater, into: target)
    }
  }

  /// Uses our own deflate if its output is about as small as zlib's.
  private static func deflate(
    _ source: UnsafeRawBufferPointer, with photographDeflater: inout SmallDeflater,
    or deflater: inout Deflater, into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    if let count = try unsafe photographDeflater.deflate(source, into: target) { return count }
    return try unsafe deflater.deflate(source, into: target)
  }
}
