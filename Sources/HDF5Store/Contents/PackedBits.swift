import ImageStoreCore
import ImageStoreSupport

/// How masks lie in a dataset of bytes that each have eight pixels, as `numpy.packbits` makes them.
struct PackedBits: Sendable {
  let format: ImageFormat
  let count: Int
  private let isAlongRows: Bool
  private let isLittle: Bool
  /// From one mask to the next, in bits.
  private let imageBits: Int
  /// From one row of pixels to the next, in bits; from one row of bytes to the next for masks packed along rows, in bytes.
  private let rowStride: Int

  /// - Parameters:
  ///   - shape: the extents of the dataset.
  ///   - description: has an axis.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the shape is not that of such masks.
  init(shape: [Int], _ description: StoreDescription) throws(StoreError) {
    guard let said = description.shape, let axis = description.axis else {
      throw StoreError(
        .invalidArgument,
        "packed bits of the shape \(ArrayGeometry.text(shape)) do not say how large the masks are",
        remedy: description.axis == nil ? "give --axis rows or --axis columns" : "give --shape HxW")
    }
    guard (said.channels ?? 1) == 1 else {
      throw StoreError(
        .invalidArgument, "masks of bits have one channel where \(said) is said", remedy: "give --shape HxW")
    }
    if let type = description.elementType, type != .bool {
      throw StoreError(
        .invalidArgument, "masks of bits are bool where \(type.name) is said", remedy: "leave --dtype out")
    }
    let format = try ImageFormat(
      validating: said.height, width: said.width, channels: 1, elementType: .bool)
    self.format = format
    isLittle = description.bitOrder == .little
    isAlongRows = axis == .rows
    let (height, width) = (format.height, format.width)
    let rows = axis == .rows ? (height + 7) / 8 : height
    let bytesPerRow = axis == .rows ? width : (width + 7) / 8
    let pixels = height * width
    let total = shape.reduce(1, *)
    let perImage = rows * bytesPerRow
    let inner = shape.dropFirst().filter { $0 != 1 }
    // packbits of each mask, or of all of them, without an axis: no padding between rows.
    let isFlat = axis == .columns && width % 8 != 0
    let isPadded = total % perImage == 0
    let flatCount = total * 8 / pixels
    if shape.count > 1, inner == [rows, bytesPerRow].filter({ $0 != 1 }) || inner == [perImage] {
      (count, imageBits) = (shape[0], perImage * 8)
      rowStride = axis == .rows ? width : bytesPerRow * 8
    } else if shape == [rows, bytesPerRow] {
      (count, imageBits) = (1, perImage * 8)
      rowStride = axis == .rows ? width : bytesPerRow * 8
    } else if shape.count == 2, isFlat, shape[1] == (pixels + 7) / 8 {
      (count, imageBits, rowStride) = (shape[0], shape[1] * 8, width)
    } else if shape.count == 1, isFlat, !isPadded, flatCount > 0, total == (flatCount * pixels + 7) / 8 {
      (count, imageBits, rowStride) = (flatCount, pixels, width)
    } else if shape.count == 1, isPadded, !isFlat || total != (flatCount * pixels + 7) / 8 {
      (count, imageBits) = (total / perImage, perImage * 8)
      rowStride = axis == .rows ? width : bytesPerRow * 8
    } else {
      throw StoreError(
        .invalidArgument,
        "an array of the shape \(ArrayGeometry.text(shape)) where \(said) masks packed along \(axis.rawValue) are "
          + "(N, \(rows), \(bytesPerRow))", remedy: "say the shape and the axis that they have")
    }
  }

  /// Writes a byte 0 or 1 for each pixel of a region.
  ///
  /// - Parameter base: the first byte of the dataset; all of the mask's bytes are readable.
  func unpack(
    _ index: Int, _ region: ImageRegion, from base: UnsafeRawPointer, to target: UnsafeMutableRawPointer
  ) {
    var to = unsafe target
    let first = index &* imageBits
    for row in region.row..<region.row + region.height {
      for column in region.column..<region.column + region.width {
        let bit =
          isAlongRows
          ? first &+ (row >> 3 &* rowStride &+ column) &* 8 &+ (row & 7)
          : first &+ row &* rowStride &+ column
        let byte = unsafe base.load(fromByteOffset: bit >> 3, as: UInt8.self)
        unsafe to.storeBytes(
          of: byte >> UInt8(truncatingIfNeeded: isLittle ? bit & 7 : 7 - bit & 7) & 1, as: UInt8.self)
        unsafe to += 1
      }
    }
  }
}
