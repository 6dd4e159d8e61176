import CImageStoreZlib
package import ImageStoreCore

/// Inflates a gzip file of any size in pieces (RFC 1952): one member or several after another,
/// zeros after the last.
@safe package struct GzipReader: ~Copyable {
  /// Puts the next bytes of the file in a buffer and says how many; 0 at the end.
  package typealias Refill = (UnsafeMutableRawBufferPointer) throws(StoreError) -> Int

  private enum Position { case betweenMembers, inMember, atEnd }

  private var stream: InflateStream
  private let refill: Refill
  private var buffer: GrowingMemory
  private var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  private var position = Position.betweenMembers
  private var hasMember = false

  /// Reads a file that `refill` reads in pieces of at most `pieceByteCount`.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  package init(pieceByteCount: Int = 1 << 16, _ refill: @escaping Refill) throws(StoreError) {
    var buffer = GrowingMemory()
    try buffer.reserve(max(1, pieceByteCount))
    stream = try InflateStream(.gzip)
    self.buffer = buffer
    unsafe self.refill = unsafe refill
  }

  /// Reads a file that is in memory, which must stay as it is for as long as the reader is used.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory.
  @unsafe package init(mapped bytes: UnsafeRawBufferPointer) throws(StoreError) {
    stream = try InflateStream(.gzip)
    buffer = GrowingMemory()
    unsafe refill = { (_) throws(StoreError) in 0 }
    unsafe input = unsafe bytes
  }

  /// How many bytes of a file in memory have not been read.
  package var restByteCount: Int { unsafe input.count }

  /// Whether a file that begins with these bytes may be gzip.
  package static func recognizes(_ prefix: RawSpan) -> Bool {
    unsafe prefix.withUnsafeBytes { unsafe $0.starts(with: [0x1F, 0x8B, 8]) }
  }

  /// Inflates the next bytes. The checksum at the end of a member is checked by the call that reads
  /// past it, so a file is known to be whole once 0 has been returned.
  ///
  /// - Returns: how many bytes were written; fewer than `destination` holds only at the end of the
  ///   file, so 0 says that there are no more.
  /// - Throws: ``StoreError/Code/corrupt`` if the file is cut short, is not gzip or fails a
  ///   checksum; what `refill` throws.
  package mutating func read(
    into destination: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    var room = unsafe destination
    while unsafe !room.isEmpty, position != .atEnd {
      if unsafe input.isEmpty { try fill() }
      switch position {
      case .betweenMembers: try beginMember()
      case .inMember: try unsafe inflate(into: &room)
      case .atEnd: break
      }
    }
    return destination.count - room.count
  }

  private mutating func fill() throws(StoreError) {
    let count = try unsafe refill(buffer.memory)
    precondition(unsafe count >= 0 && count <= buffer.memory.count)
    unsafe input = UnsafeRawBufferPointer(rebasing: buffer.memory[..<count])
  }

  private mutating func beginMember() throws(StoreError) {
    guard hasMember else {
      guard unsafe !input.isEmpty else {
        throw StoreError(.corrupt, "expected a gzip file, found an empty one")
      }
      hasMember = true
      position = .inMember
      return
    }
    // Archives written to blocks of a fixed size end in zeros.
    unsafe input = UnsafeRawBufferPointer(rebasing: input.drop { $0 == 0 })
    if unsafe !input.isEmpty {
      stream.reset()
      position = .inMember
    } else if try isAtEndOfFile() {
      position = .atEnd
    }
  }

  private mutating func isAtEndOfFile() throws(StoreError) -> Bool {
    try fill()
    return unsafe input.isEmpty
  }

  private mutating func inflate(
    into room: inout UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard unsafe !input.isEmpty else {
      throw StoreError(.corrupt, "the gzip file is cut short", remedy: "fetch it again")
    }
    let status = unsafe stream.inflate(&input, into: &room, isWhole: false)
    guard status == Z_OK || status == Z_STREAM_END else { throw stream.error(status) }
    if status == Z_STREAM_END { position = .betweenMembers }
  }
}
