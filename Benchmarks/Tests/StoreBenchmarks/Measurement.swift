import Foundation

/// One figure of one subject at one work.
struct Measurement: Codable {
  var side = "swift"
  /// What was measured, such as `HDF5Store gzip`.
  var subject: String
  /// What it did, such as `shuffled`.
  var work: String
  /// How many images (or crops, or opens) a run handled.
  var count: Int
  var threads: Int
  var round: Int
  /// Time for one of `count`.
  var microseconds: Double
  /// CRC-32 of the pixels delivered, which must be the peer's.
  var checksum: UInt32?
  /// What the files take, as their sizes say and as the disk keeps them.
  var bytes: Int?
  var allocated: Int?
  /// Memory of the process' own that the work took, in bytes: mapped files are not among it.
  var memory: Int?
}

/// Measures work by the clock: once if it takes long, otherwise several times, of which the median
/// counts.
final class Recorder {
  let settings: Settings
  private(set) var measurements: [Measurement] = []
  /// Runs after the first, which warms up, end once they have taken so long; a first that takes
  /// more is the only one.
  private static let long = Duration.milliseconds(500)
  private static let veryLong = Duration.seconds(3)

  init(_ settings: Settings) { self.settings = settings }

  func wants(_ subject: String, _ work: String) -> Bool {
    settings.only.isEmpty || settings.only.contains { "\(subject) \(work)".contains($0) }
  }

  /// - Parameters:
  ///   - repeats: runs at most, the first of which warms up; nil for what the settings say.
  ///   - least: runs that count, however long they take.
  ///   - prepare: done before each run, not timed.
  ///   - checksum: done once after the runs of the first round, not timed.
  ///   - path: what was written, for its size.
  func measure(
    _ subject: String, _ work: String, count: Int, threads: Int = 1, repeats: Int? = nil, least: Int = 1,
    path: String? = nil, prepare: () throws -> Void = {}, checksum: (() throws -> UInt32)? = nil,
    _ run: () throws -> Void
  ) throws {
    guard wants(subject, work), count > 0 else { return }
    var times: [Duration] = []
    while times.count < repeats ?? settings.repeats + 1 {
      try prepare()
      let start = ContinuousClock.now
      try run()
      times.append(ContinuousClock.now - start)
      let measured = times.dropFirst().reduce(Duration.zero, +)
      if times[0] > Self.veryLong || (measured > Self.long && times.count > least) { break }
    }
    // The first of several warms up.
    let counted = (times.count > 1 ? Array(times[1...]) : times).sorted()
    let median = (counted[(counted.count - 1) / 2] + counted[counted.count / 2]) / 2
    let sum = settings.round <= 1 ? try checksum?() : nil
    let size = path.map(Files.sizes)
    record(
      Measurement(
        subject: settings.variant.map { "\(subject), \($0)" } ?? subject, work: work, count: count,
        threads: threads, round: settings.round,
        microseconds: median / .microseconds(1) / Double(count), checksum: sum, bytes: size?.apparent,
        allocated: size?.allocated))
  }

  func record(_ measurement: Measurement) {
    measurements.append(measurement)
    let subject = measurement.subject.padding(toLength: 24, withPad: " ", startingAt: 0)
    let work = measurement.work.padding(toLength: 16, withPad: " ", startingAt: 0)
    print(
      "\(subject) \(work) \(measurement.threads) thread(s) "
        + String(format: "%10.3f us", measurement.microseconds))
  }

  /// Appends what was measured to the output file.
  func save() throws {
    guard let output = settings.output else { return }
    if !FileManager.default.fileExists(atPath: output) {
      _ = FileManager.default.createFile(atPath: output, contents: nil)
    }
    let file = try FileHandle(forWritingTo: URL(filePath: output))
    try file.seekToEnd()
    for measurement in measurements {
      try file.write(contentsOf: JSONEncoder().encode(measurement) + Data("\n".utf8))
    }
    try file.close()
  }
}
