package import ImageStoreCore
package import ImageStoreSupport
internal import JPEGCodec
internal import PNGCodec

/// The formats of single encoded images, for all stores, with their decoders and names. This is the
/// only list of them.
package enum ImageCodecs {
  /// The codecs, set up by a description.
  ///
  /// - Parameters:
  ///   - description: the caller's description of palettes and orientations.
  ///   - checksEverything: whether decoding also checks parts that do not affect the pixels.
  package static func all(
    _ description: StoreDescription = StoreDescription(), checksEverything: Bool = false
  ) -> [any ImageCodec] {
    [
      PNG(
        palette: description.palette == .indices ? .indices : .expanded, checksEveryChunk: checksEverything),
      JPEG(orientation: description.orientation ?? .asStored, refusesOddities: checksEverything),
    ]
  }

  /// Decodes images of every codec.
  package static func decoder(
    _ description: StoreDescription = StoreDescription(), checksEverything: Bool = false
  ) -> EncodedImageDecoder {
    EncodedImageDecoder(all(description, checksEverything: checksEverything))
  }

  private static let usual = all()

  /// Whether bytes begin like an image that is decoded here, or would be with a trait. The content
  /// decides, not a name: ImageNet has a PNG that is called `.JPEG`.
  package static func recognize(_ head: RawSpan) -> Bool { usual.contains { $0.recognizes(head) } }

  /// Whether bytes begin like any image, including one that is not decoded here, so that it can be
  /// refused by name.
  package static func areImage(_ head: UnsafeRawBufferPointer) -> Bool {
    unsafe recognize(RawSpan(_unsafeBytes: head)) || FileSignature.isPicture(head)
  }

  /// The formats in messages: `PNG or JPEG`.
  package static let names = usual.map(\.name).joined(separator: " or ")

  /// The suffixes of image files, in lower case: those of the codecs, and the others that
  /// torchvision's ImageFolder accepts, so that an image of another format is refused by name and
  /// not left out.
  private static let suffixes: [[UInt8]] =
    (usual.flatMap(\.fileSuffixes) + ["ppm", "bmp", "pgm", "tif", "tiff", "webp"]).map { Array($0.utf8) }

  /// The position of a codec in the list, by its number: PNG has 0, JPEG 1. Formats that name files
  /// by their content have the suffixes in this order.
  package static func position(ofCodec number: UInt8) -> Int {
    usual.firstIndex { $0.number == number } ?? 0
  }

  /// Whether a file is an image by its name.
  package static func areName(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let suffix = name[name.index(after: dot)...]
    // Capital and small letters differ in one bit, and no other byte becomes a letter of these.
    return suffixes.contains { $0.elementsEqual(suffix.lazy.map { $0 | 0x20 }) }
  }

  /// Refuses options that apply to none of the images.
  ///
  /// - Parameter applies: whether an image has been seen that an option applies to.
  /// - Throws: ``StoreError/Code/unusedOption``.
  package static func checkUse(
    of description: StoreDescription, _ applies: (StoreDescription.Option) -> Bool
  ) throws(StoreError) {
    for (option, reason) in reasons where description.options.contains(option) && !applies(option) {
      throw .unusedOption(option.rawValue, reason)
    }
  }

  /// The options that apply to encoded images.
  package static let options = Set(reasons.map(\.0))

  private static let reasons: [(StoreDescription.Option, String)] = [
    (.palette, "no image has a palette"),
    (.orientation, "no image is a JPEG, which says how it is to be turned"),
  ]
}
