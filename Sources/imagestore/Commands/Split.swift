internal import ArgumentParser
internal import ImageFeeding
internal import ImageStoreCore
internal import NumPyFormat
internal import StoreIO

struct Split: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Divides a store into folds for cross-validation.",
    usage: "imagestore split STORE --folds K [--seed S] --output DIR",
    discussion: """
      Writes fold-0-train.npy and fold-0-validation.npy, fold-1-..., the indices of images as int64 by \
      rising index, for numpy.load. Each fold has its share of every class, within one image; a store \
      without labels is divided evenly. The same seed gives the same folds everywhere.
      """)

  @Argument(help: "The store.") var store: String
  @Option(help: ArgumentHelp("How many folds.", valueName: "K")) var folds: Int
  @Option(help: ArgumentHelp("What the division is drawn from.", valueName: "S")) var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Folder to write to; made if it is not there.", valueName: "dir")) var output:
    String
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  func validate() throws {
    if folds < 2 { throw ValidationError("--folds takes a number from 2.") }
  }

  func run() throws {
    let images = try OpenedStore(store, hints: describing.hints).store
    let division: Folds
    do throws(StoreError) {
      if let labels = try images.labels() {
        division = try Folds(stratifying: labels, into: folds, seed: seed)
      } else {
        division = try Folds(of: images.count, into: folds, seed: seed)
      }
    } catch {
      throw error.at(path: store)
    }
    try prepareFolder()
    for fold in 0..<folds {
      try write(division.indices(outside: fold), "fold-\(fold)-train.npy")
      try write(division.indices(of: fold), "fold-\(fold)-validation.npy")
    }
    Console.line("\(output): \(folds) folds of \(Numbers.count(images.count, "image"))")
  }

  /// Makes the folder, or finds that it has no folds yet.
  private func prepareFolder() throws(StoreError) {
    guard FileSystem.kind(of: output) != nil else { return try FileSystem.createFolder(output) }
    if let fold = try FileSystem.names(in: output).first(where: { $0.hasPrefix("fold-") }) {
      throw StoreError(
        .alreadyExists, "there are folds already", remedy: "remove them or choose another folder",
        path: "\(output)/\(fold)")
    }
  }

  private func write(_ indices: [Int], _ name: String) throws(StoreError) {
    try OutputFile.write(Column.int64(indices.map(Int64.init)).npyBytes(), to: "\(output)/\(name)")
  }
}
