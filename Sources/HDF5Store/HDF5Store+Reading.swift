public import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    do throws(StoreError) {
      if case .each(let table) = source {
        try table.read(indices, regions: regions, file: file, into: &destination, threads: threads)
        return
      }
      guard let format else {
        for position in indices.indices { throw .indexOutOfRange(indices[position], count: count) }
        return
      }
      let gather = try UniformGather(indices, regions: regions, of: count, format: format)
      try unsafe destination.appendBytes(gather.byteCount) { (memory) throws(StoreError) in
        try unsafe read(gather, indices, regions: regions, into: memory)
      }
    } catch {
      throw error.at(path: path)
    }
  }

  private func read(
    _ gather: UniformGather, _ indices: Span<Int>, regions: Span<ImageRegion>,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch source {
    case .mapped(let offset, let type):
      let base = try unsafe mappedImages(offset)
      let stride = gather.format.byteCount
      try unsafe copy(gather, indices, regions: regions, into: memory, type) { unsafe base + $0 * stride }
    case .resident(let pixels):
      let base = try unsafe Self.base(of: pixels, byteCount: count * gather.format.byteCount)
      let stride = gather.format.byteCount
      try unsafe copy(gather, indices, regions: regions, into: memory, nil) { unsafe base + $0 * stride }
    case .constant(let image):
      let base = try unsafe Self.base(of: image, byteCount: gather.format.byteCount)
      try unsafe copy(gather, indices, regions: regions, into: memory, nil) { _ in unsafe base }
    case .chunked(let pixels, let type):
      try unsafe pixels.read(gather, indices, regions: regions, into: memory, threads: threads)
      try unsafe convert(gather, indices, memory, type)
    case .library(let pixels, let type):
      try unsafe pixels.read(gather, indices, regions: regions, into: memory)
      try unsafe check(gather, indices, 0..<gather.count, memory, type)
    case .each: break
    }
  }

  /// Copies images, or a region of each, to their slots: large calls on several threads.
  private func copy(
    _ gather: UniformGather, _ indices: Span<Int>, regions: Span<ImageRegion>,
    into memory: UnsafeMutableRawBufferPointer, _ type: StoredType?,
    locate: (Int) -> UnsafeRawPointer
  ) throws(StoreError) {
    let slot = gather.slotByteCount
    try gather.performRuns(threads: threads) { (run) throws(StoreError) in
      try unsafe gather.copy(run, indices, regions: regions, into: memory) { (index) throws(StoreError) in
        unsafe locate(index)
      }
      guard let type else { return }
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: memory[run.lowerBound * slot..<run.upperBound * slot])
      unsafe type.makeNative(part)
      try unsafe check(gather, indices, run, memory, type)
    }
  }

  private func convert(
    _ gather: UniformGather, _ indices: Span<Int>, _ memory: UnsafeMutableRawBufferPointer, _ type: StoredType
  ) throws(StoreError) {
    guard type.isSwapped || type.kind == .bool else { return }
    unsafe type.makeNative(memory)
    try unsafe check(gather, indices, 0..<gather.count, memory, type)
  }

  /// Checks the samples of images of the type bool.
  private func check(
    _ gather: UniformGather, _ indices: Span<Int>, _ run: Range<Int>,
    _ memory: UnsafeMutableRawBufferPointer, _ type: StoredType
  ) throws(StoreError) {
    guard type.kind == .bool else { return }
    let slot = gather.slotByteCount
    for position in run {
      do throws(StoreError) {
        try unsafe type.checkSamples(
          UnsafeRawBufferPointer(rebasing: memory[position * slot..<(position + 1) * slot]))
      } catch {
        throw error.at(image: indices[position])
      }
    }
  }

  /// Where the images begin that lie in the file as they are.
  @unsafe func mappedImages(_ offset: Int) throws(StoreError) -> UnsafeRawPointer {
    // Checked against the size of the file when the store was opened.
    guard let format, let bytes = unsafe file.bytes(at: offset, count: count * format.byteCount),
      let base = bytes.baseAddress
    else { throw StoreError(.corrupt, "images beyond the end of the file") }
    return unsafe base
  }

  @unsafe static func base(of memory: PixelMemory, byteCount: Int) throws(StoreError) -> UnsafeRawPointer {
    guard memory.byteCount >= byteCount, let base = unsafe memory.bytes.baseAddress else {
      throw StoreError(.corrupt, "\(memory.byteCount) bytes of pixels where \(byteCount) were announced")
    }
    return unsafe base
  }
}
