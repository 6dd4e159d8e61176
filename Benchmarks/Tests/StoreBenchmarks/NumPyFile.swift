import Foundation

/// A `.npy` file that `prepare.py` or `peers.py` made: little-endian, C order.
struct NumPyFile {
  private let data: Data
  private let start: Int

  init(_ path: String) throws {
    data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    start = 10 + Int(data[8]) + Int(data[9]) << 8
  }

  func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
    try data.withUnsafeBytes {
      try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: $0[start...])))
    }
  }

  /// The elements of an array of int64.
  var integers: [Int] {
    withBytes { bytes in
      (0..<bytes.byteCount / 8).map { bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 8, as: Int.self) }
    }
  }
}
