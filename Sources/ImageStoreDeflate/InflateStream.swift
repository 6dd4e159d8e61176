import CImageStoreZlib
import ImageStoreCore

/// zlib's inflate state, made once and reset for each use.
///
/// Invariant behind `@unchecked Sendable`: the value alone holds its memory.
@safe struct InflateStream: ~Copyable, @unchecked Sendable {
  // On the heap because zlib's state points back at it.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  init(_ container: DeflateContainer) throws(StoreError) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe CZlib_inflateInit2(stream, container.windowBits(MAX_WBITS))
    guard status == Z_OK else {
      unsafe stream.deallocate()
      throw StoreError(.limitExceeded, "no memory to decompress with", underlying: .init(.zlib, status))
    }
    unsafe self.stream = unsafe stream
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Makes ready for another stream; keeps the memory.
  mutating func reset() {
    _ = unsafe inflateReset(stream)
  }

  /// Inflates until the stream or one of the buffers ends, and removes the used parts of the
  /// buffers.
  ///
  /// - Parameter isWhole: whether the buffers hold everything, so that zlib needs no window.
  /// - Returns: `Z_STREAM_END` at the end of the stream, `Z_OK` if a buffer ended first, otherwise
  ///   zlib's error code.
  mutating func inflate(
    _ source: inout UnsafeRawBufferPointer, into destination: inout UnsafeMutableRawBufferPointer,
    isWhole: Bool
  ) -> Int32 {
    // zlib counts in 32 bits, and refuses a null pointer even if there is nothing to write.
    let limit = Int(UInt32.max)
    while true {
      let given = min(source.count, limit)
      let room = min(destination.count, limit)
      unsafe stream.pointee.next_in = UnsafeMutablePointer(
        mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
      unsafe stream.pointee.avail_in = UInt32(given)
      unsafe stream.pointee.next_out =
        destination.baseAddress?.assumingMemoryBound(to: UInt8.self)
        ?? UnsafeMutableRawPointer(stream).assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_out = UInt32(room)
      let isLast = isWhole && given == source.count && room == destination.count
      let status = unsafe CImageStoreZlib.inflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
      let read = given - Int(unsafe stream.pointee.avail_in)
      let written = room - Int(unsafe stream.pointee.avail_out)
      unsafe source = UnsafeRawBufferPointer(rebasing: source[read...])
      unsafe destination = UnsafeMutableRawBufferPointer(rebasing: destination[written...])
      switch status {
      case Z_OK where read == 0 && written == 0: return Z_OK
      case Z_OK where unsafe !source.isEmpty && !destination.isEmpty: continue
      case Z_OK, Z_BUF_ERROR: return Z_OK
      default: return status
      }
    }
  }

  /// zlib's error.
  func error(_ status: Int32) -> StoreError {
    let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
    return StoreError(
      status == Z_MEM_ERROR ? .limitExceeded : .corrupt,
      "the compressed bytes cannot be decompressed"
        + (status == Z_NEED_DICT ? " (they need a dictionary)" : message.map { " (\($0))" } ?? ""),
      underlying: .init(.zlib, status))
  }
}
