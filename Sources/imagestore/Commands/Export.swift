internal import ArgumentParser
internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import PNGCodec

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes one image of a store as PNG or .npy, or an encoded image as it is.",
    usage: "imagestore export STORE INDEX OUTPUT.png|OUTPUT.jpg|OUTPUT.npy [--force]")

  @Argument(help: "The store.") var store: String
  @Argument(help: "The image's index, from 0.") var index: Int
  @Argument(
    help: ArgumentHelp(
      "The file to write: .png or .npy, or .jpg for an image that is a JPEG.", valueName: "output"))
  var output: String
  @Flag(help: "Replace an existing output file.") var force = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  private var isPNG: Bool { output.lowercased().hasSuffix(".png") }
  private var isArray: Bool { output.lowercased().hasSuffix(".npy") }
  /// The format that the output's suffix belongs to.
  private var codec: (any ImageCodec)? {
    ImageCodecs.all().first { $0.fileSuffixes.contains { output.lowercased().hasSuffix("." + $0) } }
  }

  func validate() throws {
    guard isPNG || isArray || codec != nil else {
      throw ValidationError("The output must end with .png or .npy, or with .jpg for a JPEG.")
    }
  }

  func run() throws {
    let opened = try OpenedStore(store, describing.description)
    let file: [UInt8]
    var isCopy = false
    do throws(StoreError) {
      if let same = try encoded(opened.store) {
        file = same
        isCopy = true
      } else {
        file = try opened.store.withImage(at: index) { (format, pixels) throws(StoreError) in
          guard isPNG || isArray else {
            throw StoreError(
              .unsupported, "the image is not a \(codec?.name ?? "file of this suffix")",
              remedy: "export it as .png",
              image: index)
          }
          return try isPNG ? Self.png(pixels, format) : NPYHeader(format).bytes + [UInt8](copying: pixels)
        }
      }
    } catch {
      throw error.at(path: store)
    }
    try OutputFile.write(file, to: output, byForce: force, keepsBytes: isCopy)
  }

  /// The bytes of an encoded image whose format is that of the output.
  private func encoded(_ store: any ImageStore) throws(StoreError) -> [UInt8]? {
    guard let codec, store.hasEncodedImages else { return nil }
    var found: [UInt8]?
    try withSpan(of: index) { (indices) throws(StoreError) in
      try store.forEachEncodedImage(indices) { (_, bytes) in
        if codec.recognizes(bytes) { found = [UInt8](copying: bytes) }
      }
    }
    return found
  }

  private static func png(_ pixels: RawSpan, _ format: ImageFormat) throws(StoreError) -> [UInt8] {
    var encoder = try PNGEncoder(compression: .small)
    try encoder.encode(pixels, format: format)
    return [UInt8](copying: encoder.bytes)
  }
}
