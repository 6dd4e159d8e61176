import Foundation
import ImageStoreCore
import XCTest

/// What the machine takes for the same bytes with nothing around them, measured in this process too.
final class FloorBenchmarks: XCTestCase {
  func testFloors() throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
    for count in settings.counts {
      let store = try SampleData(settings, count: count).store
      let source = try store.read(0..<count)
      let size = source.layout.byteCount
      let target = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
      defer { target.deallocate() }
      try recorder.measure("memcpy", "read", count: count) {
        source.pixels.withUnsafeBytes { target.copyMemory(from: $0) }
      }
      let path = "\(settings.work)/floor.raw"
      // If memory is new to a virtual machine, more than one run meets it.
      try recorder.measure(
        "write+fsync", "write", count: count, least: 4, prepare: { try Files.clear(path) }
      ) { Self.write(UnsafeRawBufferPointer(target), to: path) }
      if !Files.exists(path) { Self.write(UnsafeRawBufferPointer(target), to: path) }
      try recorder.measure("pread", "read", count: count) { Self.read(path, into: target) }
      try Files.clear(path)
    }
    try recorder.save()
  }

  /// The images' bytes handed over in one call, if syncing costs nothing.
  func testWriteToMemory() throws {
    guard Files.exists(Files.memory) else { throw XCTSkip("no file system in memory here") }
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    let path = "\(Files.memory)/image-stores-floor.raw"
    for count in settings.counts where recorder.wants("bare write", "write to memory") {
      let source = try SampleData(settings, count: count).store.read(0..<count)
      try recorder.measure(
        "bare write", "write to memory", count: count, prepare: { try Files.clear(path) }
      ) { source.pixels.withUnsafeBytes { Self.write($0, to: path, atOnce: $0.count) } }
      try Files.clear(path)
    }
    try recorder.save()
  }

  /// The images of the shuffled batches, copied one by one.
  func testShuffledBatches() throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    for count in settings.counts where recorder.wants("memcpy", "shuffled") {
      let data = try SampleData(settings, count: count)
      let source = try data.store.read(0..<count)
      let batches = data.batches(of: 128)
      let size = source.layout.byteCount / count
      let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * size, alignment: 64)
      defer { target.deallocate() }
      try recorder.measure("memcpy", "shuffled", count: batches.count * 128) {
        source.pixels.withUnsafeBytes { pixels in
          for batch in batches {
            for (slot, index) in batch.enumerated() {
              memcpy(target.baseAddress! + slot * size, pixels.baseAddress! + index * size, size)
            }
          }
        }
      }
    }
    try recorder.save()
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to path: String, atOnce: Int = 8 << 20) {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o644)
    var done = 0
    while done < bytes.count {
      let count = Foundation.write(file, bytes.baseAddress! + done, min(bytes.count - done, atOnce))
      XCTAssertGreaterThan(count, 0)
      if count <= 0 { break }
      done += count
    }
    XCTAssertEqual(fsync(file), 0)
    close(file)
  }

  private static func read(_ path: String, into memory: UnsafeMutableRawBufferPointer) {
    let file = open(path, O_RDONLY)
    var done = 0
    while done < memory.count {
      let count = pread(file, memory.baseAddress! + done, memory.count - done, off_t(done))
      XCTAssertGreaterThan(count, 0)
      if count <= 0 { break }
      done += count
    }
    close(file)
  }
}
