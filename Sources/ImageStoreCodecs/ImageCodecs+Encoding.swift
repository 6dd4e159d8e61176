package import ImageStoreCore
package import ImageStoreSupport
internal import JPEGCodec
internal import PNGCodec

extension ImageCodecs {
  /// How a writer recognises, checks and encodes images, if the store to be written has encoded ones.
  ///
  /// - Parameters:
  ///   - isEncoded: whether the store has encoded images.
  ///   - encoding: the options given to the writer.
  ///   - compression: the compression of the PNGs that pixels are encoded as.
  /// - Throws: ``StoreError/Code/invalidArgument`` for options for encoded images if there are
  ///   none; ``StoreError/Code/missingTrait``.
  package static func encodedLayout(
    isEncoded: Bool, _ encoding: ImageEncoding, compression: Compression = .fast, threads: Int?
  ) throws(StoreError) -> EncodedLayout? {
    guard isEncoded else {
      guard encoding == ImageEncoding() else {
        throw StoreError(
          .invalidArgument, "this option is for encoded images, but the store has pixels",
          remedy: "write with the layout encoded, or leave the option out")
      }
      return nil
    }
    if let quality = encoding.quality {
      guard (1...100).contains(quality) else {
        throw StoreError(.invalidArgument, "the quality \(quality) is not possible", remedy: "give 1 to 100")
      }
      #if JPEG
      return EncodedLayout(
        all(), checks: encoding.checks, threads: Workers.threadCount(threads),
        makeEncoder: { () throws(StoreError) in try JPEGImageEncoder(quality: quality) })
      #else
      throw .missingTrait("JPEG", "this build cannot write JPEGs")
      #endif
    }
    return EncodedLayout(
      all(), checks: encoding.checks, threads: Workers.threadCount(threads),
      makeEncoder: { () throws(StoreError) in try PNGImageEncoder(compression) })
  }

  /// Refuses options that apply to none of the images, for stores of this package, whose index
  /// describes the images.
  ///
  /// - Throws: ``StoreError/Code/unusedOption``.
  package static func checkUse(
    of description: StoreDescription, in index: EncodedIndex
  ) throws(StoreError) {
    let codec = JPEG().number
    try checkUse(of: description) { option in
      option == .orientation && index.allKinds.contains { $0.codec == codec }
    }
  }

  /// Whether a description leaves images as they decode by default, so that their bytes can be
  /// passed on unchanged.
  package static func areDeliveredAsEncoded(_ description: StoreDescription) -> Bool {
    description.palette != .indices && description.orientation != .upright
  }
}
