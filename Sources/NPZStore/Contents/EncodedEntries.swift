import ImageStoreCodecs
import ImageStoreCore
import ImageStoreDeflate
import ImageStoreSupport

/// Images that are the bytes of a PNG or JPEG each: entries of their own, as `numpy.load` returns
/// them, or one after another in an array of bytes.
final class EncodedEntries: Sendable {
  /// Where the bytes of an image are.
  struct Place: Sendable {
    let entry: ZipEntry
    /// Its name in messages.
    let name: String
    /// Its bytes in the entry; nil for all of it.
    var range: Range<Int>?
  }

  private let archive: ZipArchive
  /// The places of images of another program.
  private let places: [Place]
  /// The places of images of this package, which has an index of their kinds.
  private let positions: ImagePositions?
  private let index: EncodedIndex?
  private let description: StoreDescription
  /// Whether the delivered image is the one that the bytes decode to by default.
  let areFiles: Bool
  private let checksums: NPZStore.ChecksumPolicy
  private let threads: Int
  private let kinds: [StoredKind]
  private let kindOfImage: [UInt32]
  /// The bytes of all images, if those are in one deflated array.
  private let whole: DeflatedEntry?
  private let decoders: IdlePool<Decoder>
  /// Whether an image has a palette.
  let hasPalettes: Bool

  private final class Decoder {
    let images: EncodedImageDecoder
    var inflater = Inflater(.raw)
    var memory = GrowingMemory()

    init(_ description: StoreDescription) { images = ImageCodecs.decoder(description) }
  }

  var count: Int { index?.count ?? kindOfImage.count }
  /// The format all images have, or nil if they differ.
  var uniformFormat: ImageFormat? {
    if let index { return index.uniformFormat }
    guard let first = kinds.first?.format else { return nil }
    return kinds.allSatisfy { $0.format == first } ? first : nil
  }

  func format(at index: Int) -> ImageFormat { kind(at: index).format }

  /// The kind of an image; the codec is 0 if there is no index.
  func kind(at image: Int) -> StoredKind { index?.kind(at: image) ?? kinds[Int(kindOfImage[image])] }

  /// Whether images have their numbers as names, as in this package's archives.
  var areNumbered: Bool { positions?.areNumbered ?? false }

  /// The kinds of the images of this package.
  var ownKinds: [StoredKind] { (0..<count).map(kind(at:)) }

  func place(_ index: Int) -> Place {
    guard let positions else { return places[index] }
    return Place(
      entry: archive.directory.entries[positions.position(of: index)], name: name(of: index))
  }

  private func name(of index: Int) -> String {
    positions == nil ? places[index].name : ZipNumbering.name(ofEncoded: index, kind(at: index))
  }

  /// Lends the encoded bytes of an image.
  func withBytes(
    of index: Int, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    do throws(StoreError) {
      try decoders.withObject { (decoder) throws(StoreError) in
        try Self.withBytes(
          of: place(index), in: archive, whole, decoder, checks: checksums == .check, body)
      }
    } catch {
      throw named(error, index)
    }
  }

  /// Where an image is in the archive; nil if all are deflated as one.
  func archiveRange(of index: Int) -> Range<Int>? {
    guard whole == nil else { return nil }
    let place = place(index)
    let entry = place.entry
    guard let range = place.range else { return entry.offset..<entry.limit }
    let data = entry.offset + entry.leastByteCount - entry.compressedByteCount
    return min(data + range.lowerBound, entry.limit)..<min(data + range.upperBound, entry.limit)
  }

  /// Examines the header of each image.
  ///
  /// - Parameter description: the caller's description of encoded images.
  /// - Throws: ``StoreError/Code/unusedOption`` for options that apply to none.
  init(
    _ archive: ZipArchive, _ places: [Place], _ description: StoreDescription,
    checksums: NPZStore.ChecksumPolicy, threads: Int
  ) throws(StoreError) {
    self.archive = archive
    self.places = places
    positions = nil
    index = nil
    self.description = description
    areFiles = ImageCodecs.areDeliveredAsEncoded(description)
    self.checksums = checksums
    self.threads = threads
    whole =
      if let first = places.first, first.range != nil, first.entry.isDeflated {
        DeflatedEntry(archive, first.entry, checks: checksums == .check)
      } else { nil }
    var numbers: [ImageFormat: UInt32] = [:]
    var kinds: [StoredKind] = []
    var kindOfImage: [UInt32] = []
    let decoder = Decoder(description)
    decoders = IdlePool { Decoder(description) }
    let whole = whole
    try archive.file.readingPieces(places.map { Self.head(of: $0, in: archive) }) { () throws(StoreError) in
      for index in places.indices {
        do throws(StoreError) {
          let format = try Self.format(ofHead: places[index], in: archive, whole, decoder)
          if numbers[format] == nil {
            numbers[format] = UInt32(kinds.count)
            kinds.append(StoredKind(format))
          }
          kindOfImage.append(numbers[format]!)
        } catch {
          throw error.at(path: archive.path, image: index, key: places[index].name)
        }
      }
    }
    self.kinds = kinds
    self.kindOfImage = kindOfImage
    do throws(StoreError) {
      try ImageCodecs.checkUse(of: description) { decoder.images.hasUse(for: $0) }
    } catch {
      throw error.at(path: archive.path)
    }
    hasPalettes = decoder.images.hasUse(for: .palette)
  }

