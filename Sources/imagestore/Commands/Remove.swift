internal import ArgumentParser
internal import ImageLoading
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Remove: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Removes images from a store.",
    usage: "imagestore remove STORE --indices FILE|I,J,... [--quiet]",
    discussion: """
      The store is checked and written again without the images, in the same layout; then it replaces the \
      old store in one step. This takes the disk space and the time of a copy. The remaining images are numbered from 0 \
      again. If the program ends early, the store stays as it was.
      """)

  @Argument(help: "The store.") var store: String

  @Option(
    help: ArgumentHelp(
      "Images to remove: indices with commas between them, or a file as for convert --indices.",
      valueName: "file|i,j,..."))
  var indices: String

  @Flag(help: "Print nothing unless something is wrong.") var quiet = false

  func validate() throws {
    if indices.isEmpty {
      throw ValidationError("--indices takes indices with commas between them, or a file.")
    }
  }

  func run() throws {
    try Interruption.whileWatching { try remove() }
  }

  private func remove() throws {
    Interruption.leaves("\(store) is as it was")
    guard let format = try StoreCatalog.format(of: store) as? any WritableStoreFormat, format.editable != nil
    else {
      throw StoreError(
        .unsupported, "another program wrote this data set, so images are not removed from it",
        remedy: "convert it, leaving the images out with --exclude", path: store)
    }
    let removed = Set(try list())
    let before = try StoreCatalog.open(at: store).count
    let left = max(0, before - removed.count)
    let bar = ProgressBar("writing", total: left, isQuiet: quiet)
    try format.remove(removed.sorted(), from: store, threads: nil, through: { InterruptibleStore(base: $0) })
    {
      bar.update($0)
    }
    bar.finish()
    if !quiet {
      Console.line(
        "\(store): \(Numbers.count(removed.count, "image")) removed, \(Numbers.count(left, "image")) left")
    }
  }

  private func list() throws(StoreError) -> [Int] {
    let words = indices.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = words.compactMap { Int($0) }
    if numbers.count == words.count, FileSystem.kind(of: indices) == nil { return numbers }
    return try IndexFile.read(at: indices)
  }
}
