import CImageStoreZlib
package import ImageStoreCore

/// Inflates buffers one after another with state that is made once.
///
/// Formats: RFC 1950, 1951 and 1952. Whole buffers go through libdeflate under the package trait
/// `Libdeflate`, else through our own kernel (gzip: zlib); prefixes go through zlib.
package struct Inflater: ~Copyable, Sendable {
  package let container: DeflateContainer
  private var stream: InflateStream?
  #if Libdeflate
  private var decompressor = LibdeflateDecompressor()
  #else
  private var kernel = InflateKernel()
  #endif

  /// Takes no memory before the first use.
  package init(_ container: DeflateContainer) {
    self.container = container
  }

  /// Inflates a whole buffer to a known number of bytes.
  ///
  /// - Parameters:
  ///   - source: the compressed bytes, all of them and nothing else.
  ///   - destination: where the bytes go. May be larger than `count`: bytes after `count` have no
  ///     meaning afterwards; inflating is faster if there are at least 320 of them.
  ///   - count: how many bytes there must be; nil means the size of `destination`.
  /// - Throws: ``StoreError/Code/corrupt`` if the bytes are not a deflate stream of this container,
  ///   end before or after `count`, are followed by others, or fail their checksum;
  ///   ``StoreError/Code/limitExceeded`` if there is no memory for the state.
  package mutating func inflate(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer,
    count: Int? = nil
  ) throws(StoreError) {
    let count = count ?? destination.count
    precondition(count <= destination.count)
    #if Libdeflate
    try unsafe decompressor.inflate(source, container, into: destination, count: count)
    #else
    guard container == .gzip else {
      try unsafe kernel.inflate(source, container, into: destination, count: count)
      return
    }
    var rest = unsafe source
    var room = unsafe destination
    let isAtEnd = try unsafe run(&rest, &room, isWhole: true)
    let written = destination.count - room.count
    guard isAtEnd else {
      throw unsafe room.isEmpty
        ? .inflatesToMore(than: count) : .inflatesToLess(than: count, found: written)
    }
    guard written >= count else { throw .inflatesToLess(than: count, found: written) }
    guard written == count else { throw .inflatesToMore(than: count) }
    guard unsafe rest.isEmpty else { throw .trailing(rest.count) }
    #endif
  }

  /// Inflates the first bytes of a buffer; the rest is neither inflated nor checked.
  ///
  /// - Throws: as ``inflate(_:into:count:)`` if the bytes end before `destination` is full.
  package mutating func inflatePrefix(
    of source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    var rest = unsafe source
    var room = unsafe destination
    guard unsafe !room.isEmpty else { return }
    _ = try unsafe run(&rest, &room, isWhole: false)
    guard unsafe room.isEmpty else {
      throw .inflatesToLess(than: destination.count, found: destination.count - room.count)
    }
  }

  /// Inflates the first bytes of a buffer that holds more than expected: bytes after the end of the
  /// stream, or a stream that is longer. The whole stream is inflated, so that its checksum is
  /// compared.
  ///
  /// - Returns: false if the stream is damaged, ends before `destination` is full, or holds more
  ///   than twice the size of `destination` and a megabyte.
  package mutating func inflateFirst(
    of source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Bool {
    if stream == nil { stream = try InflateStream(container) }
    stream!.reset()
    var rest = unsafe source
    var room = unsafe destination
    var status = unsafe stream!.inflate(&rest, into: &room, isWhole: false)
    guard unsafe room.isEmpty, status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
      return false
    }
    let surplus = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { unsafe surplus.deallocate() }
    var left = destination.count + 1 << 20
    while status != Z_STREAM_END {
      var room = unsafe surplus
      let before = room.count
      status = unsafe stream!.inflate(&rest, into: &room, isWhole: false)
      let written = before - room.count
      left -= written
      guard status == Z_STREAM_END || status == Z_OK && written > 0 && left >= 0 else { return false }
    }
    return true
  }

  /// Whether the end of the stream was reached.
  private mutating func run(
    _ source: inout UnsafeRawBufferPointer, _ destination: inout UnsafeMutableRawBufferPointer,
    isWhole: Bool
  ) throws(StoreError) -> Bool {
    if stream == nil { stream = try InflateStream(container) }
    stream!.reset()
    let status = unsafe stream!.inflate(&source, into: &destination, isWhole: isWhole)
    guard status == Z_OK || status == Z_STREAM_END else { throw stream!.error(status) }
    return status == Z_STREAM_END
  }
}

extension Inflater {
  /// Inflates a whole span to a known number of bytes; see ``inflate(_:into:count:)``.
  package mutating func inflate(
    _ source: RawSpan, into destination: UnsafeMutableRawBufferPointer, count: Int? = nil
  ) throws(StoreError) {
    try unsafe source.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe inflate(bytes, into: destination, count: count)
    }
  }
}

extension StoreError {
  static func inflatesToMore(than count: Int) -> StoreError {
    StoreError(.corrupt, "the compressed bytes hold more than the expected \(count) bytes")
  }

  static func inflatesToLess(than count: Int, found: Int) -> StoreError {
    StoreError(.corrupt, "the compressed bytes end after \(found) of the expected \(count) bytes")
  }

  static func trailing(_ count: Int) -> StoreError {
    StoreError(.corrupt, "\(count) bytes follow the end of the compressed bytes")
  }
}
