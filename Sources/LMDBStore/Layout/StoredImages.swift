internal import ImageStoreCore

/// Where the images of a database are and how their pixels are got.
enum StoredImages: Sendable {
  /// There are none.
  case none
  /// All of one format, as they are delivered. Where there are checks, blocks are compared with the header
  /// that the writer gives them when they are first read.
  case uniform(ImageFormat, ImagePositions, HeaderChecks?)
  /// Of different formats, as they are delivered.
  case mixed(MixedPositions, HeaderChecks?)
  /// In values that have to be decoded.
  case encoded(EncodedImages)
}
