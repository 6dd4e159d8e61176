import Foundation
import ImageStoreCore
import ImageStoreTesting
import XCTest

/// Opening stores of a million small images, and the memory an open store takes.
///
/// What opening costs depends on the number of images, not on their size.
final class MillionBenchmarks: XCTestCase {
  private static let format = ImageFormat(height: 8, width: 8)

  func testOpen() throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    let count = 1_000_000
    for subject in Subject.all + [Subject.perImage] where recorder.wants(subject.name, "open") {
      let path = "\(settings.work)/\(count)-\(subject.fileName)"
      if !Files.exists(path) { try subject.write(Self.images(count), path, .create, 2) }
      let before = Self.ownMemory()
      let store = try subject.open(path, 2)
      recorder.record(
        Measurement(
          subject: subject.name, work: "memory of an open store", count: count, threads: 2,
          round: settings.round, microseconds: 0, memory: max(0, Self.ownMemory() - before)))
      XCTAssertEqual(store.count, count)
      // Not an image but an opening is what a measurement counts, so it is told apart from others by its name.
      try recorder.measure(subject.name, "open 1,000,000", count: 1) { _ = try subject.open(path, 2) }
    }
    try recorder.save()
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
        annotations: Annotations(labels: (start..<start + 1000).map { $0 % 10 }))
    }
    return try writer.makeStore()
  }

  /// The bytes in memory that are the process' own, not a file's; 0 where the system does not say.
  private static func ownMemory() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    for line in status.split(separator: "\n") where line.hasPrefix("RssAnon:") {
      return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0) * 1024
    }
    return 0
  }
}
