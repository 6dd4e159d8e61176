#if !Libdeflate
import CImageStoreKernels
import ImageStoreCore

/// Inflates whole raw and zlib streams with our own kernel.
struct InflateKernel: ~Copyable, Sendable {
  private var workspace = GrowingMemory()

  /// See ``Inflater/inflate(_:into:count:)``.
  mutating func inflate(
    _ source: UnsafeRawBufferPointer, _ container: DeflateContainer,
    into destination: UnsafeMutableRawBufferPointer, count: Int
  ) throws(StoreError) {
    guard container == .zlib else {
      let rest = try unsafe inflateRaw(source, into: destination, count: count)
      guard unsafe rest.isEmpty else { throw .trailing(rest.count) }
      return
    }
    // RFC 1950: method 8, a window of at most 32 KiB, no dictionary, a multiple of 31.
    guard source.count >= 2 else { throw .inflatesToLess(than: count, found: 0) }
    let header = unsafe Int(source[0]) << 8 | Int(source[1])
    guard header >> 8 & 15 == 8, header >> 12 <= 7, header & 0x20 == 0, header % 31 == 0 else {
      throw StoreError(.corrupt, "the compressed bytes do not begin like a zlib stream")
    }
    let stream = unsafe UnsafeRawBufferPointer(rebasing: source[2...])
    let rest = try unsafe inflateRaw(stream, into: destination, count: count)
    guard rest.count >= 4 else { throw .inflatesToLess(than: count, found: count) }
    let stated = unsafe UInt32(bigEndian: rest.loadUnaligned(as: UInt32.self))
    let found = unsafe adler32(UnsafeRawBufferPointer(rebasing: destination[..<count]))
    guard found == stated else {
      throw StoreError(.corrupt, "the content of the compressed bytes does not match its Adler-32 checksum")
    }
    guard rest.count == 4 else { throw .trailing(rest.count - 4) }
  }

  /// Inflates a deflate stream and returns the bytes after it.
  private mutating func inflateRaw(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, count: Int
  ) throws(StoreError) -> UnsafeRawBufferPointer {
    try workspace.reserve(image_kernels_inflate_workspace())
    let workspace = unsafe workspace.memory.baseAddress!
    var read = 0
    var written = 0
    // Empty buffers may have no address; nothing is read or written there.
    let status = unsafe image_kernels_inflate(
      (source.baseAddress ?? UnsafeRawPointer(workspace)).assumingMemoryBound(to: UInt8.self),
      source.count,
      (destination.baseAddress ?? workspace).assumingMemoryBound(to: UInt8.self),
      destination.count, &read, &written, workspace)
    switch status {
    case IMAGE_KERNELS_INFLATE_OK: break
    case IMAGE_KERNELS_INFLATE_CUT: throw .inflatesToLess(than: count, found: written)
    case IMAGE_KERNELS_INFLATE_FULL: throw .inflatesToMore(than: count)
    default: throw StoreError(.corrupt, "the compressed bytes cannot be decompressed")
    }
    guard written >= count else { throw .inflatesToLess(than: count, found: written) }
    guard written == count else { throw .inflatesToMore(than: count) }
    return unsafe UnsafeRawBufferPointer(rebasing: source[read...])
  }
}
#endif
