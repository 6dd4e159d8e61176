/// The name of an entry as the directory has it.
enum ZipName {
  /// The text of a name: UTF-8, even if the entry does not say so; otherwise the code page of the
  /// zip standard (IBM's 437), as Python's `zipfile` reads them.
  static func text(of bytes: UnsafeRawBufferPointer) -> String {
    if let text = unsafe String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    unsafe bytes.forEach { text.append($0 < 0x80 ? Unicode.Scalar($0) : upperHalf[Int($0) - 0x80]) }
    return String(text)
  }

  /// The characters 128 to 255 of code page 437. Source: the Unicode Consortium's `CP437.TXT`.
  private static let upperHalf: [Unicode.Scalar] = [
    0xC7, 0xFC, 0xE9, 0xE2, 0xE4, 0xE0, 0xE5, 0xE7, 0xEA, 0xEB, 0xE8, 0xEF, 0xEE, 0xEC, 0xC4, 0xC5,
    0xC9, 0xE6, 0xC6, 0xF4, 0xF6, 0xF2, 0xFB, 0xF9, 0xFF, 0xD6, 0xDC, 0xA2, 0xA3, 0xA5, 0x20A7, 0x192,
    0xE1, 0xED, 0xF3, 0xFA, 0xF1, 0xD1, 0xAA, 0xBA, 0xBF, 0x2310, 0xAC, 0xBD, 0xBC, 0xA1, 0xAB, 0xBB,
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255D,
    0x255C, 0x255B, 0x2510, 0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F, 0x255A, 0x2554,
    0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553,
    0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580, 0x3B1, 0xDF, 0x393, 0x3C0, 0x3A3,
    0x3C3, 0xB5, 0x3C4, 0x3A6, 0x398, 0x3A9, 0x3B4, 0x221E, 0x3C6, 0x3B5, 0x2229, 0x2261, 0xB1, 0x2265,
    0x2264,
    0x2320, 0x2321, 0xF7, 0x2248, 0xB0, 0x2219, 0xB7, 0x221A, 0x207F, 0xB2, 0x25A0, 0xA0,
  ].map { Unicode.Scalar($0 as UInt32)! }

  /// Names in a directory, equal if their bytes are. A dictionary of texts would treat two
  /// spellings of one letter as the same name.
  ///
  /// Use it only while the directory's bytes exist.
  @safe struct Bytes: Hashable {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    static func == (left: Bytes, right: Bytes) -> Bool {
      unsafe left.bytes.elementsEqual(right.bytes)
    }

    func hash(into hasher: inout Hasher) { unsafe hasher.combine(bytes: bytes) }
  }
}

/// The names of numbered entries, such as `ix-000042.npy`: a number between a prefix and a suffix.
/// A directory does not keep these names, because they follow from the numbers.
struct ZipNumbering: Sendable {
  /// How many digits a number has at least; zeros fill it up.
  private let digitCount: Int
  // The beginning and end of names, in the order of their bytes, which are compared in one step.
  private let prefixMask, prefixWord: UInt32
  /// Each of these may follow a number.
  private let suffixWords: [UInt32]
  private let prefixByteCount: Int
  private let leastByteCount: Int

  /// - Precondition: the prefix has at most four bytes, each suffix has four.
  init(prefix: StaticString, suffixes: [StaticString], digitCount: Int) {
    func word(_ text: StaticString) -> UInt32 {
      text.description.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    precondition(
      (1...4).contains(prefix.utf8CodeUnitCount) && suffixes.allSatisfy { $0.utf8CodeUnitCount == 4 })
    self.digitCount = digitCount
    prefixByteCount = prefix.utf8CodeUnitCount
    prefixMask = UInt32.max >> UInt32(32 - 8 * prefix.utf8CodeUnitCount)
    prefixWord = word(prefix)
    suffixWords = suffixes.map(word)
    leastByteCount = prefix.utf8CodeUnitCount + digitCount + 4
  }

  /// The number in a name, which must be spelled as it would be written.
  func number(in name: UnsafeRawBufferPointer) -> Int? {
    guard name.count >= leastByteCount, name.count <= leastByteCount + 12,
      unsafe UInt32(littleEndian: name.loadUnaligned(as: UInt32.self)) & prefixMask == prefixWord,
      unsafe suffixWords.contains(
        UInt32(littleEndian: name.loadUnaligned(fromByteOffset: name.count - 4, as: UInt32.self)))
    else { return nil }
    var number = 0
    for position in prefixByteCount..<name.count - 4 {
      let digit = unsafe name[position] &- 0x30
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
    }
    return unsafe name.count == leastByteCount || name[prefixByteCount] != 0x30 ? number : nil
  }

  /// How many bytes the name of a number has.
  func nameByteCount(of number: Int) -> Int {
    var byteCount = leastByteCount
    var limit = 1
    for _ in 0..<digitCount { limit *= 10 }
    while number >= limit {
      byteCount += 1
      limit *= 10
    }
    return byteCount
  }

  /// The name of a number.
  ///
  /// - Parameter suffix: which of the suffixes it has.
  func name(of number: Int, suffix: Int = 0) -> String {
    let suffixWord = suffixWords[suffix]
    let byteCount = nameByteCount(of: number)
    return unsafe String(unsafeUninitializedCapacity: byteCount) { name in
      for position in 0..<prefixByteCount {
        unsafe name[position] = UInt8(truncatingIfNeeded: prefixWord >> UInt32(8 * position))
      }
      let end = byteCount - 4
      for position in 0..<4 {
        unsafe name[end + position] = UInt8(truncatingIfNeeded: suffixWord >> UInt32(8 * position))
      }
      var rest = number
      for position in (prefixByteCount..<end).reversed() {
        unsafe name[position] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      return byteCount
    }
  }
}
