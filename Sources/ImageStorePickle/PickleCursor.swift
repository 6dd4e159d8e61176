import ImageStoreCore

/// The source and how far it has been read.
///
/// Invariant behind the unsafe reads: `base` has `count` readable bytes for as long as the cursor
/// lives, and every read is behind a check that `0 <= offset` and `offset + length <= limit <= count`.
@safe struct PickleCursor {
  private let base: UnsafeRawPointer
  let count: Int
  private(set) var offset = 0
  /// Where what may be read now ends: the end of the frame, or of the source outside of frames.
  private var limit: Int
  private var isInFrame = false
  /// The instruction being executed and where it is, for messages.
  private(set) var opcode = Opcode.stop
  private(set) var opcodeOffset = 0

  /// - Parameter base: stays readable for `count` bytes while the cursor is used.
  @unsafe init(base: UnsafeRawPointer, count: Int) {
    unsafe self.base = base
    self.count = count
    limit = count
  }

  /// Reads the next instruction.
  mutating func next() throws(StoreError) -> Opcode {
    if offset == limit {
      limit = count
      isInFrame = false
    }
    guard offset < limit else {
      throw StoreError(
        .corrupt, "the pickle ends at offset \(offset) without STOP",
        remedy: "the file is cut short; get it again")
    }
    let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
    guard let opcode = Opcode(rawValue: byte) else {
      throw StoreError(
        .unrecognized,
        "byte 0x\(String(byte, radix: 16)) at offset \(offset) is not an opcode of a pickle")
    }
    self.opcode = opcode
    opcodeOffset = offset
    offset += 1
    return opcode
  }

  /// Begins a frame of `length` bytes.
  mutating func beginFrame(_ length: Int) throws(StoreError) {
    guard !isInFrame else { throw corrupt("begins a frame within a frame") }
    guard length <= count - offset else {
      throw corrupt("announces \(length) bytes, but \(count - offset) are left")
    }
    limit = offset + length
    isInFrame = true
  }

  /// Takes the next `length` bytes.
  mutating func take(_ length: Int) throws(StoreError) -> Range<Int> {
    guard length >= 0, length <= limit - offset else {
      throw corrupt("announces \(length) bytes, but \(limit - offset) are left")
    }
    let range = offset..<offset + length
    offset += length
    return range
  }

  /// Takes bytes up to a line feed, and the line feed, which is not in the result.
  mutating func takeLine() throws(StoreError) -> Range<Int> {
    let start = offset
    var end = start
    while end < limit, unsafe base.load(fromByteOffset: end, as: UInt8.self) != 0x0A { end += 1 }
    guard end < limit else { throw corrupt("has no end of line") }
    offset = end + 1
    return start..<end
  }

  /// A little-endian number of the instruction.
  @inline(__always)
  mutating func number<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self
  ) throws(StoreError) -> Integer {
    guard MemoryLayout<Integer>.size <= limit - offset else {
      throw corrupt("is cut short")
    }
    let value = unsafe base.loadUnaligned(fromByteOffset: offset, as: Integer.self)
    offset += MemoryLayout<Integer>.size
    return Integer(littleEndian: value)
  }

  /// A length of eight bytes.
  mutating func length() throws(StoreError) -> Int {
    let length = try number(UInt64.self)
    guard let exact = Int(exactly: length) else {
      throw corrupt("announces \(length) bytes, but \(limit - offset) are left")
    }
    return exact
  }

  /// Bytes of the source that were taken before.
  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Bytes of the source as text, for messages and names, at most 80 of them.
  func excerpt(_ range: Range<Int>) -> String {
    unsafe String(decoding: bytes(range.prefix(80)), as: UTF8.self)
  }
}

extension PickleCursor {
  /// The error of an instruction that contradicts the format.
  func corrupt(_ message: String) -> StoreError {
    StoreError(.corrupt, "opcode \(opcode.name) at offset \(opcodeOffset) \(message)")
  }

  /// The error of an instruction that is legal in Python, but is not data or not read here.
  func refused(_ message: String) -> StoreError {
    StoreError(
      .unsupported, "opcode \(opcode.name) at offset \(opcodeOffset) \(message)",
      remedy: "this package reads data and runs no code from a pickle; save the arrays with numpy.save")
  }

  /// The error of an instruction beyond a limit.
  func beyondLimit(_ message: String) -> StoreError {
    StoreError(.limitExceeded, "opcode \(opcode.name) at offset \(opcodeOffset) \(message)")
  }
}
