import CImageStoreZlib
package import ImageStoreCore

/// Inflates a raw deflate stream (RFC 1951) that is in memory, piece by piece.
@safe package struct InflateReader: ~Copyable {
  private var stream: InflateStream
  private var rest: UnsafeRawBufferPointer
  private var isAtEnd = false

  /// - Parameter source: the compressed bytes, all of them and nothing else, which must stay as
  ///   they are for as long as the reader is used.
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  @unsafe package init(_ source: UnsafeRawBufferPointer) throws(StoreError) {
    stream = try InflateStream(.raw)
    unsafe rest = unsafe source
  }

  /// How many of the compressed bytes have not been read.
  package var restByteCount: Int { unsafe rest.count }

  /// Fills `destination` with the next bytes.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if the stream ends before or is not a deflate stream.
  package mutating func read(into destination: UnsafeMutableRawBufferPointer) throws(StoreError) {
    var room = unsafe destination
    try unsafe run(&room)
    guard unsafe room.isEmpty else {
      throw .inflatesToLess(than: destination.count, found: destination.count - room.count)
    }
  }

  /// Checks that the stream and the compressed bytes end after the bytes that have been read.
  ///
  /// - Parameter count: how many bytes have been read, for the error.
  /// - Throws: ``StoreError/Code/corrupt``.
  package mutating func finish(after count: Int) throws(StoreError) {
    var byte: UInt8 = 0
    let isFull = try unsafe withUnsafeMutableBytes(of: &byte) { (bytes) throws(StoreError) in
      var room = unsafe bytes
      try unsafe run(&room)
      return unsafe room.isEmpty
    }
    guard !isFull else { throw .inflatesToMore(than: count) }
    guard isAtEnd else { throw .inflatesToLess(than: count, found: count) }
    guard unsafe rest.isEmpty else { throw unsafe .trailing(rest.count) }
  }

  private mutating func run(_ room: inout UnsafeMutableRawBufferPointer) throws(StoreError) {
    guard !isAtEnd, unsafe !room.isEmpty else { return }
    let status = unsafe stream.inflate(&rest, into: &room, isWhole: false)
    guard status == Z_OK || status == Z_STREAM_END else { throw stream.error(status) }
    isAtEnd = status == Z_STREAM_END
  }
}
