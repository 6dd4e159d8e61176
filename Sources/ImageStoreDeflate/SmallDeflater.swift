import CImageStoreKernels
package import ImageStoreCore

/// Deflates small photographs in a third of zlib's time.
///
/// The output depends only on the input. It is nearly as small as at zlib's level 6 (usually within
/// a percent) if the input is hard to compress. Input that shrinks to less than half has long
/// matches, which zlib searches harder for. So such a result is refused, and the caller uses
/// ``Deflater``.
package struct SmallDeflater: ~Copyable, Sendable {
  /// Larger input goes to ``Deflater``, because looking for a match in two places is then not
  /// enough. With the trait `Libdeflate`, all input does, because libdeflate finds more in the same
  /// time.
  package static let largestByteCount: Int = {
    #if Libdeflate
    -1
    #else
    16_384
    #endif
  }()

  private var workspace = GrowingMemory()
  private var buffer = GrowingMemory()

  package init() {}

  /// Deflates a whole span into memory of this value, where ``bytes`` lends it until the next call.
  ///
  /// - Returns: whether that was done; false if ``Deflater`` makes fewer bytes.
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for the result.
  package mutating func deflate(_ source: RawSpan) throws(StoreError) -> Bool {
    let count = source.byteCount
    guard count <= Self.largestByteCount else { return false }
    try workspace.reserve(image_kernels_deflate_small_workspace())
    try buffer.reserve(image_kernels_deflate_small_bound(count))
    let room = unsafe buffer.memory
    let written = unsafe source.withUnsafeBytes { unsafe encode($0, into: room.baseAddress!) }
    guard 2 * written >= count else { return false }
    buffer.byteCount = written
    return true
  }

  /// The output of the last call of ``deflate(_:)``.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { buffer.span }
  }

  /// The most bytes that a zlib stream of `count` bytes takes.
  package static func bound(_ count: Int) -> Int { image_kernels_deflate_small_bound(count) + 6 }

  /// Deflates a whole buffer to a zlib stream (RFC 1950).
  ///
  /// - Parameter destination: has room for ``bound(_:)`` bytes.
  /// - Returns: how many bytes were written, or nil if ``Deflater`` makes fewer.
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  package mutating func deflate(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int? {
    let count = source.count
    guard count <= Self.largestByteCount else { return nil }
    try workspace.reserve(image_kernels_deflate_small_workspace())
    precondition(destination.count >= Self.bound(count))
    let start = destination.baseAddress!
    // Deflate with a window of 32 KiB.
    unsafe start.storeBytes(of: 0x78, as: UInt8.self)
    unsafe start.storeBytes(of: 0x01, toByteOffset: 1, as: UInt8.self)
    let written = unsafe encode(source, into: start + 2)
    guard 2 * written >= count else { return nil }
    unsafe start.storeBytes(of: adler32(source).bigEndian, toByteOffset: 2 + written, as: UInt32.self)
    return written + 6
  }

  /// Deflates bytes with the workspace that was reserved, to memory that has room for the worst case.
  private func encode(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer) -> Int {
    let workspace = unsafe workspace.memory.baseAddress!
    // An empty buffer may have no address; nothing is read there.
    let input = unsafe source.baseAddress ?? UnsafeRawPointer(workspace)
    return unsafe image_kernels_deflate_small(
      input.assumingMemoryBound(to: UInt8.self), source.count,
      output.assumingMemoryBound(to: UInt8.self), workspace)
  }
}
