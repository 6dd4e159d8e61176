extension NPZStore {
  /// Whether the checksums of images are checked when they are read.
  public enum ChecksumPolicy: Sendable, Hashable {
    /// A deflated entry is checked whenever it is inflated, a stored one when it is first read. Of one
    /// array with all images, one of more than 256 MiB is checked by ``NPZStore/verify(progress:)`` alone.
    case check
    /// Only ``NPZStore/verify(progress:)`` checks.
    case skip
  }
}
