import CImageStoreFaults
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

/// Single bits that are turned over in the files of a store, which is then recognised, read,
/// verified and appended to.
package struct BitFlipCheck {
  /// Which bits.
  package enum Choice: Sendable {
    /// So many: half of them of what is not pixels, half of everything.
    case some(Int)
    /// All that are not pixels.
    case every
  }

  /// How it went.
  package struct Figures: Sendable {
    package var flips = 0
    /// Flips that opening the store refused, and that ``ImageStore/verify(progress:)`` found.
    package var foundOnOpening = 0
    package var foundByVerify = 0
    /// Flips after which every image, label, column and class name was read as it had been written: padding,
    /// times, and what the format says twice.
    package var harmless = 0
    /// Flips after which an append was refused.
    package var appendsRefused = 0
    /// Flips that had been found, and that ``ImageStore/verify(progress:)`` went on to find after an append.
    package var stillFound = 0
    /// Flips after which an append left all that was there, and what it added.
    package var appendsRight = 0

    package init() {}
  }

  /// Turns over bits of a small store one at a time and checks of each
  ///
  /// - that whatever opens files, of this store's kind or another, reads it or throws;
  /// - that it is found by opening or verifying, or changes nothing that can be read;
  /// - that the append which follows is refused and leaves the files as they are, or leaves a store
  ///   that has all images there were; and that what was found before is found after it, unless it
  ///   is mended;
  /// - that nothing ends the process, hangs, takes much memory or makes a file grow.
  package static func run(
    _ backend: Backend, _ choice: Choice, seed: UInt64, program: String
  ) throws -> Figures {
    let folder = try WorkFolder()
    let template = backend.path(in: folder.path)
    try backend.append(0..<2, to: template, imagesPerCommit: imagesPerCommit)
    let count = try StoreFlips(template, choice, seed: seed).count
    let output = try WorkFolder(in: folder.path)
    var figures = Figures()
    var failures: [String] = []
    try Series.run(
      count, ["flips-part", backend.name, template, choice.name, "\(seed)"], folder: output.path,
      program: program
    ) { number, outcome in
      figures.flips += 1
      guard case .said(let line) = outcome, let parts = Verdict(line) else {
        let what =
          switch outcome {
          case .said(let line), .fell(let line): line
          }
        failures.append("\(try StoreFlips(template, choice, seed: seed)[number]): \(what)")
        return
      }
      switch parts.found {
      case .onOpening: figures.foundOnOpening += 1
      case .byVerify: figures.foundByVerify += 1
      case .never: figures.harmless += 1
      }
      switch parts.append {
      case .refused: figures.appendsRefused += 1
      case .stillFound: figures.stillFound += 1
      case .right: figures.appendsRight += 1
      }
    }
    try require(
      failures.isEmpty,
      "\(backend), seed \(seed): \(failures.count) of \(count) flips:\n"
        + failures.prefix(40).joined(separator: "\n"))
    return figures
  }

  private static let imagesPerCommit = 4

  /// The part of a process: flips from a number on.
  package static func part(_ arguments: [String]) throws {
    guard arguments.count == 6, let choice = Choice(name: arguments[2]), let seed = UInt64(arguments[3])
    else {
      throw Violation("flips-part BACKEND STORE CHOICE SEED FIRST FILE")
    }
    let backend = try Backend.named(arguments[0])
    let flips = try StoreFlips(arguments[1], choice, seed: seed)
    // In the folder of the process that asks, which removes it even if this one falls.
    let judge = try FlipJudge(
      backend, template: arguments[1], Commits(backend, imagesPerCommit: imagesPerCommit),
      in: FileSystem.split(arguments[5]).folder)
    // What would make a file grow without end fails, and is seen by its error.
    faults_limit_file_size(FlipJudge.largestFile)
    try Series.part(flips.count, arguments.dropFirst(4)) { number in try judge.judge(flips[number]).line }
  }

  /// What became of a flip, as a line says it.
  struct Verdict {
    enum Found: String { case onOpening, byVerify, never }
    enum Append: String { case refused, stillFound, right }
    let found: Found
    let append: Append

    init(_ found: Found, _ append: Append) { (self.found, self.append) = (found, append) }

    init?(_ line: String) {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 2, let found = Found(rawValue: words[0]), let append = Append(rawValue: words[1])
      else {
        return nil
      }
      self.init(found, append)
    }

    var line: String { "\(found.rawValue) \(append.rawValue)" }
  }
}

extension BitFlipCheck.Choice {
  /// A number, or `every`.
  package init?(name: String) {
    if name == "every" {
      self = .every
    } else if let count = Int(name) {
      self = .some(count)
    } else {
      return nil
    }
  }

  var name: String {
    switch self {
    case .some(let count): "\(count)"
    case .every: "every"
    }
  }
}
