import Foundation
import ImageStoreCore
import PackedBitStore
import XCTest

/// Crops of 256x256 at each of 64 columns, of masks packed along rows and along columns; `crop-offsets`, which
/// makes the masks, runs it beside numpy.
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
