import Foundation
import ImageStoreCore

/// A folder of arrays that are made byte by byte, as numpy writes them, which goes with the value.
final class ArrayFiles {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "arrays-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let url = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  /// Writes an array of bytes as `.npy` of version 1: NEP 1 of numpy.
  @discardableResult
  func array(_ shape: [Int], _ data: [UInt8], _ name: String, type: String = "|u1") throws -> String {
    try write(Self.header(type, shape) + data, name)
  }

  static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let count = header.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)] + Array(header.utf8)
  }

  func description(_ change: (inout StoreDescription) -> Void) -> StoreDescription {
    var description = StoreDescription()
    change(&description)
    return description
  }
}

/// Masks of discs, a byte per pixel, and how `numpy.packbits` packs them: pixel by pixel, the first
/// in the highest bit.
struct Discs {
  let count: Int, height: Int, width: Int

  func pixel(_ mask: Int, _ row: Int, _ column: Int) -> UInt8 {
    let (y, x) = (row - height / 2 + mask, column - width / 3 - mask)
    return y * y + x * x < height * height / 7 ? 1 : 0
  }

  /// Packed along the columns: (count, height, bytes of a row).
  var columns: (shape: [Int], bytes: [UInt8]) {
    let byteCount = (width + 7) / 8
    var bytes = [UInt8](repeating: 0, count: count * height * byteCount)
    forEach { mask, row, column in
      bytes[(mask * height + row) * byteCount + column / 8] |= 0x80 >> UInt8(column % 8)
    }
    return ([count, height, byteCount], bytes)
  }

  /// Packed along the rows: (count, bytes of a column, width).
  var rows: (shape: [Int], bytes: [UInt8]) {
    let byteCount = (height + 7) / 8
    var bytes = [UInt8](repeating: 0, count: count * byteCount * width)
    forEach { mask, row, column in
      bytes[(mask * byteCount + row / 8) * width + column] |= 0x80 >> UInt8(row % 8)
    }
    return ([count, byteCount, width], bytes)
  }

  /// A byte per pixel.
  func samples(_ value: UInt8) -> [UInt8] {
    var samples = [UInt8](repeating: 0, count: count * height * width)
    forEach { mask, row, column in samples[(mask * height + row) * width + column] = value }
    return samples
  }

  private func forEach(_ body: (Int, Int, Int) -> Void) {
    for mask in 0..<count {
      for row in 0..<height {
        for column in 0..<width where pixel(mask, row, column) == 1 { body(mask, row, column) }
      }
    }
  }
}
