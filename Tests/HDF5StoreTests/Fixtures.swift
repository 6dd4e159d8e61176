import Foundation
import HDF5Store
import ImageStoreCore

/// The files that `make_hdf5_fixtures.py` made, and their contents, computed here independently.
enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func path(_ name: String) -> String { root.appending(path: "Tests/Fixtures/hdf5/\(name)").path }

  /// A Python that has h5py, or nil.
  static let python = ProcessInfo.processInfo.environment["IMAGE_STORES_PYTHON"]

  /// The rows of a table, their fields parted by tabs.
  static func rows(_ name: String) -> [[String]] {
    let text = try? String(contentsOfFile: path(name), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map { $0.components(separatedBy: "\t") }
  }

  /// Sample `i` of all images.
  static func sample(_ i: Int) -> Int { (7 * i + i / 13) % 251 }

  /// The bytes of samples as the machine has them.
  static func ramp(_ type: ElementType, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    func add<Value: BitwiseCopyable>(_ value: Value) {
      unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
    }
    for i in 0..<count {
      let value = sample(i)
      switch type {
      case .bool: add(UInt8(value % 2))
      case .uint8: add(UInt8(value))
      case .uint16: add(UInt16(value))
      case .uint32: add(UInt32(value))
      case .uint64: add(UInt64(value))
      case .int8: add(Int8(value % 128))
      case .int16: add(Int16(value))
      case .int32: add(Int32(value))
      case .int64: add(Int64(value))
      case .float16: add(binary16(Double(value) / 4))
      case .float32: add(Float(value) / 4)
      case .float64: add(Double(value) / 4)
      }
    }
    return bytes
  }

  /// The binary16 of a number below 64 with at most two bits after the point, which is exact.
  private static func binary16(_ value: Double) -> UInt16 {
    guard value > 0 else { return 0 }
    let exponent = Int(value.exponent)
    return UInt16(exponent + 15) << 10 | UInt16((value.significand - 1) * 1024)
  }

  static func labels(_ count: Int) -> [Int] { (0..<count).map { 3 * $0 % 7 } }
}

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "hdf5-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension HDF5Store {
  /// The bytes of all images, or of some, as `read` delivers them.
  func bytes(_ indices: [Int]? = nil, region: ImageRegion? = nil) throws -> [UInt8] {
    let batch = try read(indices ?? Array(0..<count), regions: region.map { .same($0) } ?? .whole)
    return [UInt8](copied: batch.pixels)
  }
}

extension [UInt8] {
  init(copied bytes: RawSpan) { self = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } }
}
