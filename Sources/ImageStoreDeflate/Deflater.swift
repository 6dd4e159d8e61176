import CImageStoreZlib
package import ImageStoreCore

/// Deflates buffers one after another with state that is made once.
///
/// The output depends only on the input and the settings. The strategies
/// ``DeflateStrategy/standard`` and ``DeflateStrategy/filtered`` go through libdeflate under the
/// package trait `Libdeflate`; everything else goes through zlib.
package struct Deflater: ~Copyable, Sendable {
  package let container: DeflateContainer
  private var stream: DeflateStream?
  #if Libdeflate
  private var compressor: LibdeflateCompressor?
  #endif
  private var buffer = GrowingMemory()

  /// - Parameters:
  ///   - level: 0 (stored) to 9 (smallest).
  ///   - windowBits: the window is `2^windowBits` bytes, 9 to 15.
  ///   - memoryLevel: zlib's; 1 to 9. Small windows and levels are quicker to reset from one small
  ///     buffer to the next.
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for the state.
  package init(
    _ container: DeflateContainer, level: Int, strategy: DeflateStrategy = .standard,
    windowBits: Int = 15, memoryLevel: Int = 8
  ) throws(StoreError) {
    precondition((0...9).contains(level) && (9...15).contains(windowBits))
    precondition((1...9).contains(memoryLevel))
    self.container = container
    #if Libdeflate
    if strategy == .standard || strategy == .filtered {
      stream = nil
      compressor = try LibdeflateCompressor(level: level)
      return
    }
    compressor = nil
    #endif
    stream = try DeflateStream(
      container, level: level, strategy: strategy, windowBits: windowBits, memoryLevel: memoryLevel)
  }

  /// The most bytes that `count` bytes deflate to.
  package func bound(_ count: Int) -> Int {
    #if Libdeflate
    if compressor != nil { return compressor!.bound(container, count) }
    #endif
    return stream!.bound(count)
  }

  /// Deflates a whole buffer.
  ///
  /// - Parameter destination: room for ``bound(_:)`` bytes is always enough.
  /// - Returns: how many bytes were written.
  /// - Throws: ``StoreError/Code/invalidArgument`` if `destination` is too small.
  package mutating func deflate(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    #if Libdeflate
    if compressor != nil {
      let count = unsafe compressor!.deflate(source, container, into: destination)
      guard count > 0 else { throw .noRoom(destination.count) }
      return count
    }
    #endif
    guard let count = unsafe stream!.deflate(source, into: destination) else {
      throw .noRoom(destination.count)
    }
    return count
  }

  /// Deflates a whole buffer into memory of this value, where ``bytes`` lends it until the next call.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for the result.
  package mutating func deflate(_ source: UnsafeRawBufferPointer) throws(StoreError) {
    try buffer.reserve(bound(source.count))
    let room = unsafe buffer.memory
    buffer.byteCount = try unsafe deflate(source, into: room)
  }

  /// The output of the last call of ``deflate(_:)-(RawSpan)``.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { buffer.span }
  }

  /// Deflates a whole span; see ``deflate(_:)-(UnsafeRawBufferPointer)``.
  package mutating func deflate(_ source: RawSpan) throws(StoreError) {
    try unsafe source.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe deflate(bytes) }
  }
}

extension StoreError {
  fileprivate static func noRoom(_ count: Int) -> StoreError {
    StoreError(.invalidArgument, "the destination of \(count) bytes is too small for the compressed bytes")
  }
}

/// The wrapping of deflated bytes.
package enum DeflateContainer: Sendable, Hashable, CaseIterable {
  /// Nothing (RFC 1951), as in a zip archive.
  case raw
  /// A two-byte header and an Adler-32 (RFC 1950), as in PNG and HDF5.
  case zlib
  /// A gzip header, a CRC-32 and the size (RFC 1952).
  case gzip

  /// zlib's code for the container and a window of `2^bits` bytes.
  func windowBits(_ bits: Int32) -> Int32 {
    switch self {
    case .raw: -bits
    case .zlib: bits
    case .gzip: bits + 16
    }
  }
}

/// How matches are looked for; zlib's strategies.
package enum DeflateStrategy: Sendable, Hashable, CaseIterable {
  /// Matches anywhere in the window.
  case standard
  /// Favours Huffman coding over short matches; for filtered pixels.
  case filtered
  /// No matches at all.
  case huffmanOnly
  /// Only matches with the byte before: runs.
  case runLength

  var zlibCode: Int32 {
    switch self {
    case .standard: Z_DEFAULT_STRATEGY
    case .filtered: Z_FILTERED
    case .huffmanOnly: Z_HUFFMAN_ONLY
    case .runLength: Z_RLE
    }
  }
}
