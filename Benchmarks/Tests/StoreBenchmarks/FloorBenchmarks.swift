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
      try recorder.measure(
        "write+fsync", "write", count: count, prepare: { try Files.clear(path) }
      ) { Self.write(UnsafeRawBufferPointer(target), to: path) }
      if !Files.exists(path) { Self.write(UnsafeRawBufferPointer(target), to: path) }
      try recorder.measure("pread", "read", count: count) { Self.read(path, into: target) }
      try Files.clear(path)
    }
    try recorder.save()
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to path: String) {
    let file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o644)
    var done = 0
    while done < bytes.count {
      done += max(0, Foundation.write(file, bytes.baseAddress! + done, min(bytes.count - done, 8 << 20)))
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
