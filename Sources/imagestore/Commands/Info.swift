internal import ArgumentParser
internal import ImageStoreCore
internal import ImageStoreSupport

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints what is in a store.", usage: "imagestore info STORE [--json]")

  @Argument(help: "The store.") var store: String
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup(title: "For files that do not describe themselves") var describing: DescribingOptions

  func run() throws {
    let report = try StoreReport(OpenedStore(store, describing.description))
    Console.write(json ? try report.json() : report.text)
  }
}
