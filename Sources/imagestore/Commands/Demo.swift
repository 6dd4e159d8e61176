internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Writes a small data set to every kind of store, reads it back shuffled, and checks every pixel.",
    usage: """
      imagestore demo [--photographs] [--cifar10 PATH] [--count N]
                      [--output DIR]
      """,
    discussion: """
      The demo needs no arguments and no network: a small data set in CIFAR-10's layout comes with the program. \
      The stores and a picture of the first images stay in the output folder; stores of an earlier run are \
      replaced. With --photographs, the data set is a few JPEGs of several sizes, which stores keep as they are and \
      loaders crop, resize and flip.
      """)

  @Flag(help: "Use photographs instead (needs a build with the trait JPEG).") var photographs = false

  @Option(
    name: .customLong("cifar10"),
    help: ArgumentHelp(
      "A copy of CIFAR-10 to use instead of the small data set: folder, batch or archive.", valueName: "path")
  )
  var cifar10: String?
  @Option(
    help: ArgumentHelp(
      "Number of images; the data set is repeated if it has fewer (default: 10000, or all with --cifar10).",
      valueName: "N"))
  var count: Int?
  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var output = "imagestore-demo"

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count takes a number from 1.") }
    if photographs, cifar10 != nil || count != nil {
      throw ValidationError("\(count == nil ? "--cifar10" : "--count") has no effect with --photographs.")
    }
  }

  func run() throws {
    Interruption.leaves("the stores in \(output) that are there are complete")
    try Interruption.whileWatching {
      if photographs { try PhotographDemo(in: output).run() } else { try demonstrate() }
    }
  }

  private func demonstrate() throws(StoreError) {
    let path = if let cifar10 { cifar10 } else { try DemoSet.path() }
    let start = monotonicSeconds()
    let set = try InMemoryStore(copying: OpenedStore(path).store)
    let seconds = monotonicSeconds() - start
    let images = try chosen(set, path)
    describe(set, images, decodedIn: seconds)
    if FileSystem.kind(of: output) == nil { try FileSystem.createFolder(output) }
    let masks = try InMemoryStore(copying: MaskStore(base: images, threshold: 127))
    for format in StoreCatalog.writable {
      let source = format.variants[0].images == .mask ? masks : images
      Console.line(try DemoRun(format, of: source, in: output).row().text)
    }
    Console.line()
    let picture = "\(output)/first-images.png"
    let sheet = try ContactSheet(of: images, Array(0..<min(images.count, 48)))
    try OutputFile.write(sheet.png(), to: picture)
    Console.line("Every pixel and label came back as it was written. The first images: \(picture)")
    Console.line("To look further: imagestore info \(output)/\(DemoRun.fileName(StoreCatalog.writable[0]))")
  }

  /// The number of images asked for; the small set is too small for measurements.
  private func chosen(_ set: InMemoryStore, _ path: String) throws(StoreError) -> InMemoryStore {
    guard set.count > 0 else { throw StoreError(.invalidArgument, "there are no images", path: path) }
    let count = count ?? (cifar10 == nil ? 10_000 : set.count)
    guard count != set.count else { return set }
    return try InMemoryStore(copying: set.subset((0..<count).map { $0 % set.count }))
  }

  private func describe(_ set: InMemoryStore, _ images: InMemoryStore, decodedIn seconds: Double) {
    let classes = Numbers.count(Set(set.labels() ?? []).count, "class", plural: "classes")
    let origin = cifar10 ?? "the set that comes with the program"
    let forMasks = StoreCatalog.writable.filter { $0.variants[0].images == .mask }.map(\.name)
      .joined(separator: ", ")
    let use =
      images.count > set.count
      ? " Repeated to \(Numbers.grouped(images.count))."
      : images.count < set.count ? " The first \(Numbers.grouped(images.count)) of them." : ""
    Console.line(
      """
      \(Numbers.count(set.count, "image")) of \(set.format.map(\.description) ?? "different sizes") in \(classes), \
      decoded from \(origin) in \(Numbers.fixed(seconds * 1000, 1)) ms.\(use)
      Written and synchronised with the disk, read in order, read in shuffled batches of \(DemoRun.batchSize).
      Times are microseconds per image. \(forMasks) holds masks: one bit per pixel, 1 if it is over 127.

      \(DemoRow.header)
      """)
  }
}
