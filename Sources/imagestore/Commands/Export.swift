internal import ArgumentParser
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import PNGCodec

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes one image of a store as PNG or .npy.",
    usage: "imagestore export STORE INDEX OUTPUT.png|OUTPUT.npy")

  @Argument(help: "The store.") var store: String
  @Argument(help: "The image's index, from 0.") var index: Int
  @Argument(help: ArgumentHelp("The file to write, .png or .npy.", valueName: "output")) var output: String
  @Flag(help: "Replace any file that has the name of the output.") var force = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  private var isPNG: Bool { output.lowercased().hasSuffix(".png") }

  func validate() throws {
    guard isPNG || output.lowercased().hasSuffix(".npy") else {
      throw ValidationError("The output must end with .png or .npy.")
    }
  }

  func run() throws {
    let opened = try OpenedStore(store, describing.description)
    let file: [UInt8]
    do throws(StoreError) {
      file = try opened.store.withImage(at: index) { (format, pixels) throws(StoreError) in
        try isPNG ? Self.png(pixels, format) : NPYHeader(format).bytes + [UInt8](copying: pixels)
      }
    } catch {
      throw error.at(path: store)
    }
    try OutputFile.write(file, to: output, byForce: force)
  }

  private static func png(_ pixels: RawSpan, _ format: ImageFormat) throws(StoreError) -> [UInt8] {
    var encoder = try PNGEncoder(compression: .small)
    try encoder.encode(pixels, format: format)
    return [UInt8](copying: encoder.bytes)
  }
}
