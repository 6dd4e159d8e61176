import CImageStoreZlib
import ImageStoreCore

/// zlib's deflate state, made once and reset for each use.
///
/// Invariant behind `@unchecked Sendable`: the value alone holds its memory.
@safe struct DeflateStream: ~Copyable, @unchecked Sendable {
  // On the heap because zlib's state points back at it.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  init(
    _ container: DeflateContainer, level: Int, strategy: DeflateStrategy, windowBits: Int,
    memoryLevel: Int
  ) throws(StoreError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe CZlib_deflateInit2(
      stream, Int32(level), container.windowBits(Int32(windowBits)), Int32(memoryLevel),
      strategy.zlibCode)
    guard status == Z_OK else {
      unsafe stream.deallocate()
      throw StoreError(.limitExceeded, "no memory to compress with", underlying: .init(.zlib, status))
    }
    unsafe self.stream = unsafe stream
  }

  deinit {
    _ = unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// The most bytes that `count` bytes deflate to.
  func bound(_ count: Int) -> Int {
    Int(unsafe deflateBound(stream, UInt(count)))
  }

  /// The number of bytes written, or nil if there is not enough room.
  mutating func deflate(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    _ = unsafe deflateReset(stream)
    // zlib counts in 32 bits.
    let limit = Int(UInt32.max)
    var rest = unsafe source
    var room = unsafe destination
    while true {
      let given = min(rest.count, limit)
      let free = min(room.count, limit)
      unsafe stream.pointee.next_in = UnsafeMutablePointer(
        mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
      unsafe stream.pointee.avail_in = UInt32(given)
      unsafe stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_out = UInt32(free)
      let status = unsafe CImageStoreZlib.deflate(stream, given == rest.count ? Z_FINISH : Z_NO_FLUSH)
      let read = given - Int(unsafe stream.pointee.avail_in)
      let written = free - Int(unsafe stream.pointee.avail_out)
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[read...])
      unsafe room = UnsafeMutableRawBufferPointer(rebasing: room[written...])
      if status == Z_STREAM_END { return destination.count - room.count }
      guard status == Z_OK, unsafe !room.isEmpty else { return nil }
    }
  }
}
