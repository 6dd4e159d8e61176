internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

/// The command line.
@main
struct ImageStoreTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "imagestore",
    abstract: "Converts, inspects, checks and edits image data sets.",
    discussion: """
      A STORE or SOURCE is anything this program can read. Its kind is found from its content:

      \(overview)

      Exit status: 0 on success, 1 with one line on standard error if something is wrong with \
      a file, 64 if the command line is wrong.
      """,
    version: "0.1.0",
    subcommands: [
      Demo.self, Convert.self, Info.self, Verify.self, Show.self, Export.self, Split.self, Edit.self,
      Remove.self,
    ])

  static func main() {
    refuseMistypedCommand()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as StoreError where error.code == .unusedOption {
      exit(withError: ValidationError(error.description))
    } catch let error as StoreError {
      fail(error.description)
    } catch let interruption as Interruption {
      interruption.endOrderly()
    } catch {
      exit(withError: error)
    }
  }

  /// The kinds of store, and what each reads.
  private static var overview: String {
    let formats = StoreCatalog.formats
    let width = formats.map(\.name.count).max() ?? 0
    return formats.map { format in
      "  " + format.name + String(repeating: " ", count: width + 2 - format.name.count) + format.summary
    }.joined(separator: "\n")
  }

  /// Ends the program if its first argument is not a command, with the one that may have been meant.
  private static func refuseMistypedCommand() {
    let names = configuration.subcommands.map { $0._commandName } + ["help"]
    guard let typed = CommandLine.arguments.dropFirst().first, !typed.hasPrefix("-"), !names.contains(typed)
    else { return }
    let remedy =
      Suggestion.nearest(to: typed, among: names).map { "did you mean '\($0)'?" }
      ?? "the commands are \(names.joined(separator: ", "))"
    Console.error("imagestore: error: there is no command '\(Console.printable(typed))'; \(remedy)")
    exit(withError: ExitCode(ExitCode.validationFailure.rawValue))
  }

  /// Ends the program with one line on standard error.
  private static func fail(_ message: String) -> Never {
    Console.error("imagestore: error: \(message)")
    exit(withError: ExitCode(1))
  }
}
