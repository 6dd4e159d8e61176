import ImageStoreReliability
import Testing

/// The program that does the checks in a process of its own, so that what falls over falls alone.
enum Stress {
  /// Where it is: next to the tests, or where `IMAGE_STORES_STRESS` says.
  static let path: String? = {
    let arguments = CommandLine.arguments
    let bundle = arguments.firstIndex(of: "--test-bundle-path").flatMap { arguments.dropFirst($0 + 1).first }
    return environment("IMAGE_STORES_STRESS") ?? ownFolder(bundle).map { "\($0)/ImageStoreStress" }
  }()

  /// Whether the long form of the checks is asked for, as continuous integration does.
  static let kills = environment("IMAGE_STORES_KILLS").flatMap { Int($0) }

  /// Runs a check; what it prints is in the report of the tests.
  @discardableResult
  static func run(_ arguments: String...) throws -> String { try run(arguments) }

  /// Runs a check whose arguments are in an array.
  @discardableResult
  static func run(_ arguments: [String]) throws -> String {
    let path = try #require(path, "the program ImageStoreStress is not beside the tests")
    let folder = try WorkFolder()
    let (end, output) = try ChildProcess.run(path, arguments, folder: folder.path)
    #expect(end == .exited(0), "\(arguments.joined(separator: " ")): \(output)")
    return output
  }

  private static func ownFolder(_ bundle: String?) -> String? {
    #if os(Linux)
    let program = bundle ?? linkTarget("/proc/self/exe")
    #else
    // PACKAGE.xctest/Contents/MacOS/PACKAGE in the folder of the products.
    guard let bundle else { return nil }
    let program =
      bundle.split(separator: "/").prefix { !$0.hasSuffix(".xctest") }.reduce("") { "\($0)/\($1)" } + "/x"
    #endif
    return program.lastIndex(of: "/").map { String(program[..<$0]) }
  }
}
