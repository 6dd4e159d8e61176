package import ImageStoreCore
package import ImageStoreSupport
internal import JPEGCodec
internal import PNGCodec

/// The formats that images are encoded in one by one, for all stores: what decodes them, and what they are called. The one
/// list of them.
package enum ImageCodecs {
  /// The codecs, set up as is said.
  ///
  /// - Parameters:
  ///   - description: the caller's description of palettes and orientations.
  ///   - checksEverything: whether decoding checks what says nothing of the pixels, too.
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

  /// Whether bytes begin as an image that is decoded here, or would be by a trait. The content decides, not a name: ImageNet
  /// has a PNG that is called `.JPEG`.
  package static func recognize(_ head: RawSpan) -> Bool { usual.contains { $0.recognizes(head) } }

  /// Whether bytes begin as those of an image, which may be one that is not decoded here, so that it is refused by name.
  package static func areImage(_ head: UnsafeRawBufferPointer) -> Bool {
    unsafe recognize(RawSpan(_unsafeBytes: head)) || FileSignature.isPicture(head)
  }

  /// What messages call the formats: `PNG or JPEG`.
  package static let names = usual.map(\.name).joined(separator: " or ")

  /// What the names of image files end with, in lower case: those of the codecs, and what torchvision's ImageFolder takes besides,
  /// so that an image of another format is refused by name and not left out.
  private static let suffixes: [[UInt8]] =
    (usual.flatMap(\.fileSuffixes) + ["ppm", "bmp", "pgm", "tif", "tiff", "webp"]).map { Array($0.utf8) }

  /// The position of a codec in the list, by its number: PNG has 0, JPEG 1. Formats that name files by what is in them have their suffixes in
  /// this order.
  package static func position(ofCodec number: UInt8) -> Int {
    usual.firstIndex { $0.number == number } ?? 0
  }

  /// Whether a file is an image by its name.
  package static func areName(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let suffix = name[name.index(after: dot)...]
    // Letters differ from small ones in one bit, and nothing else becomes a letter of these.
    return suffixes.contains { $0.elementsEqual(suffix.lazy.map { $0 | 0x20 }) }
  }

  /// Refuses what was said of images and applies to none of them.
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
