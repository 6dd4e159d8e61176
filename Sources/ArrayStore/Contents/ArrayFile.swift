import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// A file that is one array: where its samples begin, and what they are.
struct ArrayFile: Sendable {
  /// What the file is.
  enum Kind: Sendable, Equatable { case npy, idx, bare }

  let path: String
  let bytes: any ByteSource
  let kind: Kind
  let shape: [Int]
  let type: NPYType
  let isFortranOrder: Bool
  let dataOffset: Int

  /// A compressed file is inflated to memory, which it may take no more of.
  private static let mostInflatedBytes = 4 << 30

  /// Opens an array.
  ///
  /// - Parameter description: gives bare samples their shape and type.
  init(_ path: String, _ description: StoreDescription) throws(StoreError) {
    self.path = path
    let map = try MappedFile(path)
    do throws(StoreError) {
      bytes = try Self.isGzip(map) ? Self.inflate(map) : map
      let all = unsafe bytes.bytes
      if unsafe all.starts(with: NPYHeader.magic) {
        let header = try unsafe withRawSpan(of: all) { (file) throws(StoreError) in
          try NPYHeader(parsing: file)
        }
        (kind, shape, type) = (.npy, header.shape, header.type)
        (isFortranOrder, dataOffset) = (header.isFortranOrder, header.dataOffset)
      } else if let header = unsafe IDXHeader(all) {
        (kind, shape, type, isFortranOrder) = (.idx, header.shape, header.type, false)
        dataOffset = header.byteCount
      } else {
        (kind, isFortranOrder, dataOffset) = (.bare, false, 0)
        (shape, type) = try Self.bareArray(of: all.count, description)
      }
    } catch {
      throw error.at(path: path)
    }
  }

  /// The first sample of the array.
  @unsafe var samples: UnsafeRawPointer { unsafe bytes.bytes.baseAddress! + dataOffset }

  func geometry(_ description: StoreDescription) throws(StoreError) -> ArrayGeometry {
    let elementType = try type.imageElementType()
    var said = description
    if said.dimensions == nil, said.shape == nil {
      // Nobody has gray images of at most four columns; many images have so many channels.
      if shape.count == 3, shape[2] <= 4, kind == .npy { said.dimensions = "HWC" }
      guard shape.count != 2 else {
        throw StoreError(
          .unsupported,
          "an array of the shape \(ArrayGeometry.text(shape)): \(shape[0]) images of \(shape[1]) samples each, or one image",
          remedy: "give --shape HxWxC, or --dimensions HW for one image")
      }
    }
    return try ArrayGeometry(
      shape: shape, isFortranOrder: isFortranOrder, elementType: elementType, isSwapped: type.isSwapped,
      kind == .idx && shape.count == 3 ? .ours : .images, said)
  }

  /// Checks that the file has all samples.
  func check(_ geometry: ArrayGeometry) throws(StoreError) {
    var byteCount = type.byteCount
    for extent in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      byteCount = overflow ? .max : product
    }
    guard bytes.byteCount - dataOffset >= byteCount else {
      throw StoreError(
        .corrupt,
        "the file has \(bytes.byteCount - dataOffset) bytes of samples, and an array of the shape \(ArrayGeometry.text(shape)) has \(byteCount)",
        remedy: "it is cut short; fetch or write it again")
    }
  }

  /// The shape of bare samples: as many images as there are.
  private static func bareArray(
    of byteCount: Int, _ description: StoreDescription
  ) throws(StoreError) -> ([Int], NPYType) {
    guard let format = try description.statedFormat() else {
      throw StoreError(
        .invalidArgument, "bare samples that do not say what they are",
        remedy: "give --shape HxWxC, and --dtype unless they are bytes; for packed bits --axis too")
    }
    // Packed bits are bare bytes as well, and have as many images as somebody says.
    guard description.elementType != nil || format.channels > 1 else {
      throw StoreError(
        .invalidArgument, "\(byteCount) bare bytes that may be samples or packed bits",
        remedy: "give --dtype uint8 for samples, or --axis rows, columns or flat for packed bits")
    }
    guard byteCount > 0, byteCount % format.byteCount == 0 else {
      throw StoreError(
        .invalidArgument, "\(byteCount) bytes are not a whole number of images of \(format)",
        remedy: format.channels == 1
          ? "check --shape and --dtype; for packed bits give --axis"
          : "check --shape and --dtype; packed bits have one channel, --shape HxW and an --axis")
    }
    let count = byteCount / format.byteCount
    let extents: [Dimensions.Axis: Int] = [
      .image: count, .row: format.height, .column: format.width, .channel: format.channels,
      .flat: format.sampleCount,
    ]
    let axes = description.dimensions?.axes ?? [.image, .row, .column, .channel]
    return (axes.map { extents[$0]! }, NPYType(format.elementType))
  }

  private static func isGzip(_ map: MappedFile) -> Bool {
    unsafe map.bytes.starts(with: [0x1F, 0x8B, 8])
  }

  /// Inflates a file twice: once to know how much it is, once to memory.
  private static func inflate(_ map: MappedFile) throws(StoreError) -> PixelMemory {
    let scratch = try PixelMemory(capacity: 1 << 20)
    var byteCount = 0
    try scratch.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(1 << 20) { (buffer) throws(StoreError) in
        var reader = try unsafe GzipReader(mapped: map.bytes)
        while true {
          let read = try unsafe reader.read(into: buffer)
          guard read > 0 else { break }
          byteCount += read
          guard byteCount <= mostInflatedBytes else {
            throw StoreError(
              .limitExceeded, "more than \(mostInflatedBytes) bytes when inflated", remedy: "gunzip it first")
          }
        }
      }
    }
    let memory = try PixelMemory(capacity: max(1, byteCount))
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (buffer) throws(StoreError) in
        var reader = try unsafe GzipReader(mapped: map.bytes)
        guard try unsafe reader.read(into: buffer) == byteCount else {
          throw StoreError(.corrupt, "the file changed while it was inflated")
        }
      }
    }
    withExtendedLifetime(map) {}
    return memory
  }
}
