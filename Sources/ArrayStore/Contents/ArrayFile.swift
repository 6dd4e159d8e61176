import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// A file that is one array: where its samples begin, and what they are.
struct ArrayFile: Sendable {
  /// The kind of the file.
  enum Kind: Sendable, Equatable { case npy, idx, bare }

  let path: String
  /// The whole file, or its first bytes if it is ``inflated`` as it is read.
  let bytes: any ByteSource
  /// A large compressed file.
  let inflated: InflatedBytes?
  let kind: Kind
  let shape: [Int]
  let type: NPYType
  let isFortranOrder: Bool
  let dataOffset: Int

  /// Opens an array.
  ///
  /// - Parameter description: gives bare samples their shape and type.
  init(_ path: String, _ description: StoreDescription) throws(StoreError) {
    self.path = path
    let map = try MappedFile(path)
    do throws(StoreError) {
      guard try GzipFile.recognizes(map) else {
        bytes = map
        inflated = nil
        let form = try unsafe Form(map.bytes, byteCount: map.byteCount, description)
        (kind, shape, type) = (form.kind, form.shape, form.type)
        (isFortranOrder, dataOffset) = (form.isFortranOrder, form.dataOffset)
        return
      }
      let file = GzipFile(map)
      let head = try file.head()
      var form = try unsafe Form(ofHead: head.bytes)
      if form == nil {
        // A file that does not state its size has to be inflated to find it.
        form = try unsafe Form(head.bytes, byteCount: file.countedBytes(), description)
      }
      let byteCount = try form!.byteCount()
      let isSmall = byteCount <= InflatedBytes.smallByteCount
      bytes = isSmall ? try file.contents(byteCount) : head
      inflated = isSmall ? nil : file.bytes(byteCount)
      (kind, shape, type) = (form!.kind, form!.shape, form!.type)
      (isFortranOrder, dataOffset) = (form!.isFortranOrder, form!.dataOffset)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The first sample of the array, unless it is ``inflated``.
  @unsafe var samples: UnsafeRawPointer { unsafe bytes.bytes.baseAddress! + dataOffset }

  /// The description of the array in the first bytes of a file.
  private struct Form {
    let kind: Kind
    let shape: [Int]
    let type: NPYType
    var isFortranOrder = false
    var dataOffset = 0

    /// - Parameter head: the file, or its first bytes.
    init?(ofHead head: UnsafeRawBufferPointer) throws(StoreError) {
      if unsafe head.starts(with: NPYHeader.magic) {
        let header = try unsafe withRawSpan(of: head) { (file) throws(StoreError) in
          try NPYHeader(parsing: file)
        }
        (kind, shape, type) = (.npy, header.shape, header.type)
        (isFortranOrder, dataOffset) = (header.isFortranOrder, header.dataOffset)
      } else if let header = unsafe IDXHeader(head) {
        (kind, shape, type) = (.idx, header.shape, header.type)
        dataOffset = header.byteCount
      } else {
        return nil
      }
    }

    /// - Parameters:
    ///   - head: the file, or its first bytes.
    ///   - byteCount: of the whole file.
    init(
      _ head: UnsafeRawBufferPointer, byteCount: Int, _ description: StoreDescription
    ) throws(StoreError) {
      if let form = try unsafe Form(ofHead: head) {
        self = form
      } else {
        kind = .bare
        (shape, type) = try ArrayFile.bareArray(of: byteCount, description)
      }
    }

    /// Bytes up to the last sample.
    func byteCount() throws(StoreError) -> Int {
      var total = type.byteCount
      for extent in shape {
        let (product, overflow) = total.multipliedReportingOverflow(by: extent)
        guard !overflow, product < 1 << 60 else {
          throw StoreError(.limitExceeded, "an array of the shape \(ArrayGeometry.text(shape)) is too large")
        }
        total = product
      }
      return dataOffset + total
    }
  }

  func geometry(_ description: StoreDescription) throws(StoreError) -> ArrayGeometry {
    let elementType = try type.imageElementType()
    var said = description
    if said.dimensions == nil, said.shape == nil {
      // Gray images of at most four columns do not occur, but many images have that many channels.
      if shape.count == 3, shape[2] <= 4, kind == .npy { said.dimensions = "HWC" }
      guard shape.count != 2 else {
        let text =
          "an array of the shape \(ArrayGeometry.text(shape)) may be \(shape[0]) images of \(shape[1]) samples each"
        guard elementType == .uint8 else {
          throw StoreError(
            .unsupported, text + ", or one image",
            remedy: "give --shape HxWxC, or --dimensions HW for one image")
        }
        let stated = statedMasks()?.description
        throw StoreError(
          .unsupported, text + ", one image, or packed bits",
          remedy: "give --shape HxWxC, --dimensions HW for one image, or for bits --shape "
            + "\(stated?.shape?.description ?? "HxW") and --axis \(stated?.axis?.rawValue ?? "rows, columns or flat")"
        )
      }
    }
    if shape.count == 1, elementType == .uint8, said.dimensions == nil {
      let stated = statedMasks()?.description
      throw StoreError(
        .unsupported, "an array of the shape \(ArrayGeometry.text(shape)) cannot be images",
        remedy: "if it is packed bits, give --shape \(stated?.shape?.description ?? "HxW") and --axis "
          + (stated?.axis?.rawValue ?? "rows, columns or flat"))
    }
    return try ArrayGeometry(
      shape: shape, isFortranOrder: isFortranOrder, elementType: elementType, isSwapped: type.isSwapped,
      kind == .idx && shape.count == 3 ? .ours : .images, said)
  }

  /// Checks that the file has all samples.
  func check(_ geometry: ArrayGeometry) throws(StoreError) {
    // For a file that is inflated as it is read, reading reports it.
    guard inflated == nil else { return }
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
  fileprivate static func bareArray(
    of byteCount: Int, _ description: StoreDescription
  ) throws(StoreError) -> ([Int], NPYType) {
    guard let format = try description.statedFormat() else {
      throw StoreError(
        .invalidArgument, "the file has bare samples without a header, so their shape and type are not known",
        remedy: "give --shape HxWxC, and --dtype unless they are bytes; for packed bits --axis too")
    }
    // Packed bits are bare bytes as well, and their number of images depends on the description.
    guard description.elementType != nil || format.channels > 1 else {
      throw StoreError(
        .invalidArgument, "the file's \(byteCount) bare bytes may be samples or packed bits",
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
}
