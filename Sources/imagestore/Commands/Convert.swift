internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a store or data set to a store of any kind.",
    usage: """
      imagestore convert SOURCE DESTINATION [--to KIND] [--split NAME|all]
                  [--indices FILE] [--exclude FILE] [--classes NAME,...]
                  [--first N] [--append] [--replace [--force]]
                  [--compression none|fast|small] [--layout NAME] [--no-check]
                  [--quality Q] [--shard-size 64MB] [--size N|HxW]
                  [--fit shorter|crop|pad|stretch]
                  [--filter nearest|bilinear|bicubic] [--channels 1|3]
                  [--threshold T] [--keep-going] [--skip-broken FILE] [--quiet]
      """,
    discussion: """
      Labels, columns and class names are converted too. The store appears when it is complete: if the \
      program ends before that, the destination stays as it was.

      Examples:
        imagestore convert cifar-10-python.tar.gz train.lmdb --split train
        imagestore convert train.lmdb pngs/ --first 1000
        imagestore convert train.lmdb pets.lmdb --classes cat,dog --exclude bad.txt
        imagestore convert glyphs.npz masks.bits --threshold 127
        imagestore convert photographs/ train.lmdb --layout encoded
        imagestore convert train.lmdb train.shards --shard-size 64MB
        imagestore convert photographs/ small.lmdb --size 224 --fit crop --channels 3
      """)

  @Argument(help: "The store or data set to read.") var source: String
  @Argument(help: "The store to write.") var destination: String

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "Kind of the destination. By default its suffix decides: .lmdb, .h5, .hdf5, .npz, .bits or .shards; without a suffix, the kind is file.",
      valueName: "kind"))
  var kind: FormatName?

  @Option(
    help: ArgumentHelp(
      "Split of the source to convert: train, val, test, any other that it has, or all.", valueName: "name"))
  var split: SplitChoice = .all

  @Option(help: ArgumentHelp("Convert only the first N of the chosen images.", valueName: "N"))
  var first: Int?

  @Flag(help: "Append to the existing store.") var append = false
  @Flag(help: "Replace the existing store, if this package wrote it.")
  var replace = false
  @Flag(help: "With --replace: replace any existing file or folder. Its contents are lost.") var force = false

  @Option(help: ArgumentHelp("none, fast or small; the default depends on the kind.", valueName: "level"))
  var compression: Compression?

  @Option(
    name: .customLong("layout"),
    help: ArgumentHelp(
      "Layout of the store: pixels (the default), or \(Self.layoutsText).", valueName: "name"))
  var statedLayout: String?

  @Flag(help: "With --layout encoded: do not check that each image can be decoded.")
  var noCheck = false
  @Option(
    help: ArgumentHelp(
      "With --layout encoded: write pixels as JPEG of this quality, 1 to 100, instead of PNG.",
      valueName: "Q"))
  var quality: Int?

  @Option(
    help: ArgumentHelp(
      "Largest size of a shard, such as 64MB (kind sharded; default: 128MiB).",
      valueName: "size"))
  var shardSize: ByteCount?

  @Option(
    help: ArgumentHelp("Make masks: a pixel is true if the mean of its channels is over T.", valueName: "T"))
  var threshold: Double?

  @Flag(
    help: "Report all images that cannot be read, not only the first; if there are any, nothing is written.")
  var keepGoing = false
  @Option(help: BrokenImages.help) var skipBroken: String?
  @Flag(help: "Print nothing unless something is wrong.") var quiet = false

  @OptionGroup(title: "To choose images") var selecting: SelectingOptions

  @OptionGroup(title: "To resize images") var resizing: ResizingOptions

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
        // An existing store that is appended to or replaced may have any name.
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

  /// Refuses options for encoded images if there are none.
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

  /// Refuses, before anything is read, what would be refused when it is written.
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

  /// The mode for the destination. A store of this package of another kind may also be replaced,
  /// which the writer does not know.
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

  /// How images were encoded.
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
