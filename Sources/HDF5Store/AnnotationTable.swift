import ImageStoreCore

/// The datasets that say something of images besides their pixels.
struct AnnotationTable: Sendable {
  var labels: StoredValues?
  /// The columns by their names.
  var columns: [String: StoredValues] = [:]
  /// A CRC-32 of each image.
  var checksums: StoredValues?
  /// The CRC-32 of the labels, the columns and the class names by the names of their attributes.
  var partChecksums: [String: UInt32] = [:]
  /// The names of the classes, if they are an attribute.
  var classNames: [String]?
  /// The names of the classes, if they are a dataset.
  var storedClassNames: StoredValues?
  /// Whether this package wrote the file, so that there must be checksums.
  var isOwn = false
}
