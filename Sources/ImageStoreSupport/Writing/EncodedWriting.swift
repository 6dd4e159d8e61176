package import ImageStoreCore
internal import Synchronization

/// An encoded image among the bytes of a run of encoded images.
package struct EncodedImage: Sendable {
  /// Where its bytes are.
  package let range: Range<Int>
  package let kind: StoredKind
  /// The CRC-32 of its bytes.
  package let checksum: UInt32
}

/// How a writer of an encoded layout recognises, checks and encodes images.
package struct EncodedLayout: Sendable {
  /// The codecs that recognise and decode images.
  let codecs: [any ImageCodec]
  let checks: Bool
  let threads: Int
  fileprivate let verifiers: IdlePool<EncodedVerifier>
  fileprivate let encoders: IdlePool<EncoderBox>

  /// - Parameters:
  ///   - codecs: the codecs that recognise and decode images.
  ///   - checks: whether images that are given encoded are decoded once.
  ///   - threads: how many threads may be used.
  ///   - makeEncoder: makes an encoder for images that are given as pixels.
  package init(
    _ codecs: [any ImageCodec], checks: Bool, threads: Int,
    makeEncoder: @escaping @Sendable () throws(StoreError) -> any ImageEncoder
  ) {
    self.codecs = codecs
    self.checks = checks
    self.threads = threads
    verifiers = IdlePool { EncodedVerifier(codecs) }
    encoders = IdlePool { () throws(StoreError) in EncoderBox(try makeEncoder()) }
  }
}

/// An encoder of one thread.
private final class EncoderBox {
  let encoder: any ImageEncoder
  init(_ encoder: any ImageEncoder) { self.encoder = encoder }
}

/// A session of a writer that may have an encoded layout. The code around it is the same for all,
/// as for ``WriterSession``.
package protocol EncodedWriterSession: WriterSession, ~Copyable {
  /// nil if the store has another layout.
  var encodedLayout: EncodedLayout? { get }

  /// Writes a run of encoded images; `state.nextIndex` is the index of the first.
  ///
  /// They may be decoded at the same time, on other threads. If one cannot be decoded, the writer
  /// fails, and the written images do not count.
  ///
  /// - Parameters:
  ///   - bytes: the images one after another.
  ///   - images: where each is, and what; at least one.
  ///   - labels: labels, translated, and columns.
  mutating func write(
    encoded bytes: RawSpan, _ images: [EncodedImage], labels: ImageLabels
  ) throws(StoreError)
}

extension EncodedWriterSession where Self: ~Copyable {
  /// Appends a run of encoded images, as ``ImageStoreWriter/append(encoded:byteCounts:labels:)`` promises.
  package mutating func append(
    encoded bytes: RawSpan, byteCounts: [Int], labels: ImageLabels
  ) throws(StoreError) {
    try state.checkIsUsable()
    do throws(StoreError) {
      guard let layout = encodedLayout else { throw StoreError.keepsPixels }
      let ranges = try Self.ranges(byteCounts, in: bytes)
      let labels = try state.checked(labels, count: ranges.count)
      guard !ranges.isEmpty else { return }
      let first = state.nextIndex
      let images = try layout.examine(bytes, ranges, first: first)
      if layout.checks {
        try layout.check(bytes, images, first: first) { () throws(StoreError) in
          try write(encoded: bytes, images, labels: labels)
        }
      } else {
        try write(encoded: bytes, images, labels: labels)
      }
      state.note(images.count, labels)
    } catch {
      throw state.fail(error)
    }
  }

  /// Encodes images that were given as pixels, and writes them.
  package mutating func encodeAndWrite(
    _ pixels: RawSpan, layout batch: BatchLayout, labels: ImageLabels, with layout: EncodedLayout
  ) throws(StoreError) {
    let (bytes, images) = try layout.encode(pixels, batch, first: state.nextIndex)
    try unsafe write(encoded: bytes.span.bytes, images, labels: labels)
  }

  private static func ranges(_ byteCounts: [Int], in bytes: RawSpan) throws(StoreError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(byteCounts.count)
    var end = 0
    for (position, byteCount) in byteCounts.enumerated() {
      guard byteCount > 0, byteCount <= EncodedIndex.mostBytes else {
        throw StoreError(
          byteCount > 0 ? .unsupported : .invalidArgument, "an encoded image cannot have \(byteCount) bytes",
          remedy: "give 1 to \(EncodedIndex.mostBytes) bytes", image: position)
      }
      guard byteCount <= bytes.byteCount - end else { break }
      ranges.append(end..<end + byteCount)
      end += byteCount
    }
    guard ranges.count == byteCounts.count, end == bytes.byteCount else {
      throw StoreError(
        .invalidArgument,
        "\(bytes.byteCount) bytes are not the sum of the sizes of the \(byteCounts.count) encoded images")
    }
    return ranges
  }
}

