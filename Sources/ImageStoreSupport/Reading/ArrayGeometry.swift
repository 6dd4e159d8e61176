package import ImageStoreCore

/// How the images of a dense array are laid out in memory: the format of each, and the distances
/// between neighbours.
///
/// It is shared by all formats that hold arrays: `.npy`, entries of `.npz`, datasets of HDF5, IDX
/// and bare samples.
package struct ArrayGeometry: Sendable, Hashable {
  package let format: ImageFormat
  /// How many images the array holds.
  package let count: Int
  /// From one image, row, pixel or sample to the next, in bytes.
  package let imageStride, rowStride, pixelStride, sampleStride: Int
  /// Whether samples are in the other byte order than the machine's.
  package let isSwapped: Bool
  /// The order of the axes that was chosen.
  package let dimensions: Dimensions
  /// The other order that the shape would allow, if the choice was between two.
  package let otherDimensions: Dimensions?

  /// Whether the bytes of an image are those a store delivers, one after another.
  package var isDirect: Bool {
    !isSwapped && sampleStride == format.elementType.byteCount && pixelStride == format.bytesPerPixel
      && rowStride == format.bytesPerRow
  }

  /// The bytes that an image takes in the array; nil if those of several images are mixed.
  package var imageByteSpan: Int? {
    let span =
      (format.height - 1) * rowStride + (format.width - 1) * pixelStride
      + (format.channels - 1) * sampleStride + format.elementType.byteCount
    return span <= imageStride || count == 1 ? span : nil
  }

  /// Information on an array in addition to its shape.
  package enum Contents: Sendable {
    /// Many images, or one if it has two axes.
    case images
    /// One image.
    case oneImage
    /// An array that this package wrote as (N,H,W,C) or (N,H,W): its shape has one reading.
    case ours
  }

  /// - Parameters:
  ///   - shape: the extents of the axes.
  ///   - isFortranOrder: whether neighbours along the first axis, and not along the last, are next
  ///     to each other.
  ///   - elementType: the type of a sample.
  ///   - isSwapped: whether its bytes are in the other order than the machine's.
  ///   - contents: what is known of the array.
  ///   - description: the caller's description of it.
  /// - Throws: ``StoreError/Code/unsupported`` if the shape cannot be that of images;
  ///   ``StoreError/Code/invalidArgument`` if it is not what the description says;
  ///   ``StoreError/Code/limitExceeded`` for sizes no image has.
  package init(
    shape: [Int], isFortranOrder: Bool = false, elementType: ElementType, isSwapped: Bool = false,
    _ contents: Contents = .images, _ description: StoreDescription = StoreDescription()
  ) throws(StoreError) {
    let size = elementType.byteCount
    var (shape, strides) = (shape, try Self.strides(of: shape, isFortranOrder: isFortranOrder, size))
    // Samples in one axis, in a stated order: within that axis, neighbours along the last dimension
    // are next to each other in any order of the array.
    if let split = try Self.splitFlat(shape, description) {
      strides = try [strides[0]] + Self.strides(of: split, isFortranOrder: false, strides[1])
      shape = [shape[0]] + split
    }
    let (dimensions, other) = try Self.dimensions(of: shape, elementType, contents, description)
    func extent(_ axis: Dimensions.Axis) -> Int? { dimensions.position(of: axis).map { shape[$0] } }
    func stride(_ axis: Dimensions.Axis) -> Int? { dimensions.position(of: axis).map { strides[$0] } }
    count = extent(.image) ?? 1
    if let samples = stride(.flat), let said = description.shape {
      format = try ImageFormat(
        validating: said.height, width: said.width, channels: said.channels ?? 1, elementType: elementType)
      sampleStride = samples
      pixelStride = samples * format.channels
      rowStride = pixelStride * format.width
    } else {
      format = try ImageFormat(
        validating: extent(.row) ?? 1, width: extent(.column) ?? 1, channels: extent(.channel) ?? 1,
        elementType: elementType)
      try description.check(format)
      sampleStride = stride(.channel) ?? size
      pixelStride = stride(.column) ?? size
      rowStride = stride(.row) ?? size
    }
    imageStride = stride(.image) ?? format.byteCount
    self.isSwapped = isSwapped
    self.dimensions = dimensions
    otherDimensions = other
    if let said = description.elementType, said != elementType { try description.check(format) }
  }

  /// From one element to the next along each axis, in bytes.
  private static func strides(
    of shape: [Int], isFortranOrder: Bool, _ elementByteCount: Int
  ) throws(StoreError) -> [Int] {
    var strides = [Int](repeating: elementByteCount, count: shape.count)
    var total = elementByteCount
    for axis in isFortranOrder ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = total
      let (product, overflow) = total.multipliedReportingOverflow(by: max(1, shape[axis]))
      guard !overflow else {
        throw StoreError(
          .limitExceeded, "an array of the shape \(text(shape)) has more bytes than can be counted")
      }
      total = product
    }
    return strides
  }

  /// The extents within the second of two axes, in a stated order such as NCHW for planes; nil if
  /// no such order is stated.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if the named axes do not have all samples of an
  ///   image.
  private static func splitFlat(_ shape: [Int], _ description: StoreDescription) throws(StoreError) -> [Int]?
  {
    guard let dimensions = description.dimensions, let said = description.shape, shape.count == 2,
      dimensions.axes.count > 2, dimensions.position(of: .image) == 0, sampleCount(said) == shape[1]
    else { return nil }
    guard dimensions.position(of: .channel) != nil || (said.channels ?? 1) == 1 else {
      throw StoreError(
        .invalidArgument, "the images are said to be \(said), but \(dimensions) names no axis of channels",
        remedy: "give --dimensions NHWC or --dimensions NCHW")
    }
    return dimensions.axes.dropFirst().map { axis in
      switch axis {
      case .row: said.height
      case .column: said.width
      default: said.channels ?? 1
      }
    }
  }

  /// The shape as Python prints it.
  package static func text(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }

  /// The order of the axes, and the one that was decided against.
  private static func dimensions(
    of shape: [Int], _ elementType: ElementType, _ contents: Contents, _ description: StoreDescription
  ) throws(StoreError) -> (Dimensions, Dimensions?) {
    if let stated = description.dimensions {
      // Each value of a database is one image, so users do not think of an axis for images.
      let isOfMany = stated.axes.count == shape.count + 1 && stated.axes.first == .image
      let letters = stated.description.dropFirst()
      let said =
        if case .oneImage = contents, isOfMany { Dimensions(String(letters)) ?? stated } else { stated }
      if shape.count == 2, said.axes.count > 2, said.axes.first == .image {
        try checkFlat(shape[1], of: shape, description)
      }
      guard said.axes.count == shape.count else {
        throw StoreError(
          .invalidArgument,
          "the array has the shape \(text(shape)), but \(said) does not name that many axes",
          remedy: "give one letter per axis")
      }
      if let flat = said.position(of: .flat) { try checkFlat(shape[flat], of: shape, description) }
      return (said, nil)
    }
    let choices: [Dimensions]
    switch (shape.count, contents) {
    case (4, .ours): return ("NHWC", nil)
    case (3, .ours): return ("NHW", nil)
    case (4, _): choices = ["NHWC", "NCHW"]
    case (3, .oneImage): choices = ["HWC", "CHW"]
    case (3, .images): choices = ["NHW", "HWC"]
    case (2, _): choices = description.shape == nil ? ["HW"] : ["HW", "ND"]
    default: choices = []
    }
    if let said = description.shape {
      let fitting = choices.filter { fits(shape, $0, said) }
      if let first = fitting.first {
        guard first != "ND" || (said.channels ?? 1) == 1 else {
          throw StoreError(
            .unsupported,
            "in an array of the shape \(text(shape)), the \(shape[1]) samples of \(said) may be pixel by pixel or plane by plane",
            remedy: "give --dimensions NHWC for pixels, or NCHW for planes")
        }
        return (first, fitting.count > 1 ? fitting[1] : nil)
      }
      let axes = elementType == .uint8 ? PackedBits.axes(ofArray: shape, said).map(\.rawValue) : []
      guard axes.isEmpty else {
        throw StoreError(
          .invalidArgument,
          "an array of the shape \(text(shape)) has no images of \(said), but may have packed bits",
          remedy: "give --axis \(axes.joined(separator: " or ")) for bits")
      }
      throw StoreError(
        .invalidArgument, "an array of the shape \(text(shape)) has no images of \(said)",
        remedy: choices.contains("ND")
          ? "each image has \(shape.last ?? 0) samples"
          : "give the order of its axes with --dimensions")
    }
    guard let first = choices.first else {
      throw StoreError(
        .unsupported, "an array of the shape \(text(shape)) cannot be images",
        remedy:
          "images are (N, H, W) or (N, H, W, C); for other orders of axes give --dimensions, for images in one axis --shape"
      )
    }
    // No image has so many channels and so few rows, so neither reading is used without asking.
    if shape.count == 4, shape[3] > 4, shape[1] <= 4, shape[2] > 4 {
      throw StoreError(
        .unsupported,
        "an array of the shape \(text(shape)) may be images of \(shape[1])x\(shape[2])x\(shape[3]), or of "
          + "\(shape[2])x\(shape[3])x\(shape[1]) with channels first",
        remedy: "give --dimensions NHWC or --dimensions NCHW")
    }
    if case .oneImage = contents, shape.count == 3, shape[2] > 4, shape[0] <= 4, shape[1] > 4 {
      throw StoreError(
        .unsupported,
        "an array of the shape \(text(shape)) may be an image of \(shape[0])x\(shape[1])x\(shape[2]), or of "
          + "\(shape[1])x\(shape[2])x\(shape[0]) with channels first",
        remedy: "give --dimensions HWC or --dimensions CHW")
    }
    return (first, nil)
  }

  private static func fits(_ shape: [Int], _ dimensions: Dimensions, _ said: ImageShape) -> Bool {
    if let flat = dimensions.position(of: .flat) {
      return sampleCount(said) == shape[flat]
    }
    func extent(_ axis: Dimensions.Axis) -> Int { dimensions.position(of: axis).map { shape[$0] } ?? 1 }
    return extent(.row) == said.height && extent(.column) == said.width
      && (said.channels ?? extent(.channel)) == extent(.channel)
  }

  /// Samples per image of a shape; nil if their number overflows.
  private static func sampleCount(_ said: ImageShape) -> Int? {
    let (pixels, overflow) = said.height.multipliedReportingOverflow(by: said.width)
    let (samples, more) = pixels.multipliedReportingOverflow(by: said.channels ?? 1)
    return overflow || more ? nil : samples
  }

  private static func checkFlat(
    _ samples: Int, of shape: [Int], _ description: StoreDescription
  ) throws(StoreError) {
    guard let said = description.shape else {
      throw StoreError(
        .invalidArgument, "an array of the shape \(text(shape)) has \(samples) samples per image in one axis",
        remedy: "give --shape HxWxC")
    }
    guard sampleCount(said) == samples else {
      throw StoreError(
        .invalidArgument,
        "an array of the shape \(text(shape)) has \(samples) samples per image, which do not fit the given shape \(said)"
      )
    }
  }
}
