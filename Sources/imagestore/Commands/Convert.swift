internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the images of a store or data set into a store of any kind.",
    usage: """
      imagestore convert SOURCE DESTINATION [--to KIND] [--split NAME|all]
                         [--indices FILE] [--exclude FILE] [--classes NAME,...] [--first N]
                         [--append] [--replace [--force]] [--compression none|fast|small]
                         [--layout NAME] [--no-check] [--quality Q] [--shard-size 64MB] [--size N|HxW]
                         [--fit shorter|crop|pad|stretch] [--filter nearest|bilinear|bicubic]
                         [--channels 1|3] [--threshold T] [--keep-going] [--skip-broken FILE] [--quiet]
      """,
    discussion: """
      Labels, columns and class names go along. The store appears when it is complete: whatever ends the \
      program before leaves the destination as it was.

      Examples:
        imagestore convert cifar-10-python.tar.gz train.lmdb --split train
        imagestore convert train.lmdb pngs/ --first 1000
        imagestore convert train.lmdb pets.lmdb --classes cat,dog --exclude bad.txt
        imagestore convert glyphs.npz masks.bits --threshold 127
        imagestore convert photographs/ train.lmdb --layout encoded
        imagestore convert train.lmdb train.shards --shard-size 64MB
        imagestore convert photographs/ small.lmdb --size 224 --fit crop --channels 3
      """)

  @Argument(help: "What to read.") var source: String
  @Argument(help: "Where to write it.") var destination: String

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "Kind of the destination; by default what its suffix says (.lmdb, .h5, .hdf5, .npz, .bits, .shards), without one file.",
      valueName: "kind"))
  var kind: FormatName?

  @Option(
    help: ArgumentHelp(
      "Which split of a divided data set: train, val, test, any that it has, or all.", valueName: "name"))
  var split: SplitChoice = .all

  @Option(help: ArgumentHelp("Convert the first N images only, of those that are chosen.", valueName: "N"))
  var first: Int?

  @Flag(help: "Add to the store that is there.") var append = false
  @Flag(help: "Put the new store in the place of the one that is there, if this package wrote it.")
  var replace = false
  @Flag(help: "With --replace: replace whatever is there. All of it is lost.") var force = false

  @Option(help: ArgumentHelp("none, fast or small; by default what suits the kind.", valueName: "level"))
  var compression: Compression?

  @Option(
    name: .customLong("layout"),
    help: ArgumentHelp(
      "Layout within the store: pixels, as if nothing is said, or \(Self.layoutsText).", valueName: "name"))
  var statedLayout: String?

  @Flag(help: "With the layout encoded: do not decode each image once to see whether it can be.")
  var noCheck = false
  @Option(
    help: ArgumentHelp(
      "With the layout encoded: write pixels as JPEG of this quality, 1 to 100, instead of PNG.",
      valueName: "Q"))
  var quality: Int?

  @Option(
    help: ArgumentHelp(
      "Of the kind sharded: the most bytes of a shard, such as 64MB; 128MiB if nothing is said.",
      valueName: "size"))
  var shardSize: ByteCount?

  @Option(
    help: ArgumentHelp("Make masks: true where the mean of a pixel's channels is over T.", valueName: "T"))
  var threshold: Double?

  @Flag(
    help: "Tell of all images that cannot be read, not the first alone; nothing is written if there is one.")
  var keepGoing = false
  @Option(help: BrokenImages.help) var skipBroken: String?
  @Flag(help: "Say nothing unless something is wrong.") var quiet = false

  @OptionGroup(title: "For some of the images") var selecting: SelectingOptions

  @OptionGroup(title: "For images of another size") var resizing: ResizingOptions

  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  /// The layout to write; nil for the kind's own.
  private var layout: String? { statedLayout == "pixels" ? nil : statedLayout }

  private static var layoutsText: String {
    StoreCatalog.writable.filter { !$0.layouts.isEmpty }
      .map { "\($0.layouts.joined(separator: ", ")) (\($0.name))" }.joined(separator: "; ")
  }

  private var format: any WritableStoreFormat {
    get throws(StoreError) {
      if let kind { return kind.format }
      do throws(StoreError) {
        return try StoreCatalog.format(forDestination: destination)
      } catch {
        // What is there already and is added to may be called as it likes.
        guard append || replace,
          let there = StoreCatalog.writable.first(where: { StoreCatalog.isStoreOfOurs(destination, as: $0) })
        else { throw error }
        return there
      }
    }
  }

  func validate() throws {
    if force && !replace { throw ValidationError("--force needs --replace.") }
    if append && replace { throw ValidationError("Give --append or --replace, not both.") }
    if let first, first < 1 { throw ValidationError("--first takes a number from 1.") }
    if destination.isEmpty { throw ValidationError("The destination has no name.") }
    let format: any WritableStoreFormat
    do { format = try self.format } catch { throw ValidationError("\(error)") }
    if let layout, !format.layouts.contains(layout) {
      throw ValidationError(
        format.layouts.isEmpty
          ? "A store of the kind \(format.name) has only one layout."
          : "The layouts of the kind \(format.name) are \(format.layouts.joined(separator: ", ")).")
    }
    if StoreCatalog.isElsewhere(destination), !format.hasShards {
      throw ValidationError("A remote destination is always of the kind sharded, and not \(format.name).")
    }
    if shardSize != nil, !format.hasShards {
      throw ValidationError("--shard-size is for the kind sharded, and this is \(format.name).")
    }
    if let quality, !(1...100).contains(quality) { throw ValidationError("--quality takes 1 to 100.") }
    if layout != EncodedKinds.layout, !(append && layout == nil), noCheck || quality != nil {
      throw ValidationError("\(noCheck ? "--no-check" : "--quality") needs --layout encoded.")
    }
  }

  func run() throws {
    try Interruption.whileWatching { try convert() }
  }

  private func convert() throws {
    try checkDestination()
    let opened = try OpenedStore(source, split: split, describing.description)
    var store = opened.store
    let classes: [String]
    (store, classes) = try selecting.applied(to: store)
    if let first {
      guard first <= store.count else {
        throw StoreError(
          .invalidArgument,
          "it has \(Numbers.count(store.count, "image")), fewer than the \(first) asked for with --first",
          path: source)
      }
      store = try store.subset(0..<first)
    }
    var faults: ImageFaults?
    if keepGoing || skipBroken != nil {
      let found = try BrokenImages.find(in: store, comparingChecksums: false, isQuiet: quiet)
      if !found.isEmpty {
        if let skipBroken {
          try BrokenImages.checkList(skipBroken)
          store = try store.subset(found.intactIndices)
          guard store.count > 0 else {
            throw StoreError(.unsupported, "none of the \(found.imageCount) images can be read", path: source)
          }
          faults = found
        } else {
          try BrokenImages.report(found, of: source, list: nil)
        }
      }
    }
    let decided: [String]
    do throws(StoreError) {
      (store, decided) = try resizing.applied(to: store)
    } catch {
      throw error.at(path: source)
    }
    if let threshold { store = MaskStore(base: store, threshold: threshold) }
    try checkEncoding(of: store)
    Interruption.leaves(append || replace ? "\(destination) is as it was" : "nothing was written")
    let start = monotonicSeconds()
    let bar = ProgressBar("writing", total: store.count, isQuiet: quiet)
    try format.write(
      InterruptibleStore(base: store), to: destination,
      WriteOptions(
        mode: mode, compression: compression, layout: layout,
        encoding: ImageEncoding(checks: !noCheck, quality: quality), shardSize: shardSize?.bytes)
    ) { bar.update($0) }
    bar.finish()
    if !quiet { try report(store, decided: classes + decided, seconds: monotonicSeconds() - start) }
    if let faults { try BrokenImages.report(faults, of: source, list: skipBroken) }
  }

  /// Refuses options for encoded images that have nothing to apply to.
  private func checkEncoding(of store: any ImageStore) throws(StoreError) {
    let isEncoded = store.hasEncodedImages
    if quality != nil, isEncoded {
      throw StoreError(
        .invalidArgument,
        "--quality has no effect: the images are encoded already and are copied as they are",
        remedy: "leave it out", path: source)
    }
    if compression != nil, layout == EncodedKinds.layout, isEncoded || quality != nil {
      throw StoreError(
        .invalidArgument,
        isEncoded
          ? "--compression has no effect: the images are encoded already and are copied as they are"
          : "--compression has no effect: the images become JPEGs",
        remedy: "leave it out", path: source)
    }
    if noCheck, !isEncoded {
      throw StoreError(
        .invalidArgument, "--no-check has no effect: the images are pixels, which are encoded anyway",
        remedy: "leave it out", path: source)
    }
  }

  /// Refuses before anything is read what would be refused when it is written.
  private func checkDestination() throws(StoreError) {
    try Destination.check(destination, isApartFrom: [source])
    guard FileSystem.kind(of: destination, followingLinks: false) != nil else { return }
    guard append || replace else {
      throw StoreError(
        .alreadyExists, "a file or folder already exists",
        remedy: isStoreOfOurs(destination)
          ? "give --append or --replace, or another name" : "give another name",
        path: destination)
    }
    if append, statedLayout != nil, layout == nil, try destinationIsEncoded() {
      throw StoreError(
        .invalidArgument, "--layout pixels does not suit the store, which has encoded images",
        remedy: "leave it out, so that pixels are encoded, or write a new store", path: destination)
    }
    if let there = FileIdentity(ofPath: destination), there == FileIdentity(ofPath: source) {
      throw StoreError(
        .invalidArgument, "the destination is the source itself", remedy: "write to another name",
        path: destination)
    }
  }

  /// What is to become of what is at the destination. A store of the package of another kind may be replaced, too, which the
  /// store to be written knows nothing of.
  private var mode: WriteMode {
    if append { return .append }
    guard replace else { return .create }
    let isOfAnotherKind =
      isStoreOfOurs(destination)
      && !((try? format).map { StoreCatalog.isStoreOfOurs(destination, as: $0) } ?? false)
    return force || isOfAnotherKind ? .replaceAnything : .replace
  }

  private func isStoreOfOurs(_ path: String) -> Bool {
    StoreCatalog.writable.contains { StoreCatalog.isStoreOfOurs(path, as: $0) }
  }

  /// Whether the store that was written has encoded images; an append need not say so.
  private func isEncoded() throws(StoreError) -> Bool {
    if layout == EncodedKinds.layout { return true }
    guard append, layout == nil else { return false }
    return try destinationIsEncoded()
  }

  /// Whether the store at the destination has encoded images.
  private func destinationIsEncoded() throws(StoreError) -> Bool {
    let format = try self.format
    guard format.layouts.contains(EncodedKinds.layout) else { return false }
    return try format.open(destination, StoreDescription(), threads: nil).allSatisfy {
      $0.store.hasEncodedImages
    }
  }

  /// What became of images that were to be encoded.
  private func encodedText(_ store: any ImageStore, _ format: String) throws(StoreError) -> String {
    if store.hasEncodedImages { return " as they are (\(try EncodedKinds(of: store).text))" }
    return "\(format), encoded as \(quality.map { "JPEG of quality \($0)" } ?? "PNG"),"
  }

  private func report(
    _ store: any ImageStore, decided choices: [String], seconds: Double
  ) throws(StoreError) {
    let size = try self.format.bytesOnDisk(at: destination).apparent
    let format = store.format.map { " of \($0)" } ?? ""
    let kind = try isEncoded() ? encodedText(store, format) : format
    let rate = Int(Double(store.count) / max(seconds, 1e-6))
    if let unread = store.notes.line(of: .notRead) { Console.line("not read: \(unread)") }
    let decided = [store.notes.line(of: .decided)].compactMap(\.self) + choices
    if !decided.isEmpty { Console.line("decided: \(decided.joined(separator: "; "))") }
    Console.line(
      "\(destination): \(Numbers.count(store.count, "image"))\(kind) \(append ? "appended" : "written") in "
        + "\(Numbers.significant(seconds)) s (\(Numbers.grouped(rate))/s), \(Numbers.bytes(size)) on disk")
  }
}
