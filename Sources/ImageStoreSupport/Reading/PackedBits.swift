package import ImageStoreCore

/// How masks of one bit per pixel are laid out in an array or in bare bytes that do not describe
/// themselves.
///
/// Axes of extent 1 count as if they were not there, and elements of several bytes as that many
/// bytes, like numpy's views.
package struct PackedBits: Sendable, Hashable {
  /// A mask: one channel of bool.
  package let format: ImageFormat
  package let count: Int
  package let axis: StoreDescription.PackingAxis
  package let bitOrder: StoreDescription.BitOrder
  /// The bytes of all masks.
  package let byteCount: Int
  /// From one mask to the next, in bits.
  private let imageBits: Int
  /// From one row of pixels to the next, in bits, unless bits are packed along rows.
  private let rowBits: Int
  /// How many masks whose bits run on would take as many bare bytes; nil if only one reading is possible.
  private let flatCount: Int?

  /// - Parameters:
  ///   - shape: of the array; nil for bare bytes.
  ///   - itemByteCount: the bytes of an element; of bare bytes, how many there are.
  ///   - description: the shape of a mask, the axis and the order of bits.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the array cannot have such masks, naming what
  ///   would help; ``StoreError/Code/unusedOption`` for options that do not apply to bits.
  package init(
    shape: [Int]?, itemByteCount: Int, _ description: StoreDescription
  ) throws(StoreError) {
    guard let axis = description.axis, let said = description.shape else {
      throw StoreError(
        .invalidArgument, "the file does not say how its bits are packed",
        remedy: "give --shape HxW, --axis rows, columns or flat, and --bit-order if it is little")
    }
    guard (said.channels ?? 1) == 1 else {
      throw .unusedOption("shape", "packed bits have one channel; give --shape HxW")
    }
    if let type = description.elementType, type != .bool {
      throw .unusedOption("dtype", "packed bits are bool")
    }
    if description.dimensions != nil { throw .unusedOption("dimensions", "packed bits have an --axis") }
    format = try ImageFormat(
      validating: said.height, width: said.width, channels: 1, elementType: .bool)
    self.axis = axis
    bitOrder = description.bitOrder ?? .big
    let (height, width) = (said.height, said.width)
    let packed: [Int] =
      switch axis {
      case .rows: [(height + 7) / 8, width]
      case .columns: [height, (width + 7) / 8]
      case .flat: [(height * width + 7) / 8]
      }
    let maskBytes = packed.reduce(1, *)
    var axes = shape ?? [1]
    axes.append(itemByteCount)
    var total = 1
    for extent in axes {
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow, product < 1 << 59 else {
        throw StoreError(.limitExceeded, "the number of packed bits is too large")
      }
      total = product
    }
    byteCount = total
    let text = shape.map { "an array of the shape \(ArrayGeometry.text($0))" } ?? "\(total) bytes"
    // Bits that run on through rows of whole bytes are the same bytes.
    let isFlatToo = axis == .columns && width % 8 == 0
    if let shape {
      var found = shape
      if itemByteCount > 1, let last = found.popLast() { found.append(last * itemByteCount) }
      found.removeAll { $0 == 1 }
      let expected = packed.filter { $0 != 1 }
      let count = total / maskBytes
      let isWhole = total % maskBytes == 0
      let leading = count == 1 ? [] : [count]
      if axis == .flat, shape.count == 1 || found.count == 1 && found != leading + expected {
        // numpy.packbits without an axis: the bits of all masks run on.
        imageBits = height * width
      } else if isWhole,
        found == leading + expected
          || isFlatToo
            && (found == leading + [maskBytes].filter { $0 != 1 } || found == [total].filter { $0 != 1 })
      {
        imageBits = maskBytes * 8
      } else {
        throw Self.mismatch(text, said, axis, packed, shape: shape)
      }
    } else if axis == .flat {
      imageBits = height * width
    } else {
      guard total % maskBytes == 0 else { throw Self.mismatch(text, said, axis, packed, shape: nil) }
      imageBits = maskBytes * 8
    }
    rowBits = axis == .columns ? (width + 7) / 8 * 8 : width
    count = total * 8 / imageBits
    guard axis != .flat || total * 8 - count * imageBits < 8 else {
      throw StoreError(
        .invalidArgument,
        "\(text), which is not a whole number of masks of \(said) whose bits run on from row to row",
        remedy: "check --shape and --axis")
    }
    let flat = total * 8 / (height * width)
    flatCount =
      shape == nil && axis != .flat && flat != count && total * 8 - flat * height * width < 8 ? flat : nil
  }

  /// Checks bare bytes whose number also fits masks whose bits run on from row to row: numpy pads
  /// rows with zeros, but the pixels of such masks are not all zeros there.
  ///
  /// - Parameter bytes: ``byteCount`` bytes, of which some MB are examined.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the padding has pixels in it.
  package func checkPadding(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    guard let flatCount else { return }
    let (height, width) = (format.height, format.width)
    let padded = axis == .rows ? (height + 7) / 8 * 8 : height
    let masks = min(count, max(1, (4 << 20) / (imageBits / 8)))
    for index in 0..<masks {
      for row in 0..<padded {
        for column in (row < height ? width : 0)..<(axis == .rows ? width : rowBits)
        where unsafe value(index, row, column, bytes.baseAddress!) != 0 {
          throw StoreError(
            .invalidArgument,
            "the \(byteCount) bytes are not \(count) masks packed along \(axis.rawValue): the padding of their rows has pixels that are set",
            remedy: "give --axis flat for \(flatCount) masks whose bits run on from row to row")
        }
      }
    }
  }

  /// The axes along which masks of a shape may be packed in an array, for messages: `columns` also
  /// means bits that run on through rows of whole bytes.
  package static func axes(ofArray shape: [Int], _ said: ImageShape) -> [StoreDescription.PackingAxis] {
    guard (said.channels ?? 1) == 1 else { return [] }
    var description = StoreDescription()
    description.shape = said
    return [.rows, .columns, .flat].filter { axis in
      description.axis = axis
      return (try? PackedBits(shape: shape, itemByteCount: 1, description)) != nil
    }
  }

  private static func mismatch(
    _ text: String, _ said: ImageShape, _ axis: StoreDescription.PackingAxis, _ packed: [Int], shape: [Int]?
  ) -> StoreError {
    let masks = "\(said) masks packed along \(axis.rawValue) are"
    let expected =
      shape == nil
      ? "\(masks) \(packed.reduce(1, *)) bytes each"
      : "\(masks) (count, \(packed.map(String.init).joined(separator: ", ")))"
    return StoreError(
      .invalidArgument, "\(text), and \(expected)",
      remedy: axis == .flat
        ? "check --shape and --axis"
        : "check --shape and --axis; --axis flat is for bits that run on from row to row")
  }

  /// The bytes that have the bits of a mask, counted from the first of all.
  package func byteRange(of index: Int) -> Range<Int> {
    index * imageBits / 8..<min(byteCount, ((index + 1) * imageBits + 7) / 8)
  }

  /// Unpacks a region of a mask to a byte, 0 or 1, per pixel.
  ///
  /// - Parameters:
  ///   - index: which mask.
  ///   - region: a region that has been checked against ``format``.
  ///   - base: the first of ``byteCount`` bytes.
  ///   - destination: room for the region.
  package func unpack(
    _ region: ImageRegion, of index: Int, from base: UnsafeRawPointer,
    to destination: UnsafeMutableRawPointer
  ) {
    var to = unsafe destination
    for row in region.row..<region.row + region.height {
      for column in region.column..<region.column + region.width {
        unsafe to.storeBytes(of: value(index, row, column, base), as: UInt8.self)
        unsafe to += 1
      }
    }
  }

  /// The bit of a pixel, or of the padding after a row.
  @inline(__always)
  private func value(_ index: Int, _ row: Int, _ column: Int, _ base: UnsafeRawPointer) -> UInt8 {
    let start = index &* imageBits
    let byte: Int
    let bit: Int
    if axis == .rows {
      byte = start >> 3 &+ (row >> 3) &* format.width &+ column
      bit = row & 7
    } else {
      let position = start &+ row &* rowBits &+ column
      byte = position >> 3
      bit = position & 7
    }
    let value = unsafe base.load(fromByteOffset: byte, as: UInt8.self)
    return value >> UInt8(truncatingIfNeeded: bitOrder == .little ? bit : 7 &- bit) & 1
  }
}
