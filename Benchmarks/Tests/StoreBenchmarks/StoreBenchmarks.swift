import Foundation
import ImageStoreCore
import XCTest

/// Writing, reading, shuffled batches, opening, labels and appending: every backend, the same images.
final class StoreBenchmarks: XCTestCase {
  private static let batch = 128

  private func forEachSubject(
    _ body: (_ subject: Subject, _ path: String, _ data: SampleData, _ recorder: Recorder) throws -> Void
  ) throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
    for count in settings.counts {
      let data = try SampleData(settings, count: count)
      for subject in Subject.all {
        try body(subject, "\(settings.work)/\(count)-\(subject.fileName)", data, recorder)
      }
    }
    try recorder.save()
  }

  /// The store at a path, written first where it is not there.
  private func written(_ subject: Subject, _ path: String, _ data: SampleData) throws -> String {
    if !Files.exists(path) { try subject.write(data.store, path, .create, 2) }
    return path
  }

  func testAWrite() throws {
    try forEachSubject { subject, path, data, recorder in
      for threads in [1, 2] {
        try recorder.measure(
          subject.name, "write", count: data.store.count, threads: threads, warmsUp: false, path: path,
          prepare: { try Files.remove(path) }
        ) { try subject.write(data.store, path, .create, threads) }
      }
    }
  }

  func testBRead() throws {
    try forEachSubject { subject, path, data, recorder in
      let path = try written(subject, path, data)
      for threads in [1, 2] {
        let store = try subject.open(path, threads)
        let all = Array(0..<store.count)
        var batch = ImageBatch()
        try recorder.measure(
          subject.name, "read", count: all.count, threads: threads,
          checksum: { Checksum.of(batch.pixels) }
        ) { try store.read(all, into: &batch) }
      }
    }
  }

  func testCShuffledBatches() throws {
    try forEachSubject { subject, path, data, recorder in
      let path = try written(subject, path, data)
      let batches = data.batches(of: Self.batch)
      for threads in [1, 2] {
        let store = try subject.open(path, threads)
        _ = try store.labels()
        var batch = ImageBatch()
        try recorder.measure(
          subject.name, "shuffled", count: batches.count * Self.batch, threads: threads,
          checksum: {
            var crc = Checksum()
            for indices in batches {
              try store.read(indices, into: &batch)
              crc.add(batch.pixels)
            }
            return crc.value
          }
        ) { for indices in batches { try store.read(indices, into: &batch) } }
      }
    }
  }

  func testDReadOne() throws {
    try forEachSubject { subject, path, data, recorder in
      let path = try written(subject, path, data)
      try recorder.measure(subject.name, "read one", count: 1) {
        _ = try subject.open(path, 1).pixels(at: 0)
      }
    }
  }

  func testEOpenAndLabels() throws {
    try forEachSubject { subject, path, data, recorder in
      let path = try written(subject, path, data)
      try recorder.measure(subject.name, "open", count: 1) { _ = try subject.open(path, 2) }
      try recorder.measure(subject.name, "labels", count: 1) { _ = try subject.open(path, 2).labels() }
    }
  }

  func testFAppend() throws {
    try forEachSubject { subject, path, data, recorder in
      let path = path + "-appended"
      let part = try data.store.subset(0..<max(1, data.store.count / 10))
      try recorder.measure(
        subject.name, "append", count: part.count, threads: 2, warmsUp: false,
        prepare: {
          try Files.remove(path)
          try subject.write(data.store, path, .create, 2)
        }
      ) { try subject.write(part, path, .append, 2) }
      try Files.remove(path)
    }
  }
}
