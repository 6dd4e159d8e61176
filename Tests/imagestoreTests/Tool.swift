import Foundation
import Testing

/// The built program, run as a process.
enum Tool {
  struct Outcome {
    var status: Int32
    var output: String
    var error: String

    /// The lines on standard error.
    var errorLines: [Substring] { error.split(separator: "\n") }

    /// Expects success and returns what was printed.
    @discardableResult
    func succeeded(sourceLocation: SourceLocation = #_sourceLocation) -> String {
      #expect(status == 0, "\(error)", sourceLocation: sourceLocation)
      return output
    }

    /// Expects status 1 and one line that has every one of `parts`.
    func failed(naming parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(status == 1, sourceLocation: sourceLocation)
      #expect(output.isEmpty, sourceLocation: sourceLocation)
      #expect(errorLines.count == 1, "\(error)", sourceLocation: sourceLocation)
      #expect(error.hasPrefix("imagestore: error: "), "\(error)", sourceLocation: sourceLocation)
      for part in parts { #expect(error.contains(part), "\(error)", sourceLocation: sourceLocation) }
    }
  }

  /// Runs the program with some arguments in a folder.
  ///
  /// - Parameter meanwhile: called while it runs.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, meanwhile: (Process) -> Void = { _ in }
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    let (output, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    meanwhile(process)
    // Errors are a few lines, so that this pipe cannot fill while the other is read.
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let complained = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: String(decoding: printed, as: UTF8.self), error: String(decoding: complained, as: UTF8.self))
  }

  /// Beside the tests.
  private static var program: URL {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
    return (bundle?.bundleURL.deletingLastPathComponent() ?? Bundle.main.bundleURL)
      .appending(path: "imagestore")
  }
}

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "imagestore-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Runs the program here.
  func run(_ arguments: String...) throws -> Tool.Outcome { try Tool.run(arguments, in: self) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func contents(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
  }

  /// The names in the folder, hidden ones too.
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// The set in CIFAR-10's layout that ships with the program: 360 images in ten classes.
let demoSet = packageFolder.appending(path: "Sources/imagestore/Resources/cifar-10-demo").path

/// A folder of Tests/Fixtures/files.
func fixture(_ name: String) -> String { packageFolder.appending(path: "Tests/Fixtures/files/\(name)").path }

private let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