extension EncodedLayout {
  /// Examines the headers of images, and calculates their checksums.
  fileprivate func examine(
    _ bytes: RawSpan, _ ranges: [Range<Int>], first: Int
  ) throws(StoreError) -> [EncodedImage] {
    // Some 100 KB are worth another thread.
    let minimum = max(1, (256 << 10) / max(1, bytes.byteCount / ranges.count))
    let found = Mutex([EncodedImage?](repeating: nil, count: ranges.count))
    try Workers.performRuns(of: ranges.count, minimum: minimum, threads: threads) {
      (run) throws(StoreError) in
      var images: [EncodedImage?] = []
      images.reserveCapacity(run.count)
      try verifiers.withObject { (verifier) throws(StoreError) in
        for position in run {
          do throws(StoreError) {
            let image = bytes.extracting(ranges[position])
            images.append(
              EncodedImage(
                range: ranges[position], kind: try verifier.kind(of: image),
                checksum: CRC32.checksum(of: image)))
          } catch {
            throw error.at(image: first + position)
          }
        }
      }
      found.withLock { $0.replaceSubrange(run, with: images) }
    }
    return found.withLock { $0.compactMap { $0 } }
  }

  /// Decodes images on other threads while `write` writes them.
  fileprivate func check(
    _ bytes: RawSpan, _ images: [EncodedImage], first: Int, while write: () throws(StoreError) -> Void
  ) throws(StoreError) {
    // Writing is the first piece, so it begins at once; each image is another piece.
    try Workers.perform(1 + images.count, threads: max(1, threads)) { (piece) throws(StoreError) in
      guard piece > 0 else { return try write() }
      let image = images[piece - 1]
      do throws(StoreError) {
        try verifiers.withObject { (verifier) throws(StoreError) in
          try verifier.check(bytes.extracting(image.range), image.kind)
        }
      } catch {
        throw error.at(image: first + piece - 1)
      }
    }
  }

  /// Encodes images on all threads.
  ///
  /// - Returns: the bytes of all, and where each is.
  fileprivate func encode(
    _ pixels: RawSpan, _ batch: BatchLayout, first: Int
  ) throws(StoreError) -> (bytes: [UInt8], images: [EncodedImage]) {
    let pieces = Mutex([EncodedPiece?](repeating: nil, count: batch.count))
    let minimum = max(1, (32 << 10) / max(1, batch.byteCount / max(1, batch.count)))
    let length = max(1, min(minimum, batch.count))
    try Workers.perform((batch.count + length - 1) / length, threads: threads) { (piece) throws(StoreError) in
      let run = piece * length..<min((piece + 1) * length, batch.count)
      var encoded: [EncodedPiece?] = []
      try encoders.withObject { (box) throws(StoreError) in
        try verifiers.withObject { (verifier) throws(StoreError) in
          for position in run {
            do throws(StoreError) {
              let format = batch[position]
              try box.encoder.check(format)
              let image = pixels.extracting(batch.byteRange(of: position))
              try box.encoder.encode(image, format: format) { (bytes) throws(StoreError) in
                encoded.append(
                  EncodedPiece(
                    bytes: [UInt8](copying: bytes), kind: try verifier.kind(of: bytes),
                    checksum: CRC32.checksum(of: bytes)))
              }
            } catch {
              throw error.at(image: first + position)
            }
          }
        }
      }
      pieces.withLock { $0.replaceSubrange(run, with: encoded) }
    }
    var bytes: [UInt8] = []
    var images: [EncodedImage] = []
    for piece in pieces.withLock({ $0 }) {
      guard let piece else { continue }
      images.append(
        EncodedImage(
          range: bytes.count..<bytes.count + piece.bytes.count, kind: piece.kind, checksum: piece.checksum))
      bytes += piece.bytes
    }
    return (bytes, images)
  }

  private struct EncodedPiece: Sendable {
    let bytes: [UInt8]
    let kind: StoredKind
    let checksum: UInt32
  }
}
