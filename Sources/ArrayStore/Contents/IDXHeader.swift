import ImageStoreNumPy
import ImageStoreSupport

/// The header of an IDX file: two zero bytes, the type of a sample, the number of axes, and the
/// extent of each as 32 bits, big-endian as the samples are.
///
/// Source: "The IDX file format", on the page of the MNIST database (LeCun, Cortes, Burges).
struct IDXHeader {
  let shape: [Int]
  let type: NPYType
  let byteCount: Int

  /// Nil if the bytes do not begin so, or have fewer bytes of samples than they say.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 8, unsafe bytes[0] == 0, unsafe bytes[1] == 0 else { return nil }
    let kinds: [UInt8: (NPYType.Kind, Int)] = [
      0x08: (.unsignedInteger, 1), 0x09: (.signedInteger, 1), 0x0B: (.signedInteger, 2),
      0x0C: (.signedInteger, 4), 0x0D: (.floatingPoint, 4),
      0x0E: (.floatingPoint, 8),
    ]
    let rank = unsafe Int(bytes[3])
    guard let (kind, size) = unsafe kinds[bytes[2]], (1...4).contains(rank), bytes.count >= 4 + 4 * rank
    else {
      return nil
    }
    var shape: [Int] = []
    var total = size
    for axis in 0..<rank {
      let extent = unsafe Int(bytes.integer(UInt32.self, at: 4 + 4 * axis, bigEndian: true)!)
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      total = product
      shape.append(extent)
    }
    self.shape = shape
    byteCount = 4 + 4 * rank
    type = NPYType(kind, byteCount: size, isSwapped: size > 1 && Int16(1).littleEndian == 1)
  }

  /// Whether a file may be IDX by its first bytes.
  static func recognizes(_ head: FileHead) -> Bool {
    [0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E].contains { type in
      (1...4).contains { head.begins(with: [0, 0, type, $0]) }
    }
  }
}
