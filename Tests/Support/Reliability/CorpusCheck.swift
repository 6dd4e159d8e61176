import ImageStoreCore
import ImageStoreSupport

/// Files of other projects, valid, odd and hostile, given to every parser.
package struct CorpusCheck {
  /// How it went.
  package struct Figures: Sendable {
    package var files = 0
    /// Files that one parser or more read to the end, and files that all refused.
    package var read = 0
    package var refused = 0
    /// Files in which a C library ended the process.
    package var fatalToLibrary: [String] = []

    package init() {}
  }

  /// What became of a file, as one byte of the file in which a process keeps count.
  private enum Outcome: UInt8 { case refused, read }

  private static let largest = 64 << 20

  /// Gives each file below a folder to each parser, in another process.
  package static func run(_ folder: String, program: String) throws -> Figures {
    let work = try WorkFolder()
    let outcomes = "\(work.path)/outcomes"
    let paths = try files(in: folder)
    var (isRead, isFatal) = (Set<Int>(), Set<Int>())
    for parser in Parser.all {
      var start = 0
      while start < paths.count {
        try Files.remove(outcomes)
        try Files.write([], to: outcomes)
        let (end, output) = try ChildProcess.run(
          program, ["corpus-part", folder, parser.name, "\(start)", outcomes], folder: work.path)
        for byte in try FileSystem.contents(of: outcomes, limit: paths.count) {
          if Outcome(rawValue: byte) == .read { isRead.insert(start) }
          start += 1
        }
        if end == .exited(0) { break }
        guard case .signaled = end, parser.usesLibrary, start < paths.count else {
          throw Violation("\(parser), \(start < paths.count ? paths[start] : folder): \(end) \(output)")
        }
        isFatal.insert(start)
        start += 1
      }
    }
    var figures = Figures()
    figures.files = paths.count
    figures.read = isRead.count
    figures.fatalToLibrary = isFatal.sorted().map { String(paths[$0].dropFirst(folder.count + 1)) }
    figures.refused = paths.count - isRead.union(isFatal).count
    return figures
  }

  /// The part of the process that parses.
  package static func part(_ arguments: [String]) throws {
    guard arguments.count == 4, let start = Int(arguments[2]) else {
      throw Violation("corpus-part FOLDER PARSER START OUTCOMES")
    }
    let parser = try Parser.named(arguments[1])
    let log = try File(arguments[3], .update)
    let work = try WorkFolder(in: FileSystem.split(arguments[3]).folder)
    for (index, path) in try files(in: arguments[0]).enumerated() where index >= start {
      let bytes = try FileSystem.contents(of: path, limit: largest)
      try work.clear()
      var outcome = Outcome.read
      do throws(StoreError) {
        try parser.parse(bytes, in: work.path)
      } catch {
        try require(!error.description.contains("\n"), "an error of two lines: \(error)")
        outcome = .refused
      }
      let byte = [outcome.rawValue]
      try unsafe log.write(byte.span.bytes, at: index - start)
    }
  }

  private static func files(in folder: String) throws -> [String] {
    try Files.allPaths(in: folder).map { "\(folder)/\($0)" }.filter {
      FileSystem.kind(of: $0, followingLinks: false) == .file
    }
  }
}