  /// Images of this package, whose headers are not examined.
  ///
  /// - Parameter kinds: the kind of each, from the index.
  init(
    _ archive: ZipArchive, _ positions: ImagePositions, _ kinds: [StoredKind],
    _ description: StoreDescription,
    checksums: NPZStore.ChecksumPolicy, threads: Int
  ) throws(StoreError) {
    var index = EncodedIndex()
    index.reserveCapacity(kinds.count)
    for kind in kinds { index.append(kind, at: 0..<0) }
    do throws(StoreError) {
      try ImageCodecs.checkUse(of: description, in: index)
    } catch {
      throw error.at(path: archive.path)
    }
    if description.orientation == .upright { index = index.upright() }
    self.index = index
    self.description = description
    self.archive = archive
    self.positions = positions
    self.checksums = checksums
    self.threads = threads
    places = []
    whole = nil
    areFiles = ImageCodecs.areDeliveredAsEncoded(description)
    hasPalettes = false
    decoders = IdlePool { Decoder(description) }
    self.kinds = []
    kindOfImage = []
  }

  /// The first bytes of a PNG, which nearly always have its format.
  private static let headByteCount = 4096

  /// Where the head of an image is, and the header of its entry.
  private static func head(of place: Place, in archive: ZipArchive) -> Range<Int> {
    let start = place.entry.offset + (place.range?.lowerBound ?? 0)
    return start..<max(start, min(start + headByteCount + place.entry.nameByteCount + 64, place.entry.limit))
  }

  private static func format(
    ofHead place: Place, in archive: ZipArchive, _ whole: DeflatedEntry?, _ decoder: Decoder
  ) throws(StoreError) -> ImageFormat {
    let entry = place.entry
    if place.range == nil, entry.isDeflated, entry.byteCount > headByteCount {
      let source = try unsafe archive.compressedBytes(of: entry)
      try unsafe decoder.memory.write(headByteCount) { (head) throws(StoreError) in
        try unsafe decoder.inflater.inflatePrefix(of: source, into: head)
      }
      let format = try unsafe withRawSpan(of: decoder.memory.bytes) { (head) throws(StoreError) in
        try decoder.images.format(ofHead: head)
      }
      if let format { return format }
    }
    var found: ImageFormat?
    try withBytes(of: place, in: archive, whole, decoder, checks: false) { (bytes) throws(StoreError) in
      found = try decoder.images.format(ofHead: bytes)
    }
    guard let found else { throw StoreError(.corrupt, "the image ends before its header does") }
    return found
  }

  /// Lends the encoded bytes of an image.
  private static func withBytes(
    of place: Place, in archive: ZipArchive, _ whole: DeflatedEntry?, _ decoder: Decoder, checks: Bool,
    _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    if let range = place.range, let whole {
      try unsafe whole.forEach(count: 1) { _ in
        range
      } _: { (_, start) throws(StoreError) in
        try unsafe withRawSpan(of: UnsafeRawBufferPointer(start: start, count: range.count), body)
      }
      return
    }
    let source = try unsafe archive.compressedBytes(of: place.entry)
    if let range = place.range {
      try unsafe withRawSpan(of: UnsafeRawBufferPointer(rebasing: source[range]), body)
    } else if place.entry.isDeflated {
      // An entry says how large it is: no image of its kind is larger than its header allows.
      guard place.entry.byteCount <= mostEncodedBytes else {
        throw StoreError(
          .limitExceeded, "the encoded image has \(place.entry.byteCount) bytes, which is too large")
      }
      try unsafe decoder.memory.write(place.entry.byteCount, slack: EntryDecoder.slack) {
        (memory) throws(StoreError) in
        try unsafe decoder.inflater.inflate(source, into: memory, count: place.entry.byteCount)
      }
      if checks { try unsafe place.entry.check(decoder.memory.bytes) }
      try unsafe withRawSpan(of: decoder.memory.bytes, body)
    } else {
      if checks { try unsafe place.entry.check(source) }
      try unsafe withRawSpan(of: source, body)
    }
  }

  private static let mostEncodedBytes = 1 << 30

  /// Decodes images, or a region of each, to their slots.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try unsafe plan.decode(by: decoders, threads: threads, into: memory) {
      (decoder, index, request, slot) throws(StoreError) in
      do throws(StoreError) {
        try Self.withBytes(of: place(index), in: archive, whole, decoder, checks: checksums == .check) {
          (bytes) throws(StoreError) in
          try unsafe decoder.images.decode(bytes, request, into: slot)
        }
      } catch {
        throw named(error, index)
      }
    }
  }

  /// Compares images with the checksums that their entries and their own format have; those of this
  /// package are also decoded.
  func verify(_ indices: Span<Int>) throws(StoreError) {
    try Workers.performRuns(of: indices.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
      let verifier = positions == nil ? nil : EncodedVerifier(ImageCodecs.all(description))
      for position in run { try verify(indices[position], verifier) }
    }
  }

  private func verify(_ index: Int, _ verifier: EncodedVerifier?) throws(StoreError) {
    do throws(StoreError) {
      let place = place(index)
      try decoders.withObject { (decoder) throws(StoreError) in
        try Self.withBytes(of: place, in: archive, whole, decoder, checks: true) {
          (bytes) throws(StoreError) in
          guard let verifier else { return try decoder.images.verify(bytes) }
          try verifier.verify(bytes, kind(at: index), checksum: place.entry.checksum)
        }
      }
    } catch {
      throw named(error, index)
    }
  }

  private func named(_ error: StoreError, _ index: Int) -> StoreError {
    error.at(path: archive.path, image: index, key: name(of: index))
  }
}
