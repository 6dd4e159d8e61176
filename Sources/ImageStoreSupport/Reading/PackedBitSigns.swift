package import ImageStoreCore

/// Whether bytes that look like gray images may be packed bits: numpy's `packbits` returns a plain
/// array of `uint8`.
///
/// Data next to an array can decide (``StatedMasks``). Its name and its bytes cannot decide, but
/// can be a reason to ask. Gray images with neither sign are read as gray images.
package struct PackedBitSigns: Sendable {
  /// The name of the array or its file.
  private let words: Set<String>
  private let shape: [Int]

  private static let bitWords: Set = [
    "packed", "packbits", "packedbits", "bitpacked", "bits", "bit", "bitmask", "bitmasks", "bitmap",
    "bitmaps",
  ]
  private static let maskWords: Set = ["mask", "masks"]

  /// - Parameters:
  ///   - name: the name of the array, or of its file without the suffix.
  ///   - shape: of the array.
  package init(name: String, shape: [Int]) {
    words = Set(name.split(separator: "/").flatMap { ArrayNames.words(of: $0) })
    self.shape = shape
  }

  /// Whether the name alone is a reason to ask.
  package var areNamed: Bool { !words.isDisjoint(with: Self.bitWords) }

  /// How much of the images is examined.
  private static let mostBytes = 256 << 10

  /// Checks images as they were read.
  ///
  /// - Parameters:
  ///   - store: the images.
  ///   - description: the caller's description of them; a description of axes or samples says that
  ///     they are samples.
  ///   - stated: data next to the array that says that it is packed bits, and where it is.
  /// - Throws: ``StoreError/Code/unsupported`` with both readings if there is a reason to ask.
  package func check(
    _ store: some ImageStore, _ description: StoreDescription,
    stated: (description: StoreDescription, source: String)? = nil
  ) throws(StoreError) {
    guard description.axis == nil, description.dimensions == nil, description.elementType == nil,
      let format = store.format, store.count > 0, shape.count >= 2
    else { return }
    switch format.elementType {
    case .uint8, .int8, .uint32, .uint64: break
    default: return
    }
    if description.shape != nil { return try checkOneOfMany(store.count, format) }
    let isOneOfChannels = shape.count == 3 && store.count == 1 && format.channels > 1
    guard format.channels == 1 || isOneOfChannels else { return }
    let reason =
      stated.map { "\($0.source) says so" } ?? reason(store, format, isOneOfChannels: isOneOfChannels)
    guard let reason else { return }
    throw StoreError(
      .unsupported,
      "an array of the shape \(ArrayGeometry.text(shape)) of \(format.elementType.name) may be "
        + "\(images(store.count, format)), or packed bits (\(reason))",
      remedy:
        "give --dimensions \(plainDimensions(isOneOfChannels)) for the first, \(bitOptions(stated?.description)) for bits"
    )
  }

  /// One image in an array that might have more: eight masks that were packed along that axis look
  /// the same.
  private func checkOneOfMany(_ count: Int, _ format: ImageFormat) throws(StoreError) {
    guard count == 1, format.channels == 1, shape.count == 3, shape[0] == 1 || shape[2] == 1,
      format.elementType == .uint8
    else { return }
    let axis = shape[0] == 1 ? "first" : "last"
    throw StoreError(
      .unsupported,
      "an array of the shape \(ArrayGeometry.text(shape)) of uint8 may be \(images(1, format)), or up to 8 masks packed along the \(axis) axis",
      remedy:
        "give --dtype uint8 for the first; for masks, pack the bits along rows or columns, and give --shape and --axis"
    )
  }

  private func images(_ count: Int, _ format: ImageFormat) -> String {
    let size = "\(format.height)x\(format.width)" + (format.channels > 1 ? "x\(format.channels)" : "")
    return count == 1 ? "an image of \(size)" : "\(count) images of \(size)"
  }

  private func plainDimensions(_ isOneOfChannels: Bool) -> String {
    if isOneOfChannels { return "HWC" }
    switch shape.count {
    case 2: return "HW"
    case 3: return shape[2] == 1 ? "HWC" : "NHW"
    default: return "NHWC"
    }
  }

  private func bitOptions(_ stated: StoreDescription?) -> String {
    guard let shape = stated?.shape, let axis = stated?.axis else {
      return "--shape HxW and --axis rows, columns or flat"
    }
    return "--shape \(shape) and --axis \(axis.rawValue)"
  }

  private func reason(
    _ store: some ImageStore, _ format: ImageFormat, isOneOfChannels: Bool
  ) -> String? {
    let perCall = max(1, min(store.count, Self.mostBytes / max(1, format.byteCount)))
    guard format.byteCount <= 64 << 20 else { return areNamed ? "its name says so" : nil }
    var batch = ImageBatch()
    do throws(StoreError) {
      try store.read(0..<perCall, into: &batch)
    } catch {
      // Reading the images reports the error.
      return nil
    }
    let pixels = batch.pixels
    return unsafe pixels.withUnsafeBytes { bytes -> String? in
      if format.elementType.byteCount > 1 { return unsafe wideReason(bytes, format) }
      // For one image with channels, the first axis would be the masks, and the last the bytes of a
      // row.
      let grid =
        isOneOfChannels
        ? ByteGrid(rows: format.height * format.width, width: format.channels, rowsPerMask: format.width)
        : ByteGrid(rows: perCall * format.height, width: format.width, rowsPerMask: format.height)
      return unsafe reason(ByteStatistics(bytes, grid), isOneOfChannels: isOneOfChannels, format)
    }
  }

  private func reason(_ found: ByteStatistics, isOneOfChannels: Bool, _ format: ImageFormat) -> String? {
    if found.areTruthValues { return nil }
    if areNamed { return "its name says so" }
    if found.areRuns { return "its bytes are those of runs of bits" }
    if let side = found.paddedSide { return "bits are never set where \(side) of bits end" }
    let grid = found.grid
    let (least, most) = (min(grid.width, grid.rowsPerMask), max(grid.width, grid.rowsPerMask))
    let isNarrow = most >= 4 * least
    if !words.isDisjoint(with: Self.maskWords), !found.areClasses, isNarrow || least <= 4 || found.isNoise {
      return "a mask has few values, and these are many"
    }
    if isOneOfChannels {
      let isFrame = grid.width > 2 && max(format.height, format.width) < 4 * min(format.height, format.width)
      return found.isNoise && !isFrame ? "the image is too long, and its bytes are noise" : nil
    }
    if least <= 2, most > 2, shape.count > 2 { return "no image is so narrow" }
    return isNarrow && found.isNoise ? "the images are too narrow, and their bytes noise" : nil
  }

  /// Bits seen as wider integers set the highest byte of most of them, which numbers of instances do not.
  private func wideReason(_ bytes: UnsafeRawBufferPointer, _ format: ImageFormat) -> String? {
    let size = format.elementType.byteCount
    var (used, high) = (0, 0)
    for start in stride(from: 0, to: bytes.count - size + 1, by: size) {
      let value: UInt64 =
        size == 8
        ? unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        : unsafe UInt64(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)) << 32
      guard value != 0 else { continue }
      used += 1
      if value >> 56 != 0 { high += 1 }
    }
    let isNarrow = max(format.height, format.width) >= 4 * min(format.height, format.width)
    guard used > 0, high * 2 > used, areNamed || isNarrow || format.width <= 4 else { return nil }
    return "most numbers use all their bits"
  }
}

