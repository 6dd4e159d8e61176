import ImageStoreCore

/// What opening found in a file.
struct HDF5Contents: Sendable {
  var images: HDF5Images
  var count: Int
  var format: ImageFormat?
  var records = HDF5Records()
}

/// Where the pixels of a store are, and how they get from there to the caller.
enum HDF5Images: Sendable {
  /// In the file as they are, one image after another from an offset.
  case mapped(offset: Int, StoredType)
  /// In memory, as the machine has them: datasets kept in their header.
  case resident(PixelMemory)
  /// Nowhere: every image is this one, of fill values.
  case constant(PixelMemory)
  case chunked(ChunkedPixels, StoredType)
  case library(LibraryPixels, StoredType)
  /// A dataset each.
  case each(ImageTable)
}

extension HDF5Images {
  /// How many images lie in chunks with a Fletcher-32, which is compared whenever they are read.
  var checksumCoverage: ChecksumCoverage {
    switch self {
    case .mapped, .resident, .constant: .noImages
    case .chunked(let pixels, _): pixels.checksumCoverage
    // Which chunks were written without it only the library knows.
    case .library(let pixels, _): pixels.hasFletcher32 ? .someImages : .noImages
    case .each(let table): table.checksumCoverage
    }
  }
}

/// The datasets that say something of images besides their pixels.
struct HDF5Records: Sendable {
  var labels: StoredValues?
  /// The columns by their names.
  var columns: [String: StoredValues] = [:]
  /// A CRC-32 of each image.
  var checksums: StoredValues?
  /// The CRC-32 of the labels, the columns and the class names by the names of their attributes.
  var valueChecksums: [String: UInt32] = [:]
  /// The names of the classes, if they are an attribute.
  var classNames: [String]?
  /// The names of the classes, if they are a dataset.
  var storedClassNames: StoredValues?
  /// Whether the images are those of a store that this package wrote, so that there must be checksums, and a column that
  /// cannot be read is damage.
  var isOwn = false
}
