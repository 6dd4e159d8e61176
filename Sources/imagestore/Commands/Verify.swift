internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads a whole store, checks every checksum, and can compare it with another store.",
    usage: """
      imagestore verify STORE [--against OTHER [--split NAME|all]]
                        [--keep-going] [--skip-broken FILE] [--remove-orphans]
                        [--quiet]
      """,
    discussion: """
      With --keep-going, every image that cannot be read is reported on a line of its own, and the exit status is 1 if there \
      are any.

      With --against, pixels, labels, class names and columns must be equal, in the same order; the first \
      difference is reported. The options that describe files apply to the one that this program did not write.

      With --remove-orphans, files that killed writers left in a sharded data set are removed if the check \
      finds no fault. No other program may be writing to the data set.
      """)

  @Argument(help: "The store.") var store: String
  @Option(help: ArgumentHelp("A store or data set to compare with.", valueName: "other"))
  var against: String?
  @Option(
    help: ArgumentHelp(
      "Split of the other to compare with: train, val, test, any other that it has, or all.",
      valueName: "name"))
  var split: SplitChoice?
  @Flag(help: "Report all images that cannot be read, not only the first.") var keepGoing = false
  @Option(help: BrokenImages.help) var skipBroken: String?
  @Flag(help: "Remove shards that the manifest of a sharded data set does not name.") var removeOrphans =
    false
  @Flag(help: "Print nothing unless something is wrong.") var quiet = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  func validate() throws {
    if split != nil && against == nil {
      throw ValidationError("--split needs --against: it chooses a split of the set to compare with.")
    }
  }

  /// The message of a check without findings, for this coverage of checksums.
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
