#if Libdeflate
import CImageStoreLibdeflate
import ImageStoreCore

/// libdeflate's state for inflating whole buffers.
///
/// Invariant behind `@unchecked Sendable`: the value alone holds its memory.
@safe struct LibdeflateDecompressor: ~Copyable, @unchecked Sendable {
  private var state: OpaquePointer?

  deinit { unsafe libdeflate_free_decompressor(state) }

  /// See ``Inflater/inflate(_:into:count:)``.
  mutating func inflate(
    _ source: UnsafeRawBufferPointer, _ container: DeflateContainer,
    into destination: UnsafeMutableRawBufferPointer, count: Int
  ) throws(StoreError) {
    if unsafe state == nil { unsafe state = libdeflate_alloc_decompressor() }
    guard let state = unsafe state else {
      throw StoreError(.limitExceeded, "no memory to decompress with")
    }
    guard let input = source.baseAddress else {
      throw .inflatesToLess(than: count, found: 0)
    }
    var nothing: UInt8 = 0
    var read = 0
    var written = 0
    let result = unsafe withUnsafeMutablePointer(to: &nothing) { placeholder in
      let output = unsafe destination.baseAddress ?? UnsafeMutableRawPointer(placeholder)
      return switch container {
      case .raw:
        unsafe libdeflate_deflate_decompress_ex(
          state, input, source.count, output, destination.count, &read, &written)
      case .zlib:
        unsafe libdeflate_zlib_decompress_ex(
          state, input, source.count, output, destination.count, &read, &written)
      case .gzip:
        unsafe libdeflate_gzip_decompress_ex(
          state, input, source.count, output, destination.count, &read, &written)
      }
    }
    switch result {
    case LIBDEFLATE_SUCCESS: break
    case LIBDEFLATE_INSUFFICIENT_SPACE: throw .inflatesToMore(than: count)
    default:
      throw StoreError(
        .corrupt, "the compressed bytes cannot be decompressed",
        underlying: .init(.libdeflate, Int32(result.rawValue)))
    }
    guard written >= count else { throw .inflatesToLess(than: count, found: written) }
    guard written == count else { throw .inflatesToMore(than: count) }
    guard read == source.count else { throw .trailing(source.count - read) }
  }
}

/// libdeflate's state for deflating whole buffers.
///
/// Invariant behind `@unchecked Sendable`: the value alone holds its memory.
@safe struct LibdeflateCompressor: ~Copyable, @unchecked Sendable {
  private let state: OpaquePointer

  init(level: Int) throws(StoreError) {
    guard let state = unsafe libdeflate_alloc_compressor(Int32(level)) else {
      throw StoreError(.limitExceeded, "no memory to compress with")
    }
    unsafe self.state = unsafe state
  }

  deinit { unsafe libdeflate_free_compressor(state) }

  func bound(_ container: DeflateContainer, _ count: Int) -> Int {
    switch container {
    case .raw: unsafe libdeflate_deflate_compress_bound(state, count)
    case .zlib: unsafe libdeflate_zlib_compress_bound(state, count)
    case .gzip: unsafe libdeflate_gzip_compress_bound(state, count)
    }
  }

  /// The number of bytes written, or 0 if there is not enough room.
  mutating func deflate(
    _ source: UnsafeRawBufferPointer, _ container: DeflateContainer,
    into destination: UnsafeMutableRawBufferPointer
  ) -> Int {
    var nothing: UInt8 = 0
    return unsafe withUnsafePointer(to: &nothing) { placeholder in
      let input = unsafe source.baseAddress ?? UnsafeRawPointer(placeholder)
      return switch container {
      case .raw:
        unsafe libdeflate_deflate_compress(
          state, input, source.count, destination.baseAddress, destination.count)
      case .zlib:
        unsafe libdeflate_zlib_compress(
          state, input, source.count, destination.baseAddress, destination.count)
      case .gzip:
        unsafe libdeflate_gzip_compress(
          state, input, source.count, destination.baseAddress, destination.count)
      }
    }
  }
}
#endif
