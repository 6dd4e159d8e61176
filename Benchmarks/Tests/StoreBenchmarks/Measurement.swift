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
  /// The growth of the process' peak of resident memory, in bytes.
  var memory: Int?
}

/// Runs work once to warm up and take the checksum of what it delivers, then by the clock.
final class Recorder {
  let settings: Settings
  private(set) var measurements: [Measurement] = []

  init(_ settings: Settings) { self.settings = settings }

  /// - Parameters:
  ///   - prepare: done before each run, not timed.
  ///   - warmsUp: whether `run` is done once before the clock starts; not for writing.
  ///   - checksum: done once after the runs, not timed.
  ///   - path: what was written, for its size.
  func measure(
    _ subject: String, _ work: String, count: Int, threads: Int = 1, warmsUp: Bool = true,
    path: String? = nil, prepare: () throws -> Void = {}, checksum: (() throws -> UInt32)? = nil,
    _ run: () throws -> Void
  ) throws {
    let name = "\(subject) \(work)"
    guard settings.only.isEmpty || settings.only.contains(where: { name.contains($0) }) else { return }
    if warmsUp {
      try prepare()
      try run()
    }
    var samples: [Double] = []
    for _ in 0..<settings.repeats {
      try prepare()
      let start = ContinuousClock.now
      try run()
      let seconds = (ContinuousClock.now - start) / .microseconds(1)
      samples.append(seconds / Double(max(1, count)))
    }
    let sum = try checksum?()
    let size = path.map(Files.sizes)
    for sample in samples {
      let measurement = Measurement(
        subject: subject, work: work, count: count, threads: threads, round: settings.round,
        microseconds: sample, checksum: sum, bytes: size?.apparent, allocated: size?.allocated)
      measurements.append(measurement)
    }
    let median = samples.sorted()[samples.count / 2]
    print(
      "\(subject.padding(toLength: 24, withPad: " ", startingAt: 0)) "
        + "\(work.padding(toLength: 16, withPad: " ", startingAt: 0)) \(threads) thread(s) "
        + String(format: "%10.3f us", median))
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
