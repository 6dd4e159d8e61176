/// The filters that a dataset's chunks went through, in the order of writing.
///
/// Source: HDF5 File Format Specification, version 3.0, section IV.A.2.l.
struct FilterPipeline: Sendable {
  enum Filter: Sendable {
    case shuffle, deflate, fletcher32
  }

  let filters: [Filter]
  /// Bytes of a chunk's elements.
  let chunkByteCount: Int
  let elementByteCount: Int

  /// Returns nil where the sizes between the filters are not known beforehand, which only nested
  /// compression brings about.
  init?(_ filters: [Filter], chunkByteCount: Int, elementByteCount: Int) {
    guard filters.count(where: { $0 == .deflate }) <= 1, filters.count <= 16 else { return nil }
    self.filters = filters
    self.chunkByteCount = chunkByteCount
    self.elementByteCount = elementByteCount
  }

  /// Whether the stored bytes are the elements themselves, given a chunk's mask of skipped filters.
  func isIdentity(mask: UInt32) -> Bool {
    filters.indices.allSatisfy { mask & (1 << UInt32($0)) != 0 }
  }

  /// Whether chunks are only deflated, so that their first bytes can be had alone.
  var isOnlyDeflate: Bool { filters == [.deflate] }
}
