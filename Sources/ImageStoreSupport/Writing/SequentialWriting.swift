internal import CImageStoreSystem
package import ImageStoreCore

/// Writes a file from front to back, each byte once, in pieces that begin and end at multiples of their size.
///
/// The page cache keeps a whole aligned piece of 2 MiB in one page, if the system has pages of that
/// size, and a map of the file then needs one entry for it, so images in random order are found
/// sooner. The disk begins to write while the writer is still working, so syncing at the end does
/// not take long.
package struct SequentialWriting: Sendable {
  package static let pieceByteCount = 2 << 20
  /// Large enough for few requests to the disk and allocation in one piece, small enough that the
  /// disk is never idle.
  private static let stepByteCount = 4 << 20

  /// The bytes added since the last whole piece.
  private var pending: [UInt8] = []
  /// Where the first pending byte goes.
  private var position: Int
  /// The end of the bytes that the disk was asked to write.
  private var begun: Int

  /// - Parameter start: where the first byte is written.
  package init(from start: Int = 0) {
    position = start
    begun = start
  }

  /// Where the next byte goes.
  package var end: Int { position + pending.count }

  /// Whether this many more bytes make a whole piece.
  package func completesPiece(adding byteCount: Int) -> Bool {
    Self.boundary(notAfter: end + byteCount) > Self.boundary(notAfter: end)
  }

  /// Adds bytes.
  package mutating func append(
    _ bytes: UnsafeRawBufferPointer, to file: borrowing File
  ) throws(StoreError) {
    guard completesPiece(adding: bytes.count) else { return unsafe pending.append(contentsOf: bytes) }
    try unsafe append([bytes], to: file)
  }

  /// Adds parts that are apart in memory, one after another. Whole pieces are written from where
  /// they are.
  package mutating func append(
    _ parts: [UnsafeRawBufferPointer], to file: borrowing File
  ) throws(StoreError) {
    let byteCount = unsafe parts.reduce(0) { $0 + $1.count }
    guard completesPiece(adding: byteCount) else {
      return unsafe parts.forEach { unsafe pending.append(contentsOf: $0) }
    }
    let boundary = Self.boundary(notAfter: end + byteCount)
    var room = boundary - end
    try unsafe pending.span.withUnsafeBytes { (pending) throws(StoreError) in
      var whole = unsafe pending.isEmpty ? [] : [pending]
      unsafe parts.forEach { part in
        unsafe whole.append(UnsafeRawBufferPointer(rebasing: part.prefix(room)))
        room = max(0, room - part.count)
      }
      try unsafe file.write(whole, at: position)
    }
    var taken = boundary - end
    pending.removeAll(keepingCapacity: true)
    unsafe parts.forEach { part in
      unsafe pending.append(contentsOf: part.dropFirst(taken))
      taken = max(0, taken - part.count)
    }
    position = boundary
    beginWriting(file)
  }

  /// Also writes the rest that is not a whole piece.
  package mutating func flush(to file: borrowing File) throws(StoreError) {
    guard !pending.isEmpty else { return }
    try unsafe file.write(pending.span.bytes, at: position)
    position += pending.count
    pending.removeAll(keepingCapacity: true)
    beginWriting(file)
  }

  /// The last multiple of a piece's size up to an offset.
  package static func boundary(notAfter offset: Int) -> Int { offset / pieceByteCount * pieceByteCount }

  private mutating func beginWriting(_ file: borrowing File) {
    guard position - begun >= Self.stepByteCount else { return }
    image_stores_begin_writing(file.descriptor, Int64(begun), Int64(position - begun))
    begun = position
  }
}
