import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

/// What a power loss may leave of a writer's work, opened, verified and appended to.
///
/// The system calls of an undisturbed operation are recorded; ``DiskModel`` says what of them a
/// disk may hold.
package struct PowerLossCheck {
  /// How it went.
  package struct Figures: Sendable {
    /// Different states, those after the writer had finished among them.
    package var states = 0
    package var afterFinish = 0
    /// States that held the store as it was, and as the writer wanted it.
    package var before = 0
    package var after = 0

    package init() {}

    static func += (sum: inout Figures, more: Figures) {
      sum.states += more.states
      sum.afterFinish += more.afterFinish
      sum.before += more.before
      sum.after += more.after
    }
  }

  /// Builds up to `count` different states, chosen by a seed, and checks that each holds what was
  /// there or what was written, the latter if the writer had finished; that another writer can
  /// append to it; and that nothing is left.
  package static func run(
    _ backend: Backend, _ operation: Operation, count: Int, seed: UInt64, program: String
  ) throws -> Figures {
    var figures = Figures()
    // Of other numbers of images, other bytes meet the ends of sectors.
    let numbers = count < 100 ? [5] : count < 1000 ? [5, 1, 2, 3, 10, 12, 18, 33] : Array(1...40)
    for imagesPerCommit in numbers {
      let stage = try Stage(backend, operation, imagesPerCommit: imagesPerCommit)
      let share = (count + numbers.count - 1) / numbers.count
      let (more, failures) = try judge(record(stage), stage, share, seed, program)
      figures += more
      try require(
        failures.isEmpty,
        "\(backend) \(operation.rawValue), \(imagesPerCommit) images, seed \(seed): "
          + "\(failures.count) of \(more.states) states:\n" + failures.prefix(20).joined(separator: "\n"))
    }
    return figures
  }

  /// Checks this check: had the writer waited for nothing, some of the states must be bad.
  ///
  /// - Returns: how many of the calls that wait leave bad states if they alone are left out, and
  ///   how many such calls there are.
  package static func runWithoutWaits(
    _ backend: Backend, _ operation: Operation, count: Int, seed: UInt64, program: String
  ) throws -> (needed: Int, waits: Int) {
    let stage = try Stage(backend, operation, imagesPerCommit: 5)
    let trace = try record(stage)
    func isBad(without waits: [Int]) throws -> Bool {
      try !judge(trace.without(waits: waits), stage, count, seed, program).failures.isEmpty
    }
    try require(
      isBad(without: trace.waits),
      "\(backend) \(operation.rawValue): nothing is lost though nothing is waited for: the check sees nothing"
    )
    return (try trace.waits.count { try isBad(without: [$0]) }, trace.waits.count)
  }

  private static func record(_ stage: Stage) throws -> FileTrace {
    try stage.setUp()
    let trace = try FileTrace(of: stage.workFolder) { try stage.perform() }
    try checkIsComplete(trace, stage.workFolder)
    return trace
  }

  private static func judge(
    _ trace: FileTrace, _ stage: Stage, _ count: Int, _ seed: UInt64, _ program: String
  ) throws -> (figures: Figures, failures: [String]) {
    let states = PowerLossStates(trace, seed: seed).first(count)
    var figures = Figures()
    var failures: [String] = []
    // Few enough at a time that they do not fill the memory they are in.
    for start in stride(from: 0, to: states.count, by: batch) {
      let part = Array(states[start..<min(start + batch, states.count)])
      let folder = try WorkFolder(in: stage.outputFolder)
      for (number, state) in part.enumerated() {
        let path = "\(folder.path)/\(number)"
        let inodes = try state.state.materialize(at: state.isFinished ? path + finished : path)
        try Files.write(inodes.map(String.init).joined(separator: " "), to: path + numbers)
      }
      let role = [
        "power-loss-part", stage.backend.name, stage.operation.rawValue, "\(stage.commits.imagesPerCommit)",
        folder.path, "\(part.count)",
      ]
      let output = try WorkFolder(in: stage.outputFolder)
      try Series.run(part.count, role, folder: output.path, program: program) { number, outcome in
        figures.states += 1
        if part[number].isFinished { figures.afterFinish += 1 }
        switch outcome {
        case .said("before"), .said("between"): figures.before += 1
        case .said("after"): figures.after += 1
        case .said(let what), .fell(let what):
          failures.append("\(what) [\(part[number].choice); \(part[number].state.summary)]")
          if let kept = environment("IMAGE_STORES_KEEP") {
            let place = "\(kept)/\(stage.backend)-\(stage.operation.rawValue)-\(failures.count)"
            try part[number].state.materialize(at: place)
          }
        }
      }
    }
    return (figures, failures)
  }

  private static let batch = 200
  private static let finished = "-finished"
  private static let numbers = "-inodes"

  /// The part of the process that opens the states.
  package static func part(_ arguments: [String]) throws {
    guard arguments.count == 7, let operation = Operation(rawValue: arguments[1]),
      let imagesPerCommit = Int(arguments[2]), let count = Int(arguments[4])
    else { throw Violation("power-loss-part BACKEND OPERATION IMAGES FOLDER COUNT FIRST FILE") }
    let stage = try Stage(try Backend.named(arguments[0]), operation, imagesPerCommit: imagesPerCommit)
    try Series.part(count, arguments.dropFirst(5)) { number in
      let path = "\(arguments[3])/\(number)"
      let isFinished = FileSystem.kind(of: path) == nil
      DiskState.renumber([])
      let text = String(decoding: try FileSystem.contents(of: path + numbers, limit: 1 << 20), as: UTF8.self)
      try stage.take(isFinished ? path + finished : path)
      DiskState.renumber(text.split(separator: " ").compactMap { UInt64($0) })
      let state = try stage.state()
      try require(state == .after || !isFinished, "what was finished is lost")
      try stage.checkNextWriter(after: state)
      return state.rawValue
    }
  }

  /// Checks that the calls recorded make what is there, so that none has been missed.
  private static func checkIsComplete(_ trace: FileTrace, _ folder: String) throws {
    let there = DiskModel(try FileTrace(of: folder) {}).state(DiskModel.Choice(moment: 0))
    let made = DiskModel(trace).state(DiskModel.Choice(moment: trace.changes.count))
    try require(
      there == made, "the record is not complete: it makes \(made.summary), where there is \(there.summary)")
  }
}
