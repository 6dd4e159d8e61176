import ImageStoreCore
import StoreIO
import XCTest

/// What the machine takes for the same bytes with nothing around them, measured in this process too.
final class FloorBenchmarks: XCTestCase {
  func testFloors() throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    for count in settings.counts {
      let data = try SampleData(settings, count: count)
      let store = data.store
      let source = try store.read(0..<count)
      var batch = ImageBatch()
      try recorder.measure("memcpy", "read", count: count) {
        try batch.replace(layout: source.layout, indices: [], labels: []) {
          (destination) throws(StoreError) in
          try unsafe destination.appendBytes(source.layout.byteCount) { (memory) throws(StoreError) in
            unsafe source.pixels.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
          }
        }
      }
      let batches = data.batches(of: 128)
      try recorder.measure("InMemoryStore", "shuffled", count: batches.count * 128) {
        for indices in batches { try store.read(indices, into: &batch) }
      }
      let path = "\(settings.work)/floor.raw"
      try FileManager.default.createDirectory(atPath: settings.work, withIntermediateDirectories: true)
      try recorder.measure(
        "write+fsync", "write", count: count, warmsUp: false, prepare: { try FileSystem.remove(path) }
      ) {
        let file = try File(path, .create)
        let step = 8 << 20
        try unsafe source.pixels.withUnsafeBytes { (bytes) throws(StoreError) in
          for start in stride(from: 0, to: bytes.count, by: step) {
            let end = min(start + step, bytes.count)
            try unsafe file.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: start)
          }
        }
        try file.synchronize()
      }
      try recorder.measure("pread", "read", count: count) {
        let file = try File(path, .read)
        try batch.replace(layout: source.layout, indices: [], labels: []) {
          (destination) throws(StoreError) in
          try unsafe destination.appendBytes(source.layout.byteCount) { (memory) throws(StoreError) in
            try unsafe file.read(at: 0, into: memory)
          }
        }
      }
      try FileSystem.remove(path)
    }
    try recorder.save()
  }
}
