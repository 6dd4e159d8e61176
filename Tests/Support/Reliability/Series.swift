import ImageStorePlatform
import ImageStoreSupport

/// Numbered checks that run in a process of their own, one after another, so that one that ends the
/// process, or hangs, is a finding and the others run all the same.
package struct Series {
  /// What became of one.
  enum Outcome {
    /// What the process said of it.
    case said(String)
    /// It ended the process.
    case fell(String)
  }

  /// The longest that a single one may take, in seconds.
  private static let patience: UInt32 = 30

  /// Runs all and calls `note` with each outcome in turn.
  ///
  /// - Parameters:
  ///   - role: the role that calls ``part(_:_:)``, and its arguments.
  ///   - folder: an empty folder for files of this series.
  static func run(
    _ count: Int, _ role: [String], folder: String, program: String,
    note: (_ number: Int, _ outcome: Outcome) throws -> Void
  ) throws {
    let log = "\(folder)/said"
    var next = 0
    while next < count {
      try Files.remove(log)
      try Files.write([], to: log)
      let (end, output) = try ChildProcess.run(program, role + ["\(next)", log], folder: folder)
      let said = String(decoding: try FileSystem.contents(of: log, limit: 1 << 28), as: UTF8.self)
      for line in said.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
        try note(next, .said(String(line)))
        next += 1
      }
      if end == .exited(0) { break }
      try require(next < count, "the process ends with \(end) after all: \(output)")
      try note(next, .fell(end == .signaled(SIGALRM) ? "it hangs" : "\(end) \(output.suffix(2000))"))
      next += 1
    }
    try require(next == count, "\(next) of \(count) were run")
  }

  /// The part of the process: does the checks from a number on.
  ///
  /// - Parameters:
  ///   - arguments: the last two of the process's own.
  ///   - judge: returns a line without a break.
  static func part(
    _ count: Int, _ arguments: ArraySlice<String>, _ judge: (_ number: Int) throws -> String
  ) throws {
    guard arguments.count == 2, let first = Int(arguments[arguments.startIndex]), let path = arguments.last
    else {
      throw Violation("the number of the first, and a file to write to")
    }
    let log = unsafe open(path, O_WRONLY | O_APPEND)
    try require(log >= 0, "\(path) cannot be opened")
    defer { _ = close(log) }
    for number in first..<max(first, count) {
      alarm(patience)
      var line: String
      do { line = try judge(number) } catch { line = "FAILED \(error)" }
      line.replace("\n", with: " | ")
      let bytes = Array("\(line)\n".utf8)
      let written = unsafe bytes.withUnsafeBytes { unsafe write(log, $0.baseAddress, $0.count) }
      try require(written == bytes.count, "\(path) cannot be written")
    }
    alarm(0)
  }
}
