internal import ArgumentParser
internal import ImageStoreCore

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws images of a store side by side in a PNG, with their classes.",
    usage: """
      imagestore show STORE --output picture.png [--first N | --index I ...]
                      [--columns C] [--force]
      """,
    discussion: """
      Images are scaled to the size of a thumbnail. Samples other than \
      bytes are scaled from their least to their greatest value, and floats from 0 to 1 if they are in that range.
      """)

  @Argument(help: "The store.") var store: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The PNG to write.", valueName: "picture.png")) var output:
    String
  @Option(help: ArgumentHelp("Draw the first N images (default: 48).", valueName: "N")) var first: Int?
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Draw these images, in this order.", valueName: "I"))
  var index: [Int] = []
  @Option(help: ArgumentHelp("Images per row.", valueName: "C")) var columns: Int?
  @Flag(help: "Replace an existing output file.") var force = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  func validate() throws {
    if first != nil && !index.isEmpty { throw ValidationError("Give --first or --index, not both.") }
    if let first, first < 1 { throw ValidationError("--first takes a number from 1.") }
    if let columns, columns < 1 { throw ValidationError("--columns takes a number from 1.") }
    if !output.lowercased().hasSuffix(".png") { throw ValidationError("The output must end with .png.") }
  }

  func run() throws {
    let images = try OpenedStore(store, describing.description).store
    let shown = index.isEmpty ? Array(0..<min(images.count, first ?? 48)) : index
    do throws(StoreError) {
      let sheet = try ContactSheet(of: images, shown, columns: columns)
      try OutputFile.write(sheet.png(), to: output, byForce: force)
      Console.line(
        "\(output): \(Numbers.count(shown.count, "image")), \(sheet.width) x \(sheet.height) pixels")
    } catch {
      throw error.at(path: store)
    }
  }
}
