/// The filters that a dataset's chunks went through, in the order of writing.
///
/// Source: HDF5 File Format Specification, version 3.0, section IV.A.2.l.
struct FilterPipeline: Sendable {
  enum Filter: Sendable {
    case shuffle, deflate, fletcher32
    /// h5py's; see ``LZF``.
    case lzf

    var isCompression: Bool { self == .deflate || self == .lzf }
  }

  let filters: [Filter]
  /// Bytes of a chunk's elements.
  let chunkByteCount: Int
  let elementByteCount: Int

  /// Returns nil if the sizes between the filters are not known beforehand, which happens only with
  /// nested compression.
  init?(_ filters: [Filter], chunkByteCount: Int, elementByteCount: Int) {
    guard filters.count(where: \.isCompression) <= 1, filters.count <= 16 else { return nil }
    self.filters = filters
    self.chunkByteCount = chunkByteCount
    self.elementByteCount = elementByteCount
  }

  /// Whether chunks are only deflated, so that their first bytes can be decoded alone.
  var isOnlyDeflate: Bool { filters == [.deflate] }
}

/// HDF5's Fletcher-32: over 16-bit words of which the first byte is the high one, an odd last byte being
/// the high byte of a word.
///
/// Source: HDF5 File Format Specification, version 3.0, section IV.A.2.l (the filter), and RFC 1071's way
/// of adding; T. Fletcher, "An Arithmetic Checksum for Serial Transmissions", 1982.
enum Fletcher32 {
  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum1: UInt32 = 0
    var sum2: UInt32 = 0
    var position = 0
    let end = bytes.count & ~1
    while position < end {
      // The number of words before a sum may exceed 32 bits.
      let stop = min(end, position + 720)
      while position < stop {
        sum1 &+=
          unsafe UInt32(bytes[unchecked: position]) << 8 | UInt32(bytes[unchecked: position + 1])
        sum2 &+= sum1
        position += 2
      }
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    if bytes.count & 1 != 0 {
      sum1 &+= unsafe UInt32(bytes[end]) << 8
      sum2 &+= sum1
      sum1 = fold(sum1)
      sum2 = fold(sum2)
    }
    return fold(sum2) << 16 | fold(sum1)
  }

  private static func fold(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) &+ (sum >> 16) }
}

extension UnsafeRawBufferPointer {
  /// The byte at an index that the caller knows to be within bounds.
  @inline(__always)
  fileprivate subscript(unchecked index: Int) -> UInt8 {
    unsafe load(fromByteOffset: index, as: UInt8.self)
  }
}

/// HDF5's shuffle filter: the first bytes of all elements, then the second bytes, and so on; what is less
/// than an element at the end stays there.
enum Shuffle {
  /// Shuffles the elements of `source` into `destination`, which is as large.
  static func shuffle(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, elementByteCount: Int
  ) {
    let count = source.count / elementByteCount
    for byte in 0..<elementByteCount {
      var from = byte
      for element in byte * count..<(byte + 1) * count {
        unsafe destination[element] = source[from]
        from += elementByteCount
      }
    }
    for position in count * elementByteCount..<source.count {
      unsafe destination[position] = source[position]
    }
  }

  /// Puts shuffled elements together again.
  static func unshuffle(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, elementByteCount: Int
  ) {
    switch elementByteCount {
    case 2: unsafe unshuffle(source, destination, UInt16.self)
    case 4: unsafe unshuffle(source, destination, UInt32.self)
    case 8: unsafe unshuffle(source, destination, UInt64.self)
    default: unsafe destination.copyMemory(from: source)
    }
  }

  private static func unshuffle<Word: FixedWidthInteger>(
    _ source: UnsafeRawBufferPointer, _ destination: UnsafeMutableRawBufferPointer, _ type: Word.Type
  ) {
    guard let from = source.baseAddress, let to = destination.baseAddress else { return }
    let size = MemoryLayout<Word>.size
    let count = source.count / size
    for element in 0..<count {
      var word: Word = 0
      for byte in 0..<size {
        let value = unsafe from.load(fromByteOffset: byte &* count &+ element, as: UInt8.self)
        word |= Word(truncatingIfNeeded: value) &<< Word(truncatingIfNeeded: byte &* 8)
      }
      unsafe to.storeBytes(of: word.littleEndian, toByteOffset: element &* size, as: Word.self)
    }
    for position in count * size..<source.count {
      unsafe destination[position] = source[position]
    }
  }
}
