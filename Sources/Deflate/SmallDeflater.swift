import CImageKernels
package import ImageStoreCore

/// Deflates small photographs to raw streams in a third of zlib's time.
///
/// The bytes made depend on the input alone. They are nearly as few as at zlib's level 6 (within a percent,
/// as a rule) where the input is hard to compress; what loses more than half its bytes has long matches,
/// which zlib searches harder for. So such a result is refused, and the caller goes to ``Deflater``.
package struct SmallDeflater: ~Copyable, Sendable {
  /// What is larger goes to ``Deflater``: two places to look for a match at become too few. So does all under
  /// the trait `Libdeflate`, which finds more in the same time.
  package static let largestByteCount: Int = {
    #if Libdeflate
    -1
    #else
    16_384
    #endif
  }()

  private var workspace = ReusableBuffer()
  var buffer = ReusableBuffer()

  package init() {}

  /// Deflates a whole span into memory of this value, where ``bytes`` lends it until the next call.
  ///
  /// - Returns: whether that was done; false where ``Deflater`` makes fewer bytes.
  /// - Throws: ``StoreError/Code/limitExceeded`` where there is no memory for the result.
  package mutating func deflate(_ source: RawSpan) throws(StoreError) -> Bool {
    let count = source.byteCount
    guard count <= Self.largestByteCount else { return false }
    try workspace.reserve(image_kernels_deflate_small_workspace())
    try buffer.reserve(image_kernels_deflate_small_bound(count))
    let workspace = unsafe workspace.memory.baseAddress!
    let output = unsafe buffer.memory.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let written = unsafe source.withUnsafeBytes { source in
      // An empty buffer may have no address; nothing is read there.
      let input = unsafe source.baseAddress ?? UnsafeRawPointer(workspace)
      return unsafe image_kernels_deflate_small(
        input.assumingMemoryBound(to: UInt8.self), count, output, workspace)
    }
    guard 2 * written >= count else { return false }
    buffer.byteCount = written
    return true
  }
}
