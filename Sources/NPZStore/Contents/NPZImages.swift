import ImageStoreCore
import ImageStoreNumPy

/// Where the pixels of an archive are: in one entry per image, or in one array of all images.
enum NPZImages: Sendable {
  case entries(ImageEntries)
  case array(ImageArray)

  init(
    _ found: NPZContents.Images, of archive: ZipArchive, checksums: NPZStore.ChecksumPolicy, threads: Int
  ) throws(StoreError) {
    switch found {
    case .entries(let positions):
      self = .entries(try ImageEntries(archive, positions, checksums: checksums, threads: threads))
    case .array(let name, let entry):
      self = .array(try ImageArray(archive, name: name, entry, checksums: checksums))
    }
  }

  var count: Int {
    switch self {
    case .entries(let entries): entries.count
    case .array(let array): array.images.count
    }
  }

  /// The format of all images, or nil if they differ or there are none.
  var format: ImageFormat? {
    switch self {
    case .entries(let entries): entries.format
    case .array(let array): array.images.format
    }
  }

  /// The format of an image, whose index has been checked.
  func format(at index: Int) throws(StoreError) -> ImageFormat {
    switch self {
    case .entries(let entries): try entries.format(at: index)
    case .array(let array): array.images.format
    }
  }

  /// Whether images lie in the map as they are delivered.
  var areMapped: Bool {
    switch self {
    case .entries(let entries): entries.mapped != nil
    case .array(let array): array.isMapped
    }
  }

  /// Copies, converts or decodes what a plan gathers.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    switch self {
    case .entries(let entries): try unsafe entries.read(plan, into: memory)
    case .array(let array): try unsafe array.read(plan, into: memory)
    }
  }
}
