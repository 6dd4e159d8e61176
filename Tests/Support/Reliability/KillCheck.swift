import CImageStoreFaults
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting

/// When a writer is killed.
enum KillMoment: CustomStringConvertible {
  case never
  /// Before the system call of this number.
  case call(Int)
  /// After so many microseconds.
  case time(Int)

  var description: String {
    switch self {
    case .never: "never"
    case .call(let number): "call:\(number)"
    case .time(let microseconds): "time:\(microseconds)"
    }
  }

  init(_ text: String) throws {
    let parts = text.split(separator: ":")
    switch (parts.first, parts.last.flatMap { Int($0) }) {
    case ("call", let number?): self = .call(number)
    case ("time", let number?): self = .time(number)
    case ("never", _): self = .never
    default: throw Violation("no moment \(text)")
    }
  }
}

/// Writers that are killed, and what they leave.
package struct KillCheck {
  /// How it went.
  package struct Figures: Sendable {
    /// Writers that were killed at one of their system calls, and after some time.
    package var atCalls = 0
    package var atTimes = 0
    /// Writers that had finished before their moment came.
    package var tooLate = 0
    /// Kills after which the store was as before, and as the writer wanted it.
    package var before = 0
    package var after = 0
    /// Kills after which the store was as at the commit in between.
    package var between = 0

    package init() {}
    package var killed: Int { atCalls + atTimes }
  }

  static let kinds = UInt32(
    FAULTS_WRITE | FAULTS_SYNC | FAULTS_RENAME | FAULTS_RESIZE | FAULTS_MAP | FAULTS_OPEN | FAULTS_READ
      | FAULTS_REMOVE | FAULTS_ATTRIBUTE)

  /// Kills `count` writers at moments chosen by a seed: half of them at a system call, half after a time
  /// that is shorter than an undisturbed run.
  ///
  /// - Parameters:
  ///   - program: the path of `ImageStoreStress`.
  ///   - everyCall: kill at each system call in turn instead.
  package static func run(
    _ backend: Backend, _ operation: Operation, count: Int, everyCall: Bool = false, seed: UInt64,
    program: String
  ) throws -> Figures {
    let imagesPerCommit = 12
    let stage = try Stage(backend, operation, imagesPerCommit: imagesPerCommit)
    var generator = SplitMix64(seed: seed)
    var figures = Figures()
    let (calls, usual) = try undisturbed(stage, program)
    var microseconds = usual
    var number = 0
    var attempts = 0
    while everyCall ? number < calls : figures.killed < count {
      let moment: KillMoment =
        if everyCall {
          .call(number + 1)
        } else if number % 2 == 0 && calls > 0 {
          .call(Int.random(in: 1...calls, using: &generator))
        } else {
          .time(Int.random(in: 1...max(1, microseconds), using: &generator))
        }
      number += 1
      do {
        // A machine that is busy with other things now and then is measured again.
        if let elapsed = try killOne(stage, moment, program, &figures) { microseconds = elapsed.microseconds }
      } catch {
        throw Violation("\(backend) \(operation.rawValue), killed at \(moment), seed \(seed): \(error)")
      }
      attempts += 1
      try require(everyCall || attempts < 10 * count + 100, "writers end before they can be killed")
    }
    return figures
  }

  private static func arguments(_ stage: Stage, _ moment: KillMoment) -> [String] {
    [
      "killed-writer", stage.backend.name, stage.operation.rawValue, stage.path,
      "\(stage.commits.imagesPerCommit)", "\(moment)",
    ]
  }

  /// The system calls and microseconds of a run that is not killed.
  private static func undisturbed(_ stage: Stage, _ program: String) throws -> (Int, Int) {
    try stage.setUp()
    let (end, output) = try ChildProcess.run(
      program, arguments(stage, .never), folder: stage.outputFolder)
    guard end == .exited(0), let elapsed = elapsed(output) else {
      throw Violation("\(stage.backend): the writer fails undisturbed: \(end) \(output)")
    }
    return elapsed
  }

  /// What a writer that has finished says of its run.
  private static func elapsed(_ output: String) -> (calls: Int, microseconds: Int)? {
    guard let last = output.split(separator: "\n").last else { return nil }
    let numbers = last.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }

  /// - Returns: how long the writer took, if it was too late to kill it.
  private static func killOne(
    _ stage: Stage, _ moment: KillMoment, _ program: String, _ figures: inout Figures
  ) throws -> (calls: Int, microseconds: Int)? {
    try stage.setUp()
    let (end, output) = try ChildProcess.run(
      program, arguments(stage, moment), folder: stage.outputFolder)
    let hasFinished = output.contains("finished")
    switch end {
    case .signaled(SIGKILL): break
    case .exited(0) where hasFinished:
      figures.tooLate += 1
      return elapsed(output)
    default: throw Violation("the writer ended with \(end): \(output)")
    }
    switch moment {
    case .time: figures.atTimes += 1
    case .call, .never: figures.atCalls += 1
    }
    let state = try stage.state()
    switch state {
    case .before: figures.before += 1
    case .between: figures.between += 1
    case .after: figures.after += 1
    }
    try require(state == .after || !hasFinished, "what was finished is lost")
    try require(state != .before || !output.contains("committed"), "what was committed is lost")
    try stage.checkNextWriter(after: state)
    return nil
  }

  /// The part of the process that is killed.
  package static func writer(_ arguments: [String]) throws {
    guard arguments.count == 5, let operation = Operation(rawValue: arguments[1]),
      let imagesPerCommit = Int(arguments[3])
    else { throw Violation("killed-writer BACKEND OPERATION PATH IMAGES MOMENT") }
    let backend = try Backend.named(arguments[0])
    let commits = Commits(backend, imagesPerCommit: imagesPerCommit)
    let start = microsecondsNow()
    switch try KillMoment(arguments[4]) {
    case .never: faults_arm(kinds, 0, 0, Int32(FAULTS_FAIL_ONCE))
    case .call(let number): faults_arm(kinds, number, 0, Int32(FAULTS_KILL))
    case .time(let microseconds): faults_kill_after(microseconds)
    }
    try operation.perform(backend, arguments[2], commits) { printNow("committed") }
    let calls = faults_disarm()
    printNow("finished \(calls) \(microsecondsNow() - start)")
  }
}

private func microsecondsNow() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// Prints a line with one system call, so that it is there even if the process is killed next.
package func printNow(_ line: String) {
  let bytes = Array("\(line)\n".utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
}
