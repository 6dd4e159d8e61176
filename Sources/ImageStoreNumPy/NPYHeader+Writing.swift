package import ImageStoreCore

extension NPYHeader {
  /// The header of an array in the machine's byte order and C order, as ``bytes`` spells it.
  ///
  /// - Precondition: the array takes no more than 2^62 bytes and has at most 64 dimensions.
  package init(_ type: NPYType, shape: [Int]) {
    let dataOffset = Self.textOffset + Self.text(type, shape: shape).count
    do throws(StoreError) {
      try self.init(type: type, isFortranOrder: false, shape: shape, dataOffset: dataOffset)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The header of images in memory: (height, width) if there is one channel, else (height, width,
  /// channels), with the number of images in front if `count` is given.
  package init(_ format: ImageFormat, count: Int? = nil) {
    self.init(NPYType(format.elementType), shape: (count.map { [$0] } ?? []) + format.shape)
  }

  /// The header's bytes, equal to those numpy writes for such an array in C order.
  ///
  /// The data after them begins at a multiple of 64. There is room for the first dimension to grow to
  /// 21 digits without the header becoming longer.
  package var bytes: [UInt8] {
    let text = Self.text(type, shape: shape)
    return Self.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }

  /// Where the text of a header of version 1 begins. 64 dimensions fit its 16-bit length.
  private static let textOffset = 10

  private static func text(_ type: NPYType, shape: [Int]) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = Array(
      "{'descr': '\(type.description)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    if let first = shape.first {
      text += repeatElement(0x20, count: 21 - String(first).utf8.count)
    }
    // numpy pads by 64 and not by 0 if the header would end at a multiple already.
    text += repeatElement(0x20, count: 64 - (textOffset + text.count + 1) % 64)
    text.append(0x0A)
    return text
  }
}
