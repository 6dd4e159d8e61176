internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads all of a store, checks every checksum, and compares it with another.",
    usage: """
      imagestore verify STORE [--against OTHER [--split NAME|all]] [--keep-going] [--skip-broken FILE]
                        [--remove-orphans] [--quiet]
      """,
    discussion: """
      With --keep-going, every image that cannot be read is told of, a line each, and the exit status is 1 if there \
      is one.

      With --against, pixels, labels, class names and columns must be equal, in the same order; the first \
      difference is told. With --remove-orphans, what killed writers left in a folder of shards is removed once everything \
      has been found to be right; nobody may be writing to it. What the options say of files is said of the one that this program did not write.
      """)

  @Argument(help: "The store.") var store: String
  @Option(help: ArgumentHelp("A store or data set that must have the same images.", valueName: "other"))
  var against: String?
  @Option(
    help: ArgumentHelp(
      "Which split of the other: train, val, test, any that it has, or all.", valueName: "name"))
  var split: SplitChoice?
  @Flag(help: "Go on after an image that cannot be read, and tell of all of them.") var keepGoing = false
  @Option(help: BrokenImages.help) var skipBroken: String?
  @Flag(help: "Remove shards that the manifest of a folder of shards does not name.") var removeOrphans =
    false
  @Flag(help: "Say nothing unless something is wrong.") var quiet = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  func validate() throws {
    if split != nil && against == nil {
      throw ValidationError("--split needs --against: it chooses a split of the set to compare with.")
    }
  }

  /// What a check without findings says of images with these checksums.
  private static func finding(_ coverage: ChecksumCoverage) -> String {
    switch coverage {
    case .allImages: "everything is as it was written"
    case .someImages: "those that have a checksum are as they were written"
    case .noImages: "there are no checksums to compare them with"
    }
  }

  func run() throws {
    let said = describing.description
    let parts = try against.map { (path) throws(StoreError) in
      try StoreCatalog.divide(said, between: (store, path))
    }
    let opened = try OpenedStore(store, parts?.0 ?? said)
    let writable = opened.format as? any WritableStoreFormat
    guard !removeOrphans || writable?.hasShards == true else {
      throw ValidationError(
        "--remove-orphans is for the kind sharded, and this is \(opened.format.name).")
    }
    let other = try against.map { (path) throws(StoreError) in
      try OpenedStore(path, split: split ?? .all, parts?.1 ?? said)
    }
    if keepGoing || skipBroken != nil {
      let faults = try BrokenImages.find(in: opened.store, comparingChecksums: true, isQuiet: quiet)
      if !faults.isEmpty { try BrokenImages.report(faults, of: store, list: skipBroken) }
    }
    let bar = ProgressBar("checking", total: opened.store.count, isQuiet: quiet)
    do throws(StoreError) {
      try opened.store.verify { bar.update($0) }
    } catch {
      throw error.at(path: store)
    }
    bar.finish()
    if let other {
      let bar = ProgressBar("comparing", total: opened.store.count, isQuiet: quiet)
      try StoreComparison(opened, other).run { bar.update($0) }
    }
    let removed = removeOrphans ? try writable?.removeOrphans(at: store) : nil
    guard !quiet else { return }
    if let removed { Console.line("removed \(Numbers.count(removed.count, "file")) that no manifest names") }
    Console.line(
      "\(store): \(Numbers.count(opened.store.count, "image")) read, \(Self.finding(opened.store.checksumCoverage))"
        + (against.map { "; pixels, labels and columns equal those of \($0)" } ?? ""))
  }
}
