import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Where packed masks are: in a map of their file, or in memory, turned to C order, if it is not in
/// that order.
///
/// Invariant behind `@safe`: the pointer is into the map or the memory that the value keeps alive, and
/// `count` masks are there.
@safe struct PackedBitImages: Sendable {
  let count: Int
  let map: MappedFile
  /// A copy in C order of an array in Fortran order.
  private let copy: PixelMemory?
  private let dataOffset: Int

  static let name = "masks.npy"
  /// The bytes of the header as this package writes it, which does not grow with the number of masks.
  static let headerByteCount = 128

  /// Reads the header of `masks.npy`, or of an array like it.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if its shape is not that of the layout, or the file ends
  ///   before its masks do.
  init(array map: MappedFile, layout: PackedBitLayout?) throws(StoreError) {
    self.map = map
    do throws(StoreError) {
      let header = try unsafe withRawSpan(of: map.bytes) { (file) throws(StoreError) in
        try NPYHeader(parsing: file)
      }
      let data = try unsafe header.data(in: map.bytes)
      guard header.type == NPYType(.uint8) else {
        throw StoreError(
          .unsupported, "an array of the type '\(header.type.description)' cannot be packed masks",
          remedy: "numpy.packbits makes uint8")
      }
      dataOffset = header.dataOffset
      let shape = header.shape.count == 2 ? [1] + header.shape : header.shape
      guard let layout, shape.first != 0 else {
        guard shape.first == 0 else { throw StoreError(.corrupt, "the size of the masks is not stated") }
        count = 0
        copy = nil
        return
      }
      guard shape.count == 3, shape[1] == layout.rows, shape[2] == layout.bytesPerRow else {
        throw StoreError(
          .corrupt,
          "the array has the shape \(header.shapeDescription), but \(layout.height)x\(layout.width) masks packed along \(layout.axis.rawValue) are (count, \(layout.rows), \(layout.bytesPerRow))",
          remedy: "check height, width and axis")
      }
      count = shape[0]
      copy = try header.isFortranOrder ? unsafe Self.copy(header, data) : nil
    } catch {
      throw error.at(path: map.path)
    }
  }

  /// Counts the masks of a file without a header.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if its size is not a multiple of a mask's.
  init(bare map: MappedFile, layout: PackedBitLayout) throws(StoreError) {
    self.map = map
    guard map.byteCount % layout.byteCount == 0 else {
      throw StoreError(
        .corrupt, "\(map.byteCount) bytes are not a multiple of the \(layout.byteCount) of a mask",
        remedy: "check height, width and axis", path: map.path)
    }
    count = map.byteCount / layout.byteCount
    copy = nil
    dataOffset = 0
  }

  /// Masks with a description of how they are packed.
  ///
  /// - Parameters:
  ///   - bits: the description, which has been compared with the file.
  ///   - layout: how the masks are laid out: as in the file, or packed along columns if their bits
  ///     run on there.
  ///   - dataOffset: where in the file they begin.
  init(
    _ map: MappedFile, _ bits: PackedBits, layout: PackedBitLayout, dataOffset: Int
  ) throws(StoreError) {
    self.map = map
    count = bits.count
    guard bits.axis == .flat else {
      (self.dataOffset, copy) = (dataOffset, nil)
      return
    }
    self.dataOffset = dataOffset
    let memory = try PixelMemory(capacity: max(1, count * layout.byteCount))
    let mask = try PixelMemory(capacity: layout.height * layout.width)
    let (count, size) = (count, layout.height * layout.width)
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(count * layout.byteCount) { (target) throws(StoreError) in
        for index in 0..<count {
          try mask.fill { (output) throws(StoreError) in
            try unsafe output.appendBytes(size) { (pixels) throws(StoreError) in
              unsafe bits.unpack(
                ImageRegion(wholeOf: bits.format), of: index, from: map.bytes.baseAddress! + dataOffset,
                to: pixels.baseAddress!)
            }
          }
          unsafe layout.pack(mask.bytes.baseAddress!, to: target.baseAddress! + index * layout.byteCount)
        }
      }
    }
    copy = memory
    withExtendedLifetime(mask) {}
  }

  private static func copy(
    _ header: NPYHeader, _ data: UnsafeRawBufferPointer
  ) throws(StoreError) -> PixelMemory {
    let images = try header.geometry(.ours)
    let memory = try PixelMemory(capacity: data.count)
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(data.count) { (target) throws(StoreError) in
        for index in 0..<images.count {
          unsafe images.copy(
            ImageRegion(wholeOf: images.format), from: data.baseAddress! + index * images.imageStride,
            to: target.baseAddress! + index * images.format.byteCount)
        }
      }
    }
    return memory
  }

  /// Whether the file can grow: it is in C order and its header is as long as this package writes it.
  var isAppendable: Bool { copy == nil && dataOffset == Self.headerByteCount }

  /// Where the first mask is in the map; nil if masks are read from memory.
  var dataOffsetInMap: Int? { copy == nil ? dataOffset : nil }

  /// The first byte of the first mask; not to be asked for if there are no masks.
  @unsafe var base: UnsafeRawPointer {
    if let copy { return unsafe copy.bytes.baseAddress! }
    return unsafe map.bytes.baseAddress! + dataOffset
  }
}
