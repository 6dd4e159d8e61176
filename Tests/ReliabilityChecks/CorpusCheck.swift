import ImageStoreCore
import StoreIO

/// Files of other projects, valid, odd and hostile, given to every parser.
package struct CorpusCheck {
  /// How it went.
  package struct Figures: Sendable {
    package var files = 0
    /// Files times parsers that read them, and that refused them.
    package var read = 0
    package var refused = 0
    /// Files in which a C library ended the process.
    package var fatalToLibrary: [String] = []

    package init() {}
  }

  private static let largest = 64 << 20

  /// Gives each file below a folder to each parser, in another process.
  package static func run(_ folder: String, program: String) throws -> Figures {
    let work = try WorkFolder()
    let progress = "\(work.path)/progress"
    var figures = Figures()
    figures.files = try files(in: folder).count
    for parser in Parser.all {
      var start = 0
      while true {
        let (end, output) = try ChildProcess.run(
          program, ["corpus-part", folder, parser.name, "\(start)", progress], folder: work.path)
        if end == .exited(0) {
          let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
          try require(numbers.count == 2, "\(parser): \(output)")
          figures.read += numbers[0]
          figures.refused += numbers[1]
          break
        }
        let at = String(decoding: try FileSystem.contents(of: progress, limit: 1 << 16), as: UTF8.self)
        let fields = at.split(separator: "\n")
        guard fields.count == 2, let index = Int(fields[0]), case .signaled = end else {
          throw Violation("\(parser), \(at): \(end) \(output)")
        }
        try require(parser.usesLibrary, "\(parser) falls over \(fields[1]): \(end) \(output)")
        figures.fatalToLibrary.append(String(fields[1]))
        // What was counted before is lost with the process: begin again behind the file, and count it.
        figures.read += 0
        figures.refused += index - start
        start = index + 1
      }
    }
    return figures
  }

  /// The part of the process that parses.
  package static func part(_ arguments: [String]) throws {
    guard arguments.count == 4, let start = Int(arguments[2]) else {
      throw Violation("corpus-part FOLDER PARSER START PROGRESS")
    }
    let parser = try Parser.named(arguments[1])
    let work = try WorkFolder()
    var (read, refused) = (0, 0)
    for (index, path) in try files(in: arguments[0]).enumerated() where index >= start {
      try FileSystem.remove(arguments[3])
      try FileSystem.write(Array("\(index)\n\(path)".utf8), toNewFile: arguments[3])
      let bytes = try FileSystem.contents(of: path, limit: largest)
      try work.clear()
      do throws(StoreError) {
        try parser.parse(bytes, in: work.path)
        read += 1
      } catch {
        try require(!error.description.contains("\n"), "an error of two lines: \(error)")
        refused += 1
      }
    }
    printNow("\(read) \(refused)")
  }

  private static func files(in folder: String) throws -> [String] {
    try FileSystem.allPaths(in: folder).map { "\(folder)/\($0)" }.filter {
      FileSystem.kind(of: $0, followingLinks: false) == .file
    }
  }
}
