package import ImageStoreCore

/// Where the encoded images of a store are, and what each decodes to: 16 bytes per image.
package struct EncodedIndex: Sendable {
  private var kinds: [StoredKind] = []
  private var numbers: [StoredKind: UInt32] = [:]
  private var kindOfImage: [UInt32] = []
  private var starts: [Int] = []
  private var byteCounts: [UInt32] = []
  private var isUniform = true

  /// The most bytes that an encoded image may have.
  package static let mostBytes = 1 << 31 - 1 << 20

  package init() {}

  package var count: Int { starts.count }

  /// The format of all images, or nil if they differ or there are none.
  package var uniformFormat: ImageFormat? { isUniform ? kinds.first?.format : nil }

  package mutating func reserveCapacity(_ count: Int) {
    kindOfImage.reserveCapacity(count)
    starts.reserveCapacity(count)
    byteCounts.reserveCapacity(count)
  }

  /// Adds an image.
  ///
  /// - Parameter range: where its bytes are, in the store's own count; at most ``mostBytes``.
  package mutating func append(_ kind: StoredKind, at range: Range<Int>) {
    let number: UInt32
    if let last = kindOfImage.last, kinds[Int(last)] == kind {
      number = last
    } else if let known = numbers[kind] {
      number = known
    } else {
      number = UInt32(kinds.count)
      kinds.append(kind)
      numbers[kind] = number
      if kind.format != kinds[0].format { isUniform = false }
    }
    kindOfImage.append(number)
    starts.append(range.lowerBound)
    byteCounts.append(UInt32(truncatingIfNeeded: range.count))
  }

  /// The same for images that are delivered upright; height and width of images stored on their
  /// side are exchanged.
  package func upright() -> EncodedIndex {
    var index = EncodedIndex()
    index.reserveCapacity(count)
    for image in 0..<count { index.append(kind(at: image).upright, at: range(of: image)) }
    return index
  }

  package func kind(at index: Int) -> StoredKind { kinds[Int(kindOfImage[index])] }

  /// The kinds there are.
  package var allKinds: [StoredKind] { kinds }

  package func format(at index: Int) -> ImageFormat { kinds[Int(kindOfImage[index])].format }

  package func range(of index: Int) -> Range<Int> {
    let start = starts[index]
    return start..<start + Int(byteCounts[index])
  }
}

/// Compares encoded images with a store's index.
package final class EncodedVerifier {
  private let decoder: EncodedImageDecoder
  private let codecs: [any ImageCodec]
  private var pixels = GrowingMemory()

  package init(_ codecs: [any ImageCodec]) {
    self.codecs = codecs
    decoder = EncodedImageDecoder(codecs)
  }

  /// The kind of an image, by its first bytes.
  package func kind(of encoded: RawSpan) throws(StoreError) -> StoredKind {
    guard let format = try decoder.format(ofHead: encoded) else {
      throw StoreError(.corrupt, "the encoded image ends before its header does")
    }
    let codec = codecs.first { $0.recognizes(encoded) }?.number ?? 0
    return StoredKind(format, codec: codec, orientation: try decoder.orientation(ofHead: encoded))
  }

  /// Checks that an image can be decoded.
  package func check(_ encoded: RawSpan, _ kind: StoredKind) throws(StoreError) {
    try decoder.check(encoded, as: kind.format, in: &pixels)
  }

  /// Compares an image with its checksum and with the index, and decodes it.
  package func verify(_ encoded: RawSpan, _ kind: StoredKind, checksum: UInt32) throws(StoreError) {
    let found = CRC32.checksum(of: encoded)
    guard found == checksum else {
      throw StoreError(.corrupt, "the checksum of its bytes is \(found), but \(checksum) was written")
    }
    let actual = try self.kind(of: encoded)
    guard actual == kind else {
      throw StoreError(.corrupt, "it is \(text(of: actual)), but the index says \(text(of: kind))")
    }
    try check(encoded, kind)
  }

  /// The text for a kind in messages, such as `a JPEG of 480x640x3 uint8 in orientation 6`.
  private func text(of kind: StoredKind) -> String {
    let name = codecs.first { $0.number == kind.codec }?.name ?? "file of the codec \(kind.codec)"
    return "a \(name) of \(kind.format)"
      + (kind.orientation == 1 ? "" : " in orientation \(kind.orientation)")
  }
}
