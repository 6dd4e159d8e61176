import ImageStoreCodecs
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Where the pixels of an archive are: in one entry per image, or in one array of all images.
enum NPZImages: Sendable {
  case entries(ImageEntries)
  case array(ImageArray)
  case bits(BitArray)
  case encoded(EncodedEntries)

  init(
    _ found: NPZContents.Images, of archive: ZipArchive, _ description: StoreDescription,
    checksums: NPZStore.ChecksumPolicy, threads: Int
  ) throws(StoreError) {
    var areEncoded = false
    switch found {
    case .encoded, .ownEncoded: areEncoded = true
    case .entries, .array, .bits: break
    }
    if !areEncoded {
      do throws(StoreError) {
        try ImageCodecs.checkUse(of: description) { _ in false }
      } catch {
        throw error.at(path: archive.path)
      }
    }
    switch found {
    case .entries(let positions):
      self = .entries(
        try ImageEntries(archive, positions, description, checksums: checksums, threads: threads))
    case .array(let array, let geometry):
      self = .array(try ImageArray(archive, array, geometry, checksums: checksums))
    case .bits(let array, let bits):
      self = .bits(try BitArray(archive, array, bits, threads: threads))
    case .encoded(let places):
      self = .encoded(
        try EncodedEntries(archive, places, description, checksums: checksums, threads: threads))
    case .ownEncoded(let positions, let kinds):
      self = .encoded(
        try EncodedEntries(archive, positions, kinds, description, checksums: checksums, threads: threads))
    }
  }

  var count: Int {
    switch self {
    case .entries(let entries): entries.count
    case .array(let array): array.images.count
    case .bits(let array): array.bits.count
    case .encoded(let entries): entries.count
    }
  }

  /// The format of all images, or nil if they differ or there are none.
  var format: ImageFormat? {
    switch self {
    case .entries(let entries): entries.format
    case .array(let array): array.images.count > 0 ? array.images.format : nil
    case .bits(let array): array.bits.count > 0 ? array.bits.format : nil
    case .encoded(let entries): entries.uniformFormat
    }
  }

  /// The format of an image, whose index has been checked.
  func format(at index: Int) throws(StoreError) -> ImageFormat {
    switch self {
    case .entries(let entries): try entries.format(at: index)
    case .array(let array): array.images.format
    case .bits(let array): array.bits.format
    case .encoded(let entries): entries.format(at: index)
    }
  }

  /// Whether images are in the map as they are delivered.
  var areMapped: Bool {
    switch self {
    case .entries(let entries): entries.mapped != nil
    case .array(let array): array.isMapped
    case .bits, .encoded: false
    }
  }

  /// Copies, converts or decodes what a plan gathers.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch self {
    case .entries(let entries): try unsafe entries.read(plan, into: memory)
    case .array(let array): try unsafe array.read(plan, into: memory)
    case .bits(let array): try unsafe array.read(plan, into: memory)
    case .encoded(let entries): try unsafe entries.read(plan, into: memory)
    }
  }
}
