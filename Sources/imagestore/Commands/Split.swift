internal import ArgumentParser
internal import ImageLoading
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

struct Split: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Splits a store into folds for cross-validation, or into parts of given shares.",
    usage: """
      imagestore split STORE --folds K --output DIR [--seed S] [--as KIND]
      imagestore split STORE --fractions F,F[,F] --output DIR [--seed S]
                       [--as KIND]
      """,
    discussion: """
      With --folds, writes fold-0-train.npy, fold-0-validation.npy, fold-1-train.npy and so on: the indices of images as int64, in \
      rising order, for numpy.load. Each fold has its share of every class, to within one image; a store \
      without labels is split evenly. With --fractions, which sum to 1, writes train.npy, validation.npy and, if \
      there is a third, test.npy. The same seed gives the same split on every machine.

      imagestore convert --indices reads these files, and so do the Swift functions folds(at:) and split(at:). \
      With --as, stores are written instead, which have every image once: fold-0, fold-1, ..., each with the \
      fold's validation images; or train, validation and test.
      """)

  @Argument(help: "The store.") var store: String
  @Option(help: ArgumentHelp("Number of folds.", valueName: "K")) var folds: Int?
  @Option(help: ArgumentHelp("Shares of training, validation and test images.", valueName: "F,F,F"))
  var fractions: String?
  @Option(help: ArgumentHelp("Seed of the split.", valueName: "S")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Folder to write to; it is created if needed.", valueName: "dir")) var output:
    String
  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Write stores of this kind instead of indices.", valueName: "kind"))
  var kind: FormatName?
  @Flag(help: "Print nothing unless something is wrong.") var quiet = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  private static let partNames = ["train", "validation", "test"]

  /// The numbers of `--fractions`, or nil if they are not two or three positive numbers that sum to
  /// 1.
  private static func shares(_ text: String) -> [Double]? {
    let shares = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    let isDivision = shares.allSatisfy { $0 > 0 && $0 < 1 } && abs(shares.reduce(0, +) - 1) <= 1e-6
    return isDivision && (2...partNames.count).contains(shares.count) ? shares : nil
  }

  func validate() throws {
    switch (folds, fractions) {
    case (let folds?, nil):
      if folds < 2 { throw ValidationError("--folds takes a number from 2.") }
    case (nil, let fractions?):
      if Self.shares(fractions) == nil {
        throw ValidationError("--fractions takes two or three numbers that sum to 1, such as 0.8,0.1,0.1.")
      }
    default: throw ValidationError("Give --folds or --fractions.")
    }
  }

  func run() throws {
    try Interruption.whileWatching { try divide() }
  }

  private func divide() throws {
    let images = try OpenedStore(store, describing.description).store
    let labels: [Int]?
    var parts: [(name: String, indices: [Int])] = []
    do throws(StoreError) {
      labels = try images.labels()
      if let folds {
        let division = try Partition(of: images.count, folds: folds, stratifying: labels, seed: seed)
        for fold in 0..<folds {
          // Stores of the training images would repeat every image in each other fold.
          let name = kind == nil ? "fold-\(fold)-validation" : "fold-\(fold)"
          if kind == nil { parts.append(("fold-\(fold)-train", division.indices(outside: fold))) }
          parts.append((name, division.indices(of: fold)))
        }
      } else if let shares = fractions.flatMap(Self.shares) {
        let division = try Partition(of: images.count, fractions: shares, stratifying: labels, seed: seed)
        for part in 0..<division.count { parts.append((Self.partNames[part], division.indices(of: part))) }
      }
    } catch {
      throw error.at(path: store)
    }
    try prepareFolder()
    if let kind {
      try write(parts, of: images, as: kind.format)
    } else {
      for part in parts { try write(part.indices, "\(part.name).npy") }
    }
    let result =
      folds.map { "\($0) folds" } ?? parts.map { "\($0.name) \($0.indices.count)" }.joined(separator: ", ")
    if !quiet { Console.line("\(output): \(result) of \(Numbers.count(images.count, "image"))") }
  }

  /// Creates the folder, or checks that it has no split yet.
  private func prepareFolder() throws(StoreError) {
    guard FileSystem.kind(of: output) != nil else { return try FileSystem.createFolder(output) }
    let suffixes = [".npy", ""] + StoreCatalog.writable.flatMap(\.suffixes)
    let taken = Self.partNames.flatMap { name in suffixes.map { name + $0 } }
    let names = try FileSystem.names(in: output).sorted()
    if let name = names.first(where: { $0.hasPrefix("fold-") || taken.contains($0) }) {
      throw StoreError(
        .alreadyExists, "a file of an earlier split is here", remedy: "remove it or choose another folder",
        path: "\(output)/\(name)")
    }
  }

  /// Writes a store for each part.
  private func write(
    _ parts: [(name: String, indices: [Int])], of images: any ImageStore, as format: any WritableStoreFormat
  ) throws(StoreError) {
    let bar = ProgressBar("writing", total: images.count, isQuiet: quiet)
    var written: [String] = []
    var count = 0
    for part in parts {
      let path = "\(output)/\(part.name)\(format.suffixes.first ?? "")"
      let store = InterruptibleStore(base: try images.subset(part.indices))
      try format.write(store, to: path, WriteOptions()) { bar.update(count + $0) }
      count += part.indices.count
      written.append(path)
      Interruption.leaves("complete are \(written.joined(separator: ", "))")
    }
    bar.finish()
  }

  private func write(_ indices: [Int], _ name: String) throws(StoreError) {
    try OutputFile.write(Column.int64(indices.map(Int64.init)).npyBytes(), to: "\(output)/\(name)")
  }
}
