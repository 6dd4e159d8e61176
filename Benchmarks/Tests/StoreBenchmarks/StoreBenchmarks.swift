import Foundation
import ImageStoreCore
import XCTest

/// Writing, reading, shuffled batches, crops, opening, labels and appending: every backend, the same images.
final class StoreBenchmarks: XCTestCase {
  private static let batch = 128

  private func forEachSubject(
    _ works: String...,
    do body: (_ subject: Subject, _ path: String, _ data: SampleData, _ recorder: Recorder) throws -> Void
  ) throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
    for count in settings.counts {
      let wanted = Subject.all.filter { subject in
        works.contains { recorder.wants(subject.name, $0 + subject.suffix) }
      }
      guard !wanted.isEmpty else { continue }
      let data = try SampleData(settings, count: count)
      for subject in wanted {
        try body(subject, "\(settings.work)/\(count)-\(subject.fileName)", data, recorder)
      }
    }
    try recorder.save()
  }

  /// The store at a path, written first if it does not exist.
  private func written(_ subject: Subject, _ path: String, _ data: SampleData) throws -> String {
    if !Files.exists(path) { try subject.write(data.store, path, .create, 2) }
    return path
  }

  func testWrite() throws {
    try forEachSubject("write") { subject, path, data, recorder in
      for threads in [1, 2] {
        try recorder.measure(
          subject.name, "write" + subject.suffix, count: data.store.count, threads: threads, path: path,
          prepare: { try Files.clear(path) }
        ) { try subject.write(data.store, path, .create, threads) }
      }
    }
  }

  /// Writing if syncing costs nothing, which leaves it out of a comparison.
  func testWriteToMemory() throws {
    guard Files.exists(Files.memory) else { throw XCTSkip("no file system in memory here") }
    try forEachSubject("write to memory") { subject, _, data, recorder in
      let path = "\(Files.memory)/image-stores-\(subject.fileName)"
      for threads in [1, 2] {
        try recorder.measure(
          subject.name, "write to memory" + subject.suffix, count: data.store.count, threads: threads,
          prepare: { try Files.clear(path) }
        ) { try subject.write(data.store, path, .create, threads) }
      }
      try FileManager.default.removeItem(atPath: path)
    }
  }

  func testWriteOne() throws {
    try forEachSubject("one written") { subject, path, data, recorder in
      let one = try data.store.subset(0..<1)
      let path = path + "-one"
      try recorder.measure(
        subject.name, "one written" + subject.suffix, count: 1, prepare: { try Files.clear(path) }
      ) { try subject.write(one, path, .create, 1) }
      try Files.clear(path)
    }
  }

  func testRead() throws {
    try forEachSubject("read") { subject, path, data, recorder in
      let path = try written(subject, path, data)
      for threads in [1, 2] {
        let store = try subject.open(path, threads)
        let all = Array(0..<store.count)
        var batch = ImageBatch()
        try recorder.measure(
          subject.name, "read" + subject.suffix, count: all.count, threads: threads,
          checksum: { Checksum.of(batch.pixels) }
        ) { try store.read(all, into: &batch) }
      }
    }
  }

  /// Every checksum, which writing makes: a pass over the pixels.
  func testVerify() throws {
    try forEachSubject("verify") { subject, path, data, recorder in
      let path = try written(subject, path, data)
      let store = try subject.open(path, 1)
      try recorder.measure(subject.name, "verify" + subject.suffix, count: store.count) { try store.verify() }
    }
  }

  func testShuffledBatches() throws {
    try forEachSubject("shuffled") { subject, path, data, recorder in
      try measureBatches(subject, path, data, recorder, "shuffled") { store, indices, batch in
        try store.read(indices, into: &batch)
      }
    }
  }

  func testRandomCrops() throws {
    try forEachSubject("random crops") { subject, path, data, recorder in
      // The rule of the peer: a place of nine by nine from the index.
      try measureBatches(subject, path, data, recorder, "random crops") { store, indices, batch in
        let regions = indices.map { ImageRegion(row: $0 * 7 % 9, column: $0 * 5 % 9, height: 24, width: 24) }
        try store.read(indices, regions: .each(regions), into: &batch)
      }
    }
  }

  private func measureBatches(
    _ subject: Subject, _ path: String, _ data: SampleData, _ recorder: Recorder, _ work: String,
    _ read: @escaping (_ store: any ImageStore, _ indices: [Int], _ batch: inout ImageBatch) throws -> Void
  ) throws {
    let path = try written(subject, path, data)
    let batches = data.batches(of: Self.batch)
    for threads in [1, 2] {
      let store = try subject.open(path, threads)
      _ = try store.labels()
      var batch = ImageBatch()
      try recorder.measure(
        subject.name, work + subject.suffix, count: batches.count * Self.batch, threads: threads,
        checksum: {
          var crc = Checksum()
          for indices in batches {
            try read(store, indices, &batch)
            crc.add(batch.pixels)
          }
          return crc.value
        }
      ) { for indices in batches { try read(store, indices, &batch) } }
    }
  }

  func testReadOne() throws {
    try forEachSubject("one read") { subject, path, data, recorder in
      let path = try written(subject, path, data)
      try recorder.measure(subject.name, "one read" + subject.suffix, count: 1) {
        _ = try subject.open(path, 1).pixels(at: 0)
      }
    }
  }

  func testOpenAndLabels() throws {
    try forEachSubject("open", "labels") { subject, path, data, recorder in
      let path = try written(subject, path, data)
      try recorder.measure(subject.name, "open", count: 1) { _ = try subject.open(path, 2) }
      try recorder.measure(subject.name, "labels", count: 1) { _ = try subject.open(path, 2).labels() }
    }
  }

  func testAppend() throws {
    try forEachSubject("append") { subject, path, data, recorder in
      let path = path + "-appended"
      let part = try data.store.subset(0..<max(1, data.store.count / 10))
      try recorder.measure(
        subject.name, "append" + subject.suffix, count: part.count, threads: 2, repeats: 1,
        prepare: {
          try Files.clear(path)
          try subject.write(data.store, path, .create, 2)
        }
      ) { try subject.write(part, path, .append, 2) }
      try Files.clear(path)
    }
  }
}
