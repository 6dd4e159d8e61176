// The options of the writers of all stores.

/// What a writer does with its destination.
public enum WriteMode: String, Sendable, Hashable, CaseIterable {
  /// Creates a store; an existing destination is an error.
  case create
  /// Creates a store that replaces the existing one, if any, when it is finished. Anything that
  /// exists there must be a finished store that this package wrote in the same format, and nothing
  /// else; otherwise it is an error.
  case replace
  /// Creates a store that replaces any existing file or folder when it is finished. Everything in a
  /// folder that is replaced is lost.
  case replaceAnything
  /// Adds to the existing store; creates one if there is none.
  case append
}

/// How much time is spent on making files small.
public enum Compression: String, Sendable, Hashable, CaseIterable {
  /// Pixels as they are.
  case none
  /// Compressed at a level that favours speed.
  case fast
  /// Compressed as small as the format allows within reason.
  case small
}

/// How a store with the layout `encoded` gets its images.
public struct ImageEncoding: Sendable, Hashable {
  /// Whether each image that is given encoded is decoded once while it is written, so that an image
  /// that cannot be decoded is an error. The pixels are dropped.
  public var checks: Bool
  /// The JPEG quality, 1 to 100, for images that are given as pixels; nil writes them as PNG, which
  /// loses nothing. Images that are given encoded are never encoded again.
  public var quality: Int?

  /// Creates the options; the parameters are the properties.
  public init(checks: Bool = true, quality: Int? = nil) {
    self.checks = checks
    self.quality = quality
  }
}
