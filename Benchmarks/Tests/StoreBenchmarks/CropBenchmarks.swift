import Foundation
import ImageStoreCore
import PackedBitStore
import XCTest

/// Crops of 256x256 from 1920x1080 bit masks, beside numpy's recipe and a memory map of bytes.
final class CropBenchmarks: XCTestCase {
  private static let format = ImageFormat(height: 1080, width: 1920, elementType: .bool)

  func testCrops() throws {
    let settings = try Settings.current()
    // peers.py makes the masks and says where the crops are.
    let masks = "\(settings.work)/masks.npy"
    guard Files.exists(masks) else { throw XCTSkip("run Benchmarks/run, which makes the masks") }
    let places = try NumPyFile("\(settings.work)/crops.npy").integers
    let images = stride(from: 0, to: places.count, by: 3).map { places[$0] }
    let regions = stride(from: 0, to: places.count, by: 3).map {
      ImageRegion(row: places[$0 + 1], column: places[$0 + 2], height: 256, width: 256)
    }
    let path = "\(settings.work)/ours.bits"
    if !Files.exists(path) { try Self.write(masks, to: path) }
    let recorder = Recorder(settings)
    for threads in [1, 2] {
      let store = try PackedBitStore(at: path, threads: threads)
      // A batch of 50 crops per call, into memory that is used again, as numpy's allocator does it.
      var crops = [UInt8](repeating: 0, count: 50 * 65_536)
      func eachCall(_ body: (RawSpan) -> Void = { _ in }) throws {
        for start in stride(from: 0, to: images.count, by: 50) {
          let end = min(start + 50, images.count)
          try crops.withUnsafeMutableBytes { memory in
            var output = OutputRawSpan(buffer: memory, initializedCount: 0)
            try store.read(
              Array(images[start..<end]).span, regions: Array(regions[start..<end]).span, into: &output)
            let count = output.finalize(for: memory)
            body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<count])))
          }
        }
      }
      try recorder.measure(
        "PackedBitStore", "crop", count: images.count, threads: threads,
        checksum: {
          var checksum = Checksum()
          try eachCall { checksum.add($0) }
          return checksum.value
        }
      ) { try eachCall() }
    }
    let store = try PackedBitStore(at: path, threads: 1)
    try recorder.measure("PackedBitStore", "count in a region", count: images.count) {
      for (image, region) in zip(images, regions) { _ = try store.count(in: region, ofImage: image) }
    }
    try recorder.save()
  }

  private static func write(_ masks: String, to path: String) throws {
    try NumPyFile(masks).withBytes { bytes in
      var writer = try PackedBitStore.Writer(to: path)
      try writer.append(
        bytes, layout: BatchLayout(format, count: bytes.byteCount / format.byteCount),
        labels: ImageLabels())
      try writer.finish()
    }
  }
}

/// Crops of 256x256 at each of 64 columns, of masks packed along rows and along columns;
/// `crop-offsets`, which makes the masks, runs it beside numpy.
final class CropOffsetBenchmarks: XCTestCase {
  /// Processor time of a crop, in microseconds, as `crop-offsets` reads it.
  private struct Figure: Codable {
    var axis: String
    var offset: Int
    var microseconds: Double
  }

  func testOffsets() throws {
    guard let folder = ProcessInfo.processInfo.environment["IMAGE_STORES_CROP_OFFSETS"] else {
      throw XCTSkip("run Benchmarks/crop-offsets")
    }
    let places = try NumPyFile("\(folder)/places.npy").integers
    var figures: [Figure] = []
    for axis in PackingAxis.allCases {
      let name = axis.rawValue
      let layout = try PackedBitLayout(height: 1080, width: 1920, axis: axis)
      let store = try PackedBitStore(file: "\(folder)/\(name).npy", layout: layout, threads: 1)
      for offset in 0..<64 {
        figures.append(
          Figure(axis: name, offset: offset, microseconds: try Self.measure(store, places, offset)))
      }
    }
    try JSONEncoder().encode(figures).write(to: URL(filePath: "\(folder)/ours.json"))
  }

  /// The least of five runs over all places, moved to columns of one offset.
  private static func measure(_ store: PackedBitStore, _ places: [Int], _ offset: Int) throws -> Double {
    let images = stride(from: 0, to: places.count, by: 3).map { places[$0] }
    let regions = stride(from: 0, to: places.count, by: 3).map {
      ImageRegion(row: places[$0 + 1], column: places[$0 + 2] * 64 + offset, height: 256, width: 256)
    }
    var crops = [UInt8](repeating: 0, count: 50 * 65_536)
    var least = Double.infinity
    for _ in 0..<5 {
      let start = processorMicroseconds()
      try crops.withUnsafeMutableBytes { memory in
        for first in stride(from: 0, to: images.count, by: 50) {
          let end = min(first + 50, images.count)
          var output = OutputRawSpan(buffer: memory, initializedCount: 0)
          try store.read(
            images.span.extracting(first..<end), regions: regions.span.extracting(first..<end), into: &output)
          _ = output.finalize(for: memory)
        }
      }
      least = min(least, (processorMicroseconds() - start) / Double(images.count))
    }
    return least
  }

  private static func processorMicroseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}
