import ImageStoreCore

/// The compression of h5py's filter `lzf`: runs of bytes, and copies of bytes that came up to 8 KiB before.
///
/// A control byte below 32 is followed by one more literal byte than its value. In others the upper
/// three bits are the length of a copy less 2, where 7 means that the next byte is added; the lower
/// five bits and the byte after that are its distance less 1.
///
/// Source: the description of the format in LibLZF's documentation; h5py's documentation of filters.
enum LZF {
  /// Decompresses a chunk.
  ///
  /// - Parameters:
  ///   - source: any bytes.
  ///   - destination: exactly as many bytes as there have to be.
  /// - Throws: ``StoreError/Code/corrupt`` if there are more or fewer, or a copy would begin before
  ///   the first.
  static func decompress(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let (inCount, outCount) = (source.count, destination.count)
    guard let from = source.baseAddress, let to = destination.baseAddress, outCount > 0 else {
      throw damaged(0, outCount)
    }
    var (position, end) = (0, 0)
    while position < inCount {
      let control = Int(unsafe from.load(fromByteOffset: position, as: UInt8.self))
      position += 1
      if control < 32 {
        let count = control + 1
        guard count <= inCount - position, count <= outCount - end else { throw damaged(end, outCount) }
        unsafe (to + end).copyMemory(from: from + position, byteCount: count)
        position += count
        end += count
        continue
      }
      var count = control >> 5
      if count == 7 {
        guard position < inCount else { throw damaged(end, outCount) }
        count += Int(unsafe from.load(fromByteOffset: position, as: UInt8.self))
        position += 1
      }
      count += 2
      guard position < inCount else { throw damaged(end, outCount) }
      let distance = (control & 31) << 8 + Int(unsafe from.load(fromByteOffset: position, as: UInt8.self)) + 1
      position += 1
      guard distance <= end, count <= outCount - end else { throw damaged(end, outCount) }
      if distance >= count {
        unsafe (to + end).copyMemory(from: to + (end - distance), byteCount: count)
      } else {
        // The source of a copy may overlap its destination.
        for offset in end..<end + count {
          let byte = unsafe to.load(fromByteOffset: offset - distance, as: UInt8.self)
          unsafe to.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
        }
      }
      end += count
    }
    guard end == outCount else { throw damaged(end, outCount) }
  }

  private static func damaged(_ count: Int, _ expected: Int) -> StoreError {
    StoreError(.corrupt, "the lzf data of a chunk are damaged after \(count) of \(expected) bytes")
  }
}
