import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStorePlatform
import ImageStoreSupport

/// The state that one thread needs to decode entries, reused from call to call.
@safe final class EntryDecoder {
  var inflater = Inflater(.raw)
  /// An inflated entry.
  var memory = GrowingMemory()

  /// Room after an entry's bytes with which inflating is faster.
  static let slack = 512
  /// The longest header that is inflated in front of a slot; others go through ``memory``.
  static let mostHeaderBytes = 256
  /// The bytes that were where a header is inflated to.
  let saved = UnsafeMutableRawPointer.allocate(byteCount: mostHeaderBytes, alignment: 64)

  deinit { unsafe saved.deallocate() }
}

extension ImageEntries {
  /// A decoded entry: its pixels somewhere in memory, and how they are laid out there.
  @safe struct Decoded {
    let images: ArrayGeometry
    let pixels: UnsafeRawPointer
  }

  /// The bytes of an entry, inflated to the decoder's memory if they are not in the map.
  ///
  /// - Returns: bytes that are valid until the decoder is used again.
  func decode(
    _ index: Int, with decoder: EntryDecoder, checks: Bool
  ) throws(StoreError) -> Decoded {
    let entry = entry(index)
    let source = try unsafe archive.compressedBytes(of: entry)
    var bytes = unsafe source
    if entry.isDeflated {
      // An entry states its size: missing memory is an error and does not end the program.
      try unsafe decoder.memory.write(entry.byteCount, slack: EntryDecoder.slack) {
        (memory) throws(StoreError) in
        try unsafe decoder.inflater.inflate(source, into: memory, count: entry.byteCount)
      }
      unsafe bytes = unsafe decoder.memory.bytes
    }
    if checks { try unsafe entry.check(bytes) }
    return try unsafe decoded(bytes)
  }

  /// Where the pixels are in the bytes of an entry.
  func decoded(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> Decoded {
    let (images, dataOffset) = try unsafe form(of: bytes)
    let pixels = unsafe UnsafeRawBufferPointer(
      rebasing: bytes[dataOffset..<dataOffset + images.format.byteCount])
    return unsafe Decoded(images: images, pixels: pixels.baseAddress!)
  }

  /// Checks that every truth value of every image is 0 or 1 as it is stored.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func checkTruthValues() throws(StoreError) {
    try decoders.withObject { (decoder) throws(StoreError) in
      for index in 0..<count {
        do throws(StoreError) {
          let decoded = try decode(index, with: decoder, checks: true)
          let pixels = unsafe UnsafeRawBufferPointer(
            start: decoded.pixels, count: decoded.images.format.byteCount)
          guard let offset = unsafe TruthValues.firstOther(in: pixels) else { continue }
          throw unsafe StoreError(
            .unsupported,
            "images cannot be appended, because a bool sample in the archive is \(pixels[offset])",
            remedy: "convert the archive first")
        } catch {
          throw named(error, index)
        }
      }
    }
  }

  /// How the image is laid out in an entry's bytes: as expected, or as its own header says.
  private func form(
    of bytes: UnsafeRawBufferPointer
  ) throws(StoreError) -> (images: ArrayGeometry, dataOffset: Int) {
    if let expected, unsafe expected.isHeader(of: bytes) { return (expected.images, expected.header.count) }
    let header = try unsafe withRawSpan(of: bytes) { (file) throws(StoreError) in
      try NPYHeader(parsing: file)
    }
    let images = try geometry(of: header)
    guard images.format.byteCount <= bytes.count - header.dataOffset else {
      throw StoreError(
        .corrupt,
        "the image has \(images.format.byteCount) bytes, but its entry has \(bytes.count - header.dataOffset)"
      )
    }
    try check(images.format)
    return (images, header.dataOffset)
  }

  /// Checks that an image has the format of the others.
  func check(_ found: ImageFormat) throws(StoreError) {
    guard let format, found != format else { return }
    throw StoreError(
      .corrupt, "an image of \(found) is among images of \(format)", remedy: "save the archive again")
  }

  /// Makes truth values 0 and 1 in a slot where an image of a type has just been written.
  private static func normalize(
    _ slot: UnsafeMutableRawPointer, _ count: Int, _ format: ImageFormat
  ) {
    guard format.elementType == .bool else { return }
    unsafe TruthValues.normalize(UnsafeMutableRawBufferPointer(start: slot, count: count))
  }

  /// Inflates a whole image straight to its slot if it can.
  ///
  /// The header comes out before the pixels. It is inflated over the end of the slot before, which is put
  /// back: so pixels are written once, and inflating has the slots after as the room in which it is fastest.
  ///
  /// - Parameters:
  ///   - slot: room for the image.
  ///   - before: how many bytes before the slot belong to this thread and have been written.
  ///   - after: how many bytes from the slot on belong to this thread.
  func decodeWhole(
    _ index: Int, into slot: UnsafeMutableRawPointer, before: Int, after: Int, format: ImageFormat,
    with decoder: EntryDecoder
  ) throws(StoreError) {
    let entry = entry(index)
    if let expected, expected.images.isDirect, entry.isDeflated, entry.byteCount == expected.byteCount,
      expected.header.count <= min(before, EntryDecoder.mostHeaderBytes),
      expected.header.count + format.byteCount == entry.byteCount
    {
      let headerByteCount = expected.header.count
      let source = try unsafe archive.compressedBytes(of: entry)
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: slot - headerByteCount, count: headerByteCount + after)
      unsafe decoder.saved.copyMemory(from: target.baseAddress!, byteCount: headerByteCount)
      try unsafe decoder.inflater.inflate(source, into: target, count: entry.byteCount)
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: target[..<entry.byteCount])
      if checksums == .check { try unsafe entry.check(bytes) }
      let isAsExpected = unsafe expected.isHeader(of: bytes)
      unsafe target.baseAddress!.copyMemory(from: decoder.saved, byteCount: headerByteCount)
      if isAsExpected { return unsafe Self.normalize(slot, format.byteCount, format) }
    }
    try unsafe decodeRegion(
      ImageRegion(wholeOf: format), of: index, into: slot, format: format, with: decoder)
  }

  /// Decodes an image and copies a region of it.
  func decodeRegion(
    _ region: ImageRegion, of index: Int, into slot: UnsafeMutableRawPointer, format: ImageFormat,
    with decoder: EntryDecoder
  ) throws(StoreError) {
    let decoded = try decode(index, with: decoder, checks: checksums == .check)
    // The file is mapped and may be changed by others, so what was asked for is compared again.
    guard decoded.images.format == format else {
      throw StoreError(
        .corrupt, "the image is \(decoded.images.format), but it was \(format) when the store was opened")
    }
    unsafe decoded.images.copy(region, from: decoded.pixels, to: slot)
    unsafe Self.normalize(slot, format.cropped(to: region).byteCount, format)
  }
}

extension ImageEntries.Expected {
  /// Whether bytes begin with the header.
  @inline(__always)
  func isHeader(of bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe bytes.count == byteCount
      && header.withUnsafeBytes { unsafe memcmp($0.baseAddress!, bytes.baseAddress!, $0.count) == 0 }
  }
}
