import ImageStoreCore

/// What the comment of an archive written by this package says of its images.
///
/// Entries of one size can be arrays of different shapes. Whether all images have one format is
/// therefore written down, where neither numpy nor the images see it.
enum NPZMark: String, CaseIterable {
  case uniform, mixed

  var comment: [UInt8] { Array("swift-image-stores \(rawValue)".utf8) }
}

extension ZipEnd {
  /// The mark, or nil for an archive that something else wrote.
  var formatMark: NPZMark? { NPZMark.allCases.first { $0.comment == comment } }
}
