import CImageStoreKernels
import ImageStoreCore
import ImageStoreDeflate

/// Filters rows and makes a zlib stream of them.
struct PNGCompressor: ~Copyable, Sendable {
  private let compression: Compression
  /// One deflater finds repeating patterns, the other leaves noise to the Huffman codes.
  private var patternDeflater: Deflater?
  private var noiseDeflater: Deflater?
  /// Memory for our own deflate, or for a result that may be smaller than the previous one.
  private var workspace = GrowingMemory()

  init(_ compression: Compression) throws(StoreError) {
    self.compression = compression
    var workspace = GrowingMemory()
    var patternDeflater: Deflater?
    var noiseDeflater: Deflater?
    switch compression {
    case .none: break
    case .fast: try workspace.reserve(image_kernels_deflate_runs_workspace())
    case .small:
      patternDeflater = try Deflater(.zlib, level: 9)
      noiseDeflater = try Deflater(.zlib, level: 9, strategy: .filtered)
    }
    self.workspace = workspace
    self.patternDeflater = patternDeflater
    self.noiseDeflater = noiseDeflater
  }

  /// The most bytes that filtered rows become.
  func bound(_ count: Int) -> Int {
    if compression == .small {
      return max(patternDeflater!.bound(count), noiseDeflater!.bound(count))
    }
    return image_kernels_deflate_runs_bound(count) + 6
  }

  /// The bytes written.
  ///
  /// - Parameters:
  ///   - scratch: has room for the filtered rows.
  ///   - destination: has room for ``bound(_:)``.
  mutating func compress(
    _ rows: UnsafeRawPointer, _ layout: PNGEncodingPlan, scratch: UnsafeMutableRawBufferPointer,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    let filtered = unsafe UnsafeRawBufferPointer(
      rebasing: UnsafeRawBufferPointer(scratch)[..<layout.filteredByteCount])
    // If bits are packed, Paeth's neighbours are eight pixels away; the row above is near.
    let filter = layout.bitDepth == 1 ? IMAGE_KERNELS_PNG_UP : IMAGE_KERNELS_PNG_PAETH
    guard compression == .small else {
      let isStored = compression == .none
      unsafe apply(isStored ? IMAGE_KERNELS_PNG_NONE : filter, rows, layout, scratch)
      return unsafe frame(filtered, into: destination)
    }
    unsafe apply(filter, rows, layout, scratch)
    var count = try unsafe patternDeflater!.deflate(filtered, into: destination)
    try workspace.reserve(destination.count)
    let attempt = unsafe workspace.memory
    let noiseCount = try unsafe noiseDeflater!.deflate(filtered, into: attempt)
    unsafe keep(attempt, noiseCount, ifSmallerThan: &count, in: destination)
    unsafe apply(IMAGE_KERNELS_PNG_NONE, rows, layout, scratch)
    let unfilteredCount = try unsafe patternDeflater!.deflate(filtered, into: attempt)
    unsafe keep(attempt, unfilteredCount, ifSmallerThan: &count, in: destination)
    return count
  }

  private func keep(
    _ attempt: UnsafeMutableRawBufferPointer, _ attemptCount: Int, ifSmallerThan count: inout Int,
    in destination: UnsafeMutableRawBufferPointer
  ) {
    guard attemptCount < count else { return }
    unsafe destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: attempt[..<attemptCount]))
    count = attemptCount
  }

  private func apply(
    _ filter: Int, _ rows: UnsafeRawPointer, _ layout: PNGEncodingPlan,
    _ scratch: UnsafeMutableRawBufferPointer
  ) {
    unsafe image_kernels_png_filter(
      Int32(filter), rows.assumingMemoryBound(to: UInt8.self),
      scratch.baseAddress!.assumingMemoryBound(to: UInt8.self), layout.rowByteCount,
      layout.format.height, layout.filterDistance)
  }

  /// A zlib stream (RFC 1950) around our own deflate stream.
  private mutating func frame(
    _ filtered: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) -> Int {
    let input = unsafe filtered.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let output = unsafe destination.baseAddress!.assumingMemoryBound(to: UInt8.self)
    // Deflate with a window of 32 KiB, at the fastest level.
    unsafe output[0] = 0x78
    unsafe output[1] = 0x01
    let count =
      compression == .none
      ? unsafe image_kernels_deflate_stored(input, filtered.count, output + 2)
      : unsafe image_kernels_deflate_runs(
        input, filtered.count, output + 2, workspace.memory.baseAddress!)
    unsafe destination.storeBytes(
      of: adler32(filtered).bigEndian, toByteOffset: 2 + count, as: UInt32.self)
    return count + 6
  }
}
