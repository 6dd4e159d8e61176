import ImageStoreCore

/// The datasets that say something of images besides their pixels.
struct AnnotationTable: Sendable {
  var labels: DatasetDescription?
  /// The columns by their names.
  var columns: [String: DatasetDescription] = [:]
  /// A CRC-32 of each image.
  var checksums: DatasetDescription?
  /// The CRC-32 of the labels, the columns and the class names by the names of their attributes.
  var partChecksums: [String: UInt32] = [:]
  /// Whether this package wrote the file, so that there must be checksums.
  var isOwn = false
}
