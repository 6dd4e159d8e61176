internal import ArgumentParser
internal import ImageStoreCore
internal import StoreIO

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a small set into every kind of store, reads it back shuffled, and checks every pixel.",
    discussion: """
      Needs no arguments and no network: a small set in CIFAR-10's layout comes with the program. Leaves \
      the stores and a picture of the first images in the output folder; stores of an earlier run are \
      replaced.
      """)

  @Option(
    name: .customLong("cifar10"),
    help: ArgumentHelp("CIFAR-10 to use in place of the small set: folder, batch or archive.", valueName: "path"))
  var cifar10: String?
  @Option(
    help: ArgumentHelp("How many images; the set is repeated where it has fewer.", valueName: "N"))
  var count: Int?
  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output = "imagestore-demo"

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count takes a number from 1.") }
  }

  func run() throws {
    try Interruption.whileWatching { try demonstrate() }
  }

  private func demonstrate() throws(StoreError) {
    let path = if let cifar10 { cifar10 } else { try DemoSet.path() }
    let start = monotonicSeconds()
    let images = try decoded(path)
    let seconds = monotonicSeconds() - start
    if FileSystem.kind(of: output) == nil { try FileSystem.createFolder(output) }
    let labels = images.labels() ?? []
    Console.line(
      "\(Numbers.count(images.count, "image")) of \(images.format.map(\.description) ?? "different sizes") in "
        + "\(Numbers.count(Set(labels).count, "class", plural: "classes")), decoded from \(path)\n"
        + "in \(Numbers.fixed(seconds * 1000, 1)) ms "
        + "(\(Numbers.significant(seconds * 1e6 / Double(images.count))) microseconds an image). "
        + "Each store is written and synchronised with the disk,\n"
        + "read in order, and read in shuffled batches of \(DemoRun.batchSize); every pixel is checked.\n")
    Console.line(DemoRow.header)
    let masks = try InMemoryStore(copying: MaskStore(base: images, threshold: 127))
    for format in FormatRegistry.writable {
      let source = format.name == "packedbit" ? masks : images
      let row = try DemoRun(format, of: source, in: output).row()
      Console.line(row.text)
    }
    Console.line(
      "\n  write, read, shuffled: microseconds an image. packedbit holds masks, one bit a pixel: where a\n"
        + "  pixel's mean is over 127.\n")
    let picture = "\(output)/first-images.png"
    let sheet = try ContactSheet(of: images, Array(0..<min(images.count, 48)))
    try OutputFile.write(sheet.png(), to: picture)
    Console.line("Every pixel and label of every store is right. The first images: \(picture)")
    Console.line("Look further: imagestore info \(output)/\(DemoRun.fileName(FormatRegistry.writable[0]))")
  }

  /// The set in memory, as many images as were asked for.
  private func decoded(_ path: String) throws(StoreError) -> InMemoryStore {
    let set = try OpenedStore(path).store
    guard let count, count != set.count else { return try InMemoryStore(copying: set) }
    guard set.count > 0 else { throw StoreError(.invalidArgument, "there are no images", path: path) }
    return try InMemoryStore(copying: set.subset((0..<count).map { $0 % set.count }))
  }
}
