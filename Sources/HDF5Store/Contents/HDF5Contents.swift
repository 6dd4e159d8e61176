import ImageStoreCore
import ImageStoreSupport

/// The contents of a file, as found when it was opened.
struct HDF5Contents: Sendable {
  var images: HDF5Images
  var count: Int
  var format: ImageFormat?
  var records = HDF5Records()
  var notes: [ReadingNote] = []
  /// The names of all objects that were read, or that have a note that they were not.
  var names: Set<String> = []
  /// Signs that the images may be packed bits, unless something says that they are not.
  var signs: PackedBitSigns?

  init(images: HDF5Images, count: Int, format: ImageFormat?) {
    self.images = images
    self.count = count
    self.format = format
  }
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
  /// In another order than they are delivered in.
  indirect case turned(TurnedImages, StoredType)
  case encoded(EncodedImages)

  /// Whether this package would write them with the same layout.
  var areAsWritten: Bool {
    switch self {
    case .turned: false
    case .encoded(let images): images.index != nil
    case .each(let table): table.sources.values.allSatisfy(\.areAsWritten)
    default: true
    }
  }
}

extension HDF5Images {
  /// How many images are in chunks with a Fletcher-32, which is compared whenever they are read.
  var checksumCoverage: ChecksumCoverage {
    switch self {
    case .mapped, .resident, .constant: .noImages
    case .chunked(let pixels, _): pixels.checksumCoverage
    // Only the library knows which chunks were written without it.
    case .library(let pixels, _): pixels.hasFletcher32 ? .someImages : .noImages
    case .each(let table): table.checksumCoverage
    case .turned(let images, _): images.checksumCoverage
    case .encoded: .noImages
    }
  }
}

/// The datasets with information on images other than their pixels.
struct HDF5Records: Sendable {
  var labels: StoredValues?
  /// Labels that had to be interpreted: text, floats, one-hot rows.
  var foundLabels: [Int]?
  /// Columns that were read when the file was opened, such as labels which are not classes.
  var foundColumns: [String: Column] = [:]
  /// The columns by their names.
  var columns: [String: StoredColumn] = [:]
  /// A CRC-32 of each image.
  var checksums: StoredValues?
  /// The index of encoded images of this package, by the names of the datasets.
  var encoded: [String: StoredValues] = [:]
  /// The CRC-32 of the labels, the columns and the class names by the names of their attributes.
  var valueChecksums: [String: UInt32] = [:]
  /// The names of the classes, if they are an attribute.
  var classNames: [String]?
  /// The names of the classes, if they are a dataset.
  var storedClassNames: StoredValues?
  /// Whether the images are those of a store that this package wrote, so that there must be
  /// checksums, and a column that cannot be read is damage.
  var isOwn = false
}
