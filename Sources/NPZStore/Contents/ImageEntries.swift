import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

/// Images that have one entry each.
final class ImageEntries: Sendable {
  let archive: ZipArchive
  let positions: ImagePositions
  /// The format all images have, or nil if they differ or there are none.
  let format: ImageFormat?
  let checksums: NPZStore.ChecksumPolicy
  let threads: Int
  private let description: StoreDescription
  let decoders = IdlePool<EntryDecoder> { EntryDecoder() }
  /// The header of the first image, which all others are expected to repeat byte for byte.
  let expected: Expected?
  /// Whether the bytes of an image are delivered as they are if its header is that of the first.
  let isRepeatedHeaderEnough: Bool
  /// Where the pixels of each stored image are in the file, once they have been checked, and 0
  /// before; nil if any image is deflated or must be converted.
  let mapped: AtomicArray<Int>?
  /// How many images of ``mapped`` have not been checked: once it is 0, nothing looks for them.
  let uncheckedCount: Atomic<Int>

  /// The form that entries of one format have.
  struct Expected: Sendable {
    let header: [UInt8]
    let images: ArrayGeometry
    /// The bytes of the entry.
    let byteCount: Int
  }

  var count: Int { positions.count }

  /// Whether every read of an image checks it, and not the first alone or none.
  var areCheckedByReading: Bool { mapped == nil && checksums == .check }

  init(
    _ archive: ZipArchive, _ positions: ImagePositions, _ description: StoreDescription = StoreDescription(),
    checksums: NPZStore.ChecksumPolicy, threads: Int
  ) throws(StoreError) {
    self.archive = archive
    self.description = description
    self.positions = positions
    self.checksums = checksums
    self.threads = threads
    guard positions.count > 0 else {
      (format, expected, mapped, isRepeatedHeaderEnough) = (nil, nil, nil, false)
      uncheckedCount = Atomic(0)
      return
    }
    let entry = archive.directory.entries[positions.position(of: 0)]
    let name = positions.name(of: 0)
    let first: Expected
    do throws(StoreError) {
      var inflater = Inflater(.raw)
      let (header, bytes) = try archive.headerAndBytes(of: entry, with: &inflater)
      let geometry = try ArrayGeometry(imageOf: header, description, isOurs: archive.end.mark != nil)
      first = Expected(header: bytes, images: geometry, byteCount: entry.byteCount)
      // A header that all others are compared with had better be right; of a large image only
      // reading it tells.
      if entry.byteCount <= Self.mostBytesChecked {
        _ = try archive.contents(of: entry, limit: entry.byteCount)
      }
    } catch {
      throw error.at(path: archive.path, image: 0, key: name)
    }
    var sizesAgree = true
    var allStored = true
    for index in 0..<positions.count {
      let entry = archive.directory.entries[positions.position(of: index)]
      sizesAgree = sizesAgree && entry.byteCount == first.byteCount
      allStored = allStored && !entry.isDeflated
    }
    var isUniform = archive.end.mark == .uniform
    var areDirect = first.images.isDirect
    if archive.end.mark == nil && sizesAgree {
      (isUniform, areDirect) = try Self.sample(
        archive, positions, first.images.format, description, threads: threads)
    }
    format = isUniform ? first.images.format : nil
    expected = isUniform ? first : nil
    // numpy writes truth values other than 0 and 1, which must be changed before anyone sees them.
    let areDeliverable = first.images.format.elementType != .bool || archive.end.mark != nil
    mapped =
      allStored && isUniform && areDirect && areDeliverable ? try AtomicArray(count: positions.count) : nil
    isRepeatedHeaderEnough = first.images.isDirect && first.images.format.elementType != .bool
    uncheckedCount = Atomic(mapped?.count ?? 0)
  }

  /// A larger first image is not read through for its checksum when the archive is opened.
  private static let mostBytesChecked = 16 << 20

  /// How many headers are read when a foreign archive is opened whose entries are of one size.
  private static let mostSamples = 4096

  /// Whether a sample of the images, all of them if they are few, has the format of the first, and
  /// whether their bytes are those a store delivers.
  private static func sample(
    _ archive: ZipArchive, _ positions: ImagePositions, _ format: ImageFormat,
    _ description: StoreDescription, threads: Int
  ) throws(StoreError) -> (isUniform: Bool, areDirect: Bool) {
    let samples = min(positions.count, mostSamples)
    let isUniform = Atomic(true)
    let areDirect = Atomic(true)
    let decoders = IdlePool<EntryDecoder> { EntryDecoder() }
    let entries = (0..<samples).map {
      archive.directory.entries[positions.position(of: $0 * positions.count / samples)]
    }
    try archive.file.readingPieces(entries.map(archive.headers)) { () throws(StoreError) in
      try Workers.performRuns(of: samples, minimum: 64, threads: threads) { (run) throws(StoreError) in
        try decoders.withObject { (decoder) throws(StoreError) in
          for entry in entries[run] {
            // A header that cannot be read is reported when its image is.
            guard let header = try? archive.header(of: entry, with: &decoder.inflater),
              let images = try? ArrayGeometry(imageOf: header, description, isOurs: false)
            else { continue }
            if images.format != format { isUniform.store(false, ordering: .relaxed) }
            if !images.isDirect { areDirect.store(false, ordering: .relaxed) }
          }
        }
      }
    }
    return (isUniform.load(ordering: .relaxed), areDirect.load(ordering: .relaxed))
  }

  /// The entry of an image; the index has been checked.
  @inline(__always)
  func entry(_ index: Int) -> ZipEntry {
    archive.directory.entries[positions.position(of: index)]
  }

  /// The same error naming the file, the image and its entry.
  func named(_ error: StoreError, _ index: Int) -> StoreError {
    error.at(path: archive.path, image: index, key: positions.name(of: index))
  }

  /// How the image of a header is laid out in its entry.
  func geometry(of header: NPYHeader) throws(StoreError) -> ArrayGeometry {
    try ArrayGeometry(imageOf: header, description, isOurs: archive.end.mark != nil)
  }

  /// The format of one image, whose index has been checked.
  func format(at index: Int) throws(StoreError) -> ImageFormat {
    if let format { return format }
    do throws(StoreError) {
      return try decoders.withObject { (decoder) throws(StoreError) in
        try geometry(of: archive.header(of: entry(index), with: &decoder.inflater)).format
      }
    } catch {
      throw named(error, index)
    }
  }
}
