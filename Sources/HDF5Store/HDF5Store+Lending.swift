public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  public var isZeroCopy: Bool {
    switch source {
    case .mapped(_, let type): !type.isSwapped
    case .resident, .constant: true
    case .each(let table): table.isPlain
    case .chunked, .library: false
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    }
    guard isZeroCopy else { return try lendCopies(of: indices, body) }
    for position in indices.indices {
      let (format, image) = try unsafe image(at: indices[position])
      try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// The bytes of an image that lies in the file or in memory as it is delivered.
  @unsafe private func image(
    at index: Int
  ) throws(StoreError) -> (format: ImageFormat, bytes: UnsafeRawBufferPointer) {
    let format = try format(at: index)
    let bytes: UnsafeRawBufferPointer?
    do throws(StoreError) {
      switch source {
      case .mapped(let offset, let type):
        unsafe bytes = unsafe file.bytes(at: offset + index * format.byteCount, count: format.byteCount)
        if let bytes = unsafe bytes { try unsafe type.checkSamples(bytes) }
      case .resident(let memory):
        let base = try unsafe Self.base(of: memory, byteCount: count * format.byteCount)
        unsafe bytes = UnsafeRawBufferPointer(start: base + index * format.byteCount, count: format.byteCount)
      case .constant(let memory): unsafe bytes = unsafe memory.bytes
      case .each(let table):
        unsafe bytes = unsafe file.bytes(at: table.entries[index].offset, count: format.byteCount)
      case .chunked, .library: unsafe bytes = nil
      }
      guard let bytes = unsafe bytes else {
        throw StoreError(.corrupt, "an image beyond the end of the file")
      }
      return unsafe (format, bytes)
    } catch {
      throw error.at(path: path, image: index)
    }
  }

  /// Reads a few images at a time into memory that is used again, and lends them there.
  private func lendCopies(
    of indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var memory: PixelMemory?
    var start = 0
    while start < indices.count {
      var formats: [ImageFormat] = []
      var byteCount = 0
      // Enough for every thread to have chunks to decode.
      while start + formats.count < indices.count, formats.isEmpty || byteCount < 4 << 20 {
        let format = try format(at: indices[start + formats.count])
        formats.append(format)
        byteCount += format.byteCount
      }
      let target: PixelMemory
      if let memory, memory.capacity >= byteCount {
        target = memory
      } else {
        target = try PixelMemory(capacity: byteCount)
      }
      memory = target
      let part = indices.extracting(start..<start + formats.count)
      try target.fill { (output) throws(StoreError) in try read(part, into: &output) }
      var offset = 0
      for (position, format) in formats.enumerated() {
        let end = offset + format.byteCount
        let image = unsafe UnsafeRawBufferPointer(rebasing: target.bytes[offset..<end])
        try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
          try body(start + position, format, pixels)
        }
        offset = end
      }
      start += formats.count
    }
  }
}
