// The errors that several places throw.

extension StoreError {
  /// The error for an index that no image has.
  package static func indexOutOfRange(_ index: Int, count: Int) -> StoreError {
    StoreError(.indexOutOfRange, "there is no image \(index)", remedy: "the store has \(count)")
  }

  /// The error for a region that is not within an image.
  package static func outside(
    _ region: ImageRegion, of format: ImageFormat, image: Int
  ) -> StoreError {
    StoreError(
      .invalidArgument, "the region \(region) is not within \(format.height)x\(format.width)",
      image: image)
  }

  /// The error for a file of a kind that a trait of the package adds.
  ///
  /// - Parameter what: the message, such as `this build cannot read JPEGs`.
  package static func missingTrait(_ trait: String, _ what: String) -> StoreError {
    StoreError(
      .missingTrait, what,
      remedy: "build with the trait \(trait) (traits: [\"\(trait)\"], or `swift run --traits \(trait)`)")
  }

  package static func noColumn(_ name: String, among names: [String]) -> StoreError {
    StoreError(
      .notFound, "there is no such column",
      remedy: names.isEmpty
        ? "the store has none" : "the store has \(names.joined(separator: ", "))",
      key: name)
  }

  /// The error for encoded images that are given to a writer of pixels.
  package static var keepsPixels: StoreError {
    StoreError(
      .unsupported, "an encoded image cannot be appended to a store that has pixels",
      remedy: "write with the layout encoded, or decode the image and append its pixels")
  }
}
