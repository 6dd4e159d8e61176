import ImageStoreCore

/// Where the pixels of a store are, and how they get from there to the caller.
enum PixelSource: Sendable {
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
