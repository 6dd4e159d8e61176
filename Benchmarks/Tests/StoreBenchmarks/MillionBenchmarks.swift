import Foundation
import ImageStoreCore
import ImageStoreTesting
import XCTest

/// Opening stores of a million small images, and the memory an open store takes.
///
/// What opening costs depends on the number of images, not on their size. Memory is to be measured
/// in a process of its own a subject, after another has written the stores: what was freed before
/// would be taken again unseen.
final class MillionBenchmarks: XCTestCase {
  private static let format = ImageFormat(height: 8, width: 8)

  private static let count = 1_000_000

  private func forEachSubject(
    _ body: (_ subject: Subject, _ path: String, _ recorder: Recorder) throws -> Void
  ) throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
    for subject in Subject.all + [Subject.perImage] where recorder.wants(subject.name, "open") {
      try body(subject, "\(settings.work)/\(Self.count)-\(subject.fileName)", recorder)
    }
    try recorder.save()
  }

  func testWrite() throws {
    let images = try Self.images(Self.count)
    try forEachSubject { subject, path, _ in
      if !Files.exists(path) { try subject.write(images, path, .create, 2) }
    }
  }

  func testOpen() throws {
    try forEachSubject { subject, path, recorder in
      let before = Self.ownMemory()
      let store = try subject.open(path, 2)
      recorder.record(
        Measurement(
          subject: subject.name, work: "memory of an open store", count: Self.count, threads: 2,
          round: recorder.settings.round, microseconds: 0, memory: max(0, Self.ownMemory() - before)))
      XCTAssertEqual(store.count, Self.count)
      // Not an image but an opening is what a measurement counts, so it is told apart from others
      // by its name.
      try recorder.measure(subject.name, "open 1,000,000", count: 1) { _ = try subject.open(path, 2) }
    }
  }

  private static func images(_ count: Int) throws -> InMemoryStore {
    var generator = SplitMix64(seed: 20)
    var writer = InMemoryStore.Writer()
    // Some images, over and over.
    var images = [UInt8]()
    for _ in 0..<(1000 * format.byteCount / 8) {
      withUnsafeBytes(of: generator.next() & 0x0f0f_0f0f_0f0f_0f0f) { images += $0 }
    }
    for start in stride(from: 0, to: count, by: 1000) {
      try writer.append(
        images.span.bytes, layout: BatchLayout(format, count: 1000),
        labels: ImageLabels(labels: (start..<start + 1000).map { $0 % 10 }))
    }
    return try writer.finish()
  }

  /// The bytes in memory that are the process' own, not a file's; 0 if the system does not say.
  private static func ownMemory() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
      return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0) * 1024
    }
    return 0
  }
}
