public import ImageStoreCore
import ImageStoreSupport

// The map, and what was decoded when the file was opened, stay for as long as the store does.
extension HDF5Store: LocatingStore {}

extension HDF5Store {
  public var isZeroCopy: Bool {
    switch images {
    case .mapped(_, let type): !type.isSwapped
    case .resident, .constant: true
    case .each(let table): table.isPlain
    case .chunked, .library, .turned, .encoded: false
    }
  }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    do throws(StoreError) {
      let plan = try GatherPlan(indices, regions: regions, in: self)
      try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
        try unsafe read(plan, into: memory)
      }
    } catch {
      throw error.at(path: path)
    }
  }

  private func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    if case .each(let table) = images {
      return try unsafe table.read(plan, from: file, into: memory, threads: threads)
    }
    if case .encoded(let images) = images {
      return try unsafe images.read(plan, from: file, into: memory, threads: threads)
    }
    guard let stride = format?.byteCount else { return }
    switch images {
    case .mapped(let offset, let type):
      let base = try unsafe mappedImages(offset)
      try unsafe copy(plan, into: memory, type) { unsafe base + $0 * stride }
    case .resident(let pixels):
      let base = try unsafe Self.base(of: pixels, byteCount: count * stride)
      try unsafe copy(plan, into: memory, nil) { unsafe base + $0 * stride }
    case .constant(let image):
      let base = try unsafe Self.base(of: image, byteCount: stride)
      try unsafe copy(plan, into: memory, nil) { _ in unsafe base }
    case .chunked(let pixels, let type):
      try unsafe pixels.read(plan, into: memory, threads: threads)
      unsafe type.makeNative(memory)
      try unsafe check(plan, 0..<plan.count, memory, type)
    case .library(let pixels, let type):
      try unsafe pixels.read(plan, into: memory)
      try unsafe check(plan, 0..<plan.count, memory, type)
    case .turned(let images, let type):
      try unsafe images.read(plan, from: file, into: memory, threads: threads)
      try unsafe check(plan, 0..<plan.count, memory, type)
    case .each, .encoded: break
    }
  }

  /// Copies images, or a region of each, to their slots: large calls on several threads.
  private func copy(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer, _ type: StoredType?,
    locate: (Int) -> UnsafeRawPointer
  ) throws(StoreError) {
    try plan.performRuns(threads: threads) { (run) throws(StoreError) in
      try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) in unsafe locate(index) }
      guard let type, type.isSwapped || type.kind == .bool, !run.isEmpty else { return }
      let start = plan.byteRange(of: run.lowerBound).lowerBound
      let end = plan.byteRange(of: run.upperBound - 1).upperBound
      unsafe type.makeNative(UnsafeMutableRawBufferPointer(rebasing: memory[start..<end]))
      try unsafe check(plan, run, memory, type)
    }
  }

  /// Checks the samples of images of the type bool.
  private func check(
    _ plan: borrowing GatherPlan, _ run: Range<Int>, _ memory: UnsafeMutableRawBufferPointer,
    _ type: StoredType
  ) throws(StoreError) {
    guard type.kind == .bool else { return }
    for position in run {
      do throws(StoreError) {
        try unsafe type.checkSamples(UnsafeRawBufferPointer(plan.slot(of: position, in: memory)))
      } catch {
        throw error.at(image: plan.indices[position])
      }
    }
  }

  /// Where the images begin that are in the file as they are.
  @unsafe private func mappedImages(_ offset: Int) throws(StoreError) -> UnsafeRawPointer {
    // Checked against the size of the file when the store was opened.
    guard let format, let bytes = unsafe file.bytes(at: offset, count: count * format.byteCount),
      let base = bytes.baseAddress
    else { throw StoreError(.corrupt, "images are beyond the end of the file") }
    return unsafe base
  }

  @unsafe private static func base(
    of memory: PixelMemory, byteCount: Int
  ) throws(StoreError) -> UnsafeRawPointer {
    guard memory.byteCount >= byteCount, let base = unsafe memory.bytes.baseAddress else {
      throw StoreError(.corrupt, "\(memory.byteCount) bytes of pixels instead of the \(byteCount) announced")
    }
    return unsafe base
  }
}

extension HDF5Store {
  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    // Enough at a time for every thread to have chunks to decode.
    guard isZeroCopy else { return try borrowDecoded(indices, byteBudget: 4 << 20, body) }
    for position in indices.indices {
      let (format, image) = try unsafe image(at: indices[position])
      try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// Checks that every image of a call exists.
  func check(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    }
  }

  /// The bytes of an image that is in the file or in memory as it is delivered.
  @unsafe private func image(
    at index: Int
  ) throws(StoreError) -> (format: ImageFormat, bytes: UnsafeRawBufferPointer) {
    let format = try format(at: index)
    let bytes: UnsafeRawBufferPointer?
    do throws(StoreError) {
      switch images {
      case .mapped(let offset, let type):
        unsafe bytes = unsafe file.bytes(at: offset + index * format.byteCount, count: format.byteCount)
        if let bytes = unsafe bytes { try unsafe type.checkSamples(bytes) }
      case .resident(let memory):
        let base = try unsafe Self.base(of: memory, byteCount: count * format.byteCount)
        unsafe bytes = UnsafeRawBufferPointer(start: base + index * format.byteCount, count: format.byteCount)
      case .constant(let memory): unsafe bytes = unsafe memory.bytes
      case .each(let table):
        unsafe bytes = unsafe file.bytes(at: table.entries[index].offset, count: format.byteCount)
      case .chunked, .library, .turned, .encoded: unsafe bytes = nil
      }
      guard let bytes = unsafe bytes else {
        throw StoreError(.corrupt, "the image is beyond the end of the file")
      }
      return unsafe (format, bytes)
    } catch {
      throw error.at(path: path, image: index)
    }
  }
}
