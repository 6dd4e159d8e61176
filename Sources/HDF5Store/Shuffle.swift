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