/// How bytes that may be bits are laid out: rows of bytes, some of which are a mask.
struct ByteGrid {
  var rows: Int
  var width: Int
  var rowsPerMask: Int
}

/// Statistics of bytes that help to tell samples from bits.
struct ByteStatistics {
  let grid: ByteGrid
  private var counts = [Int](repeating: 0, count: 256)
  private var lastColumn = Edge()
  private var lastRow = Edge()
  private var inner: UInt8 = 0
  private var steps = (across: 0, down: 0, count: 0)

  /// The bytes of an edge where padding would be.
  private struct Edge {
    var bits: UInt8 = 0
    var values: Set<UInt8> = []
    var count = 0

    mutating func add(_ byte: UInt8) {
      bits |= byte
      values.insert(byte)
      count += 1
    }

    /// Whether bits at an end of the bytes are never set, though the others are.
    func isPadded(_ inner: UInt8) -> Bool {
      let unused = max(bits.leadingZeroBitCount, bits.trailingZeroBitCount)
      let ofInner = max(inner.leadingZeroBitCount, inner.trailingZeroBitCount)
      return count >= 16 && unused > 0 && ofInner == 0 && values.count >= min(4, 1 << (8 - unused))
    }
  }

  init(_ bytes: UnsafeRawBufferPointer, _ grid: ByteGrid) {
    self.grid = grid
    let width = grid.width
    for row in 0..<min(grid.rows, bytes.count / max(1, width)) {
      let isLastRow = row % grid.rowsPerMask == grid.rowsPerMask - 1
      for column in 0..<width {
        let position = row * width + column
        let byte = unsafe bytes[position]
        counts[Int(byte)] += 1
        if column == width - 1 { lastColumn.add(byte) }
        if isLastRow { lastRow.add(byte) }
        if column < width - 1, !isLastRow {
          inner |= byte
          guard width > 1 else { continue }
          steps.across += unsafe abs(Int(byte) - Int(bytes[position + 1]))
          steps.down +=
            position + width < bytes.count ? unsafe abs(Int(byte) - Int(bytes[position + width])) : 0
          steps.count += 1
        }
      }
    }
  }

  /// Whether all bytes are 0, 1 or 255, as in masks of one byte per pixel.
  var areTruthValues: Bool { counts[2..<255].allSatisfy { $0 == 0 } }

  /// Whether the values are few, or numbers of classes: below 64, or 255 for none.
  var areClasses: Bool { counts[64..<255].allSatisfy { $0 == 0 } || counts.count { $0 > 0 } <= 16 }

  /// Whether the bytes that are neither 0 nor 255 are those of bits where a run begins or ends:
  /// 0x01, 0x03 ... 0xFE, 0xFC ...
  var areRuns: Bool {
    let others = counts[1..<255].reduce(0, +)
    let runs = (1..<8).flatMap { [(1 << $0) - 1, 256 - (1 << $0)] }
    let found = runs.reduce(0) { $0 + counts[$1] }
    return others >= 32 && found * 5 >= others * 4 && runs.count { counts[$0] > 0 } >= 6
  }

  /// Where the padding of packed bits would be, if it is.
  var paddedSide: String? {
    if grid.width > 1, lastColumn.isPadded(inner) { return "rows" }
    if grid.rowsPerMask > 1, lastRow.isPadded(inner) { return "columns" }
    return nil
  }

  /// Whether neighbouring bytes are unrelated, unlike in any picture.
  var isNoise: Bool {
    steps.count >= 16 && steps.across >= 56 * steps.count && steps.down >= 56 * steps.count
  }
}
