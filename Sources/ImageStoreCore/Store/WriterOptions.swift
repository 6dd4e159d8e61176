// What the writers of all stores are told.

/// What a writer does about its destination.
public enum WriteMode: String, Sendable, Hashable, CaseIterable {
  /// Creates a store; an existing destination is an error.
  case create
  /// Creates a store that takes the place of the one that is there, if any, when it is finished. What is there must be a
  /// finished store that this package wrote in the same format, and nothing also; else it is an error.
  case replace
  /// Creates a store that takes the place of whatever is there, when it is finished. Everything in a folder that is
  /// replaced is lost.
  case replaceAnything
  /// Adds to the store that is there; creates one if there is none.
  case append
}

/// How much time is given to making files small.
public enum Compression: String, Sendable, Hashable, CaseIterable {
  /// Pixels as they are.
  case none
  /// Compressed at a level that favours speed.
  case fast
  /// Compressed as small as the format allows within reason.
  case small
}

/// How a store with the layout `encoded` comes by its images.
public struct ImageEncoding: Sendable, Hashable {
  /// Whether each image that is given encoded is decoded once while it is written, so that one that cannot be is an error.
  /// The pixels are dropped.
  public var checks: Bool
  /// The quality, 1 to 100, of the JPEG that images become which are given as pixels; nil for PNG, which loses nothing. Images that are
  /// given encoded are never encoded again.
  public var quality: Int?

  /// The parameters are the properties.
  public init(checks: Bool = true, quality: Int? = nil) {
    self.checks = checks
    self.quality = quality
  }
}
