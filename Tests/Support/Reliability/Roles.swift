import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreTesting
import LMDBStore

/// What the program `ImageStoreStress` does: each check by its name, and the parts that other
/// processes play in them.
///
/// A check is called as `ImageStoreStress CHECK [BACKEND|all] [COUNT]` and prints a line per
/// backend, or per operation of one; kills take the names of operations after the number, else they
/// are tried on all. Faults and limits of file sizes take `every=N`: then only each N-th call fails,
/// from one that is drawn by the seed. `list` prints the backends.
package enum Roles {
  package static func perform(_ arguments: [String]) throws {
    guard let role = arguments.first else { throw Violation("no check is named") }
    let rest = Array(arguments.dropFirst())
    if role == "list" { return Backend.all.forEach { printNow($0.name) } }
    if let part = parts[role] { return try part(rest) }
    guard let check = checks[role] else {
      throw Violation("no check \(role) among \(checks.keys.sorted().joined(separator: ", "))")
    }
    let name = rest.first ?? "all"
    for backend in name == "all" ? Backend.all : [try Backend.named(name)] {
      try check(backend, Array(rest.dropFirst()))
    }
  }

  /// This program, parts of which run in processes of their own.
  #if os(Linux)
  private static let program = "/proc/self/exe"
  #else
  private static let program = CommandLine.arguments[0]
  #endif

  /// Seeds come from here, so that a long run can be another one.
  private static var seed: UInt64 { environment("IMAGE_STORES_SEED").flatMap { UInt64($0) } ?? 1 }

  private static let checks: [String: @Sendable (Backend, _ options: [String]) throws -> Void] = [
    "kills": { try kills($0, $1) },
    "faults": { try faults($0, $1) },
    "map-faults": { backend, _ in
      let layouts: [String: LMDBStore.Layout] = ["lmdb": .automatic, "lmdb-per-image": .perImage]
      guard let layout = layouts[backend.name] else { return }
      for lasts in [false, true] {
        let figures = try FaultCheck.runWhileMapGrows(layout, lasts: lasts) {
          trace("\(backend) append, mmap \($0) while the map grows")
        }
        printNow("map faults, \(backend), lasting \(lasts): \(figures)")
      }
    },
    "reading-faults": { try readingFaults($0, $1.first) },
    "file-size-limits": { backend, options in
      let (step, options) = step(options)
      for operation in try operations(options[...], of: backend) {
        let figures = try FaultCheck.runWithFileSizeLimits(
          backend, operation, limits: tried(step, "\(backend) \(operation.rawValue)").lazy.map { $0 - 1 })
        printNow("file size limits, \(backend) \(operation.rawValue): \(figures)")
      }
    },
    "full": { backend, options in
      for operation in try operations(options[...], of: backend) {
        let figures = try FaultCheck.runOnFullFileSystem(backend, operation)
        printNow("full file system, \(backend) \(operation.rawValue): \(figures)")
      }
    },
    "flips": { backend, options in
      guard let choice = BitFlipCheck.Choice(name: options.first ?? "10000") else {
        throw Violation("flips BACKEND COUNT|every")
      }
      printNow("flips, \(backend): \(try BitFlipCheck.run(backend, choice, seed: seed, program: program))")
    },
    "power-loss": { try powerLoss($0, $1) },
    "power-loss-without-waits": { backend, options in
      for operation in try operations(options.dropFirst(), of: backend) {
        let (needed, waits) = try PowerLossCheck.runWithoutWaits(
          backend, operation, count: number(options.first, or: 500), seed: seed, program: program)
        printNow(
          "without waits, \(backend) \(operation.rawValue): of \(waits) calls \(needed) alone are missed")
      }
    },
    "destruction": { backend, options in
      let attempts = try DestructionCheck.run(backend, options, program: program)
      printNow("destruction, \(backend): \(attempts) writers")
    },
    "writers": { backend, _ in
      printNow("second writers, \(backend): \(try WriterCheck.run(backend, program: program)) refused")
    },
    "files": { backend, options in
      let files = try LimitCheck.openAndClose(backend, count: number(options.first, or: 10_000))
      printNow("open files, \(backend): \(files)")
    },
    "memory": { backend, options in
      let reads = number(options.first, or: 1_000_000)
      let (early, late) = try LimitCheck.read(backend, count: reads, seed: seed)
      printNow("memory, \(backend): \(early) KiB after a tenth of the reads, \(late) KiB after all")
    },
    "concurrency": { backend, options in
      let figures = try ConcurrencyCheck.run(
        backend, commits: number(options.first, or: 200), threads: 8, processes: 4, program: program)
      printNow("concurrency, \(backend): \(figures)")
    },
    "held": { backend, _ in
      printNow("held, \(backend): \(try HeldCheck.run(backend, program: program)) open stores")
    },
    "fork-busy": { backend, options in
      let children = try HeldCheck.forkWhileBusy(backend, count: number(options.first, or: 100))
      printNow("fork while busy, \(backend): \(children) children")
    },
    "fork": { backend, _ in
      try ConcurrencyCheck.openTwiceAndFork(backend)
      printNow("open twice and fork, \(backend): right")
    },
  ]

  private static let parts: [String: @Sendable ([String]) throws -> Void] = [
    "corpora": { arguments in
      for folder in arguments {
        printNow("corpora, \(folder): \(try CorpusCheck.run(folder, program: program))")
      }
    },
    "seeds": { arguments in
      guard arguments.count >= 2 else { throw Violation("seeds PARSER FOLDER [CORPORA...]") }
      try Seeds.write(arguments[0], to: arguments[1], corpora: Array(arguments.dropFirst(2)))
    },
    "flips-part": { try BitFlipCheck.part($0) },
    "power-loss-part": { try PowerLossCheck.part($0) },
    "corpus-part": { try CorpusCheck.part($0) },
    "killed-writer": { try KillCheck.writer($0) },
    "dying-writer": { arguments in
      guard arguments.count == 3, let mode = WriteMode(rawValue: arguments[2]) else {
        throw Violation("dying-writer BACKEND PATH MODE")
      }
      let backend = try Backend.named(arguments[0])
      let images = Commits(backend, imagesPerCommit: 3).images(of: 1)
      try backend.write(arguments[1], mode, WriterRun(images) { kill(getpid(), SIGKILL) })
    },
    "held-writer": { arguments in
      guard arguments.count == 3, let event = HeldCheck.Event(rawValue: arguments[2]) else {
        throw Violation("held-writer BACKEND PATH EVENT")
      }
      try HeldCheck.perform(event, try Backend.named(arguments[0]), arguments[1])
    },
    "second-writer": { arguments in
      guard arguments.count == 3, let mode = WriteMode(rawValue: arguments[2]) else {
        throw Violation("second-writer BACKEND PATH MODE")
      }
      try WriterCheck.expectBusy(try Backend.named(arguments[0]), arguments[1], mode)
    },
    "reader": { arguments in
      guard arguments.count == 5, let commits = Int(arguments[3]), let seed = UInt64(arguments[4]) else {
        throw Violation("reader BACKEND PATH STOP COMMITS SEED")
      }
      let (opened, images) = try ConcurrencyCheck.read(
        try Backend.named(arguments[0]), arguments[1], until: arguments[2], commits: commits, seed: seed)
      printNow("\(opened) \(images)")
    },
  ]

  /// `COUNT` writers an operation, or `every` for one at each of its system calls.
  private static func kills(_ backend: Backend, _ options: [String]) throws {
    let count = options.first
    for operation in try operations(options.dropFirst(), of: backend) {
      let figures = try KillCheck.run(
        backend, operation, count: number(count, or: 1000), everyCall: count == "every", seed: seed,
        program: program)
      printNow("kills, \(backend) \(operation.rawValue): \(figures)")
    }
  }

  /// `STATES` an operation, with the names of operations after it as for kills.
  private static func powerLoss(_ backend: Backend, _ options: [String]) throws {
    for operation in try operations(options.dropFirst(), of: backend) {
      let figures = try PowerLossCheck.run(
        backend, operation, count: number(options.first, or: 500), seed: seed, program: program)
      printNow("power loss, \(backend) \(operation.rawValue), seed \(seed): \(figures)")
    }
  }

  /// The operations of some names, or all.
  private static func operations(
    _ names: ArraySlice<String>, of backend: Backend
  ) throws -> [Operation] {
    let named = try names.map { name in
      guard let operation = Operation(rawValue: name) else { throw Violation("no operation \(name)") }
      return operation
    }
    let all = Operation.all(of: backend)
    return named.isEmpty ? all : named.filter(all.contains)
  }

  /// All faults, or the one named, during the operations named after it, or all.
  private static func faults(_ backend: Backend, _ options: [String]) throws {
    let (step, options) = step(options)
    let name = options.first
    for operation in try operations(options.dropFirst(), of: backend) {
      for fault in Fault.all where name == nil || fault.name == name {
        let calls = tried(step, "\(backend) \(operation.rawValue) \(fault)")
        let figures = try FaultCheck.run(backend, operation, fault, calls: calls) {
          trace("\(backend) \(operation.rawValue) \(fault), call \($0)")
        }
        printNow("faults, \(backend) \(operation.rawValue) \(fault): \(figures)")
      }
    }
  }

  /// The `N` of `every=N`, or 1; and the other options.
  private static func step(_ options: [String]) -> (Int, [String]) {
    let step = options.lazy.compactMap { $0.hasPrefix("every=") ? Int($0.dropFirst(6)) : nil }.first
    return (max(1, step ?? 1), options.filter { !$0.hasPrefix("every=") })
  }

  /// Each `step`-th number from one on that the seed and what is tried decide, at most `step`.
  private static func tried(_ step: Int, _ what: String) -> StrideTo<Int> {
    var random = SplitMix64(seed: what.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) })
    return stride(from: Int.random(in: 1...step, using: &random), to: .max, by: step)
  }

  private static func readingFaults(_ backend: Backend, _ name: String?) throws {
    for fault in FaultCheck.readingFaults where name == nil || fault.name == name {
      if backend.fatalReadingFaults.contains(fault.name) { continue }
      let figures = try FaultCheck.runReading(backend, fault) {
        trace("\(backend) reading \(fault), call \($0)")
      }
      printNow("faults, \(backend) reading \(fault): \(figures)")
    }
  }

  private static func number(_ text: String?, or usual: Int) -> Int {
    text.flatMap { Int($0) } ?? usual
  }

  /// What is being done is printed should the process die.
  private static func trace(_ line: String) { note(line) }
}

/// Says what is being done, which is printed should the process die of it.
func note(_ line: String) { unsafe faults_note(line) }
