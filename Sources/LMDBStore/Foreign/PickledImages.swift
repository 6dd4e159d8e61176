internal import ImageStoreCore
internal import ImageStorePickle
internal import ImageStoreSupport

/// Reads pickled records of an image and its label:
/// - objects of a class `CIFAR_Image` of a well-known tutorial, with the attributes `channels`,
///   `size` (height and width), `image` (bytes, height x width x channels) and `label`;
/// - tuples, lists and dictionaries of an image and a label, or an image alone, if the image is a
///   numpy array or the bytes of an encoded image, by itself or in a list of one.
struct PickledImages {
  struct Image {
    let format: ImageFormat
    let label: PickledLabel
    /// Where the pixels begin within the pickle, if they are stored as they are delivered.
    let pixels: Int?
  }

  /// How the pixels of a record are read.
  enum Form {
    case array(ArrayGeometry)
    case encoded
  }

  private let description: StoreDescription
  /// Pickles that differ only in pixels have the same header, and there are as many different ones
  /// as there are labels: the result for one is kept under the bytes around its pixels.
  private var known: [[UInt8]: Image] = [:]
  private var lastPixels = 0..<0
  private static let mostKnown = 4096

  init(_ description: StoreDescription) { self.description = description }

  /// The contents of a pickle.
  mutating func image(
    of value: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) -> Image {
    if lastPixels.upperBound <= value.count, !lastPixels.isEmpty,
      let image = unsafe known[Self.frame(of: value, lastPixels)]
    {
      return image
    }
    let (label, pixels, form) = try unsafe Self.read(value, description)
    guard case .array(let geometry) = form else {
      let format = try pixels.withBytes(in: unsafe RawSpan(_unsafeBytes: value)) {
        (bytes) throws(StoreError) in
        try decoder.format(ofHead: bytes)
      }
      guard let format else {
        throw StoreError(.corrupt, "the encoded image ends before its header does")
      }
      return Image(format: format, label: label, pixels: nil)
    }
    var start: Int?
    if case .source(let range) = pixels, geometry.isDirect { start = range.lowerBound }
    if geometry.format.elementType == .bool {
      let other = try pixels.withBytes(in: unsafe RawSpan(_unsafeBytes: value)) {
        (bytes) throws(StoreError) in
        unsafe bytes.withUnsafeBytes { unsafe TruthValues.firstOther(in: $0) }
      }
      guard other == nil else { throw StoreError(.corrupt, "a bool sample is neither 0 nor 1") }
    }
    let image = Image(format: geometry.format, label: label, pixels: start)
    if case .source(let range) = pixels, geometry.format.elementType != .bool {
      lastPixels = range
      if known.count >= Self.mostKnown { known.removeAll() }
      unsafe known[Self.frame(of: value, range)] = image
    }
    return image
  }

  private static func frame(of value: UnsafeRawBufferPointer, _ pixels: Range<Int>) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(value.count - pixels.count)
    unsafe frame.append(contentsOf: value[..<pixels.lowerBound])
    unsafe frame.append(contentsOf: value[pixels.upperBound...])
    return frame
  }

  // MARK: Records

  /// Reads a pickle in full.
  static func read(
    _ value: UnsafeRawBufferPointer, _ description: StoreDescription
  ) throws(StoreError) -> (label: PickledLabel, pixels: PickleBytes, form: Form) {
    let source = unsafe RawSpan(_unsafeBytes: value)
    let object = try Pickle.read(source)
    if let attribute = object.value(of: "image", in: source),
      let size = object.value(of: "size", in: source)?.integers(in: source), size.count == 2,
      case .int(let channels) = object.value(of: "channels", in: source)
    {
      return try tutorialRecord(object, attribute, size, channels, source)
    }
    let (image, label) = try record(object, source)
    switch image {
    case .bytes(let bytes): return (label, bytes, .encoded)
    case .array(let array):
      // The bytes of a file, as OpenCV's imencode has them.
      let axes = array.shape.filter { $0 != 1 }
      if axes.count == 1, array.elementType == .uint8, description.shape == nil {
        return (label, array.bytes, .encoded)
      }
      return (label, array.bytes, .array(try geometry(of: array, description)))
    default:
      throw StoreError(.unsupported, "the image in the pickle is neither an array nor bytes")
    }
  }

  private static func tutorialRecord(
    _ object: PickleValue, _ attribute: PickleValue, _ size: [Int], _ channels: Int, _ source: RawSpan
  ) throws(StoreError) -> (label: PickledLabel, pixels: PickleBytes, form: Form) {
    let found = object.value(of: "label", in: source).map { PickledLabel($0, in: source) } ?? .none
    if case .other = found { throw StoreError(.unsupported, "the label in the pickle is not an integer") }
    let pixels: PickleBytes
    switch attribute {
    case .bytes(let bytes): pixels = bytes
    case .array(let array) where array.elementType == .uint8 && !array.isFortranOrder: pixels = array.bytes
    default: throw StoreError(.unsupported, "the image in the pickle is neither bytes nor an array of uint8")
    }
    let format = try ImageFormat(
      validating: size[0], width: size[1], channels: channels, elementType: .uint8)
    guard pixels.count == format.byteCount else {
      throw StoreError(
        .corrupt, "the pickle has \(pixels.count) bytes of pixels, but says the image is \(format)")
    }
    let geometry = try ArrayGeometry(
      shape: [1, format.height, format.width, format.channels], elementType: .uint8, .ours)
    return (found, pixels, .array(geometry))
  }

  private static let imageNames: [StaticString] = [
    "image", "img", "images", "x", "data", "pixels", "picture", "features", "array",
  ]
  private static let labelNames: [StaticString] = [
    "label", "labels", "y", "target", "class", "targets", "category",
  ]

  /// The image and the label of a record.
  private static func record(
    _ object: PickleValue, _ source: RawSpan
  ) throws(StoreError) -> (image: PickleValue, label: PickledLabel) {
    if let image = image(object) { return (image, .none) }
    if let elements = object.elements {
      for (position, element) in elements.enumerated() {
        guard let image = image(element) else { continue }
        // A value after the image is more likely its label than a value before it, and a number
        // more likely than a text.
        let others = (elements[(position + 1)...] + elements[..<position]).map {
          PickledLabel($0, in: source)
        }
        if others.count(where: \.isNumber) > 1, case .number(let number)? = others.first(where: \.isNumber) {
          return (image, .numberOfSeveral(number))
        }
        let label = others.first(where: \.isNumber) ?? others.first(where: \.isText) ?? others.first
        return (image, label ?? .none)
      }
    }
    for name in imageNames {
      guard let value = object.value(of: name, in: source), let image = image(value) else { continue }
      for name in labelNames {
        guard let value = object.value(of: name, in: source) else { continue }
        return (image, PickledLabel(value, in: source))
      }
      return (image, .none)
    }
    throw StoreError(
      .unsupported, "the pickle has neither an array nor the bytes of an image",
      remedy: "convert the values to .npy")
  }

  /// A value that can be an image: an array of two axes at least, or bytes; by itself or in a list of one.
  private static func image(_ value: PickleValue) -> PickleValue? {
    switch value {
    case .bytes(let bytes): return bytes.count > 8 ? value : nil
    case .array(let array):
      return array.shape.filter { $0 != 1 }.count > 1 || array.shape.reduce(1, *) > 8 ? value : nil
    case .list(let values), .tuple(let values):
      return values.count == 1 ? image(values[0]) : nil
    default: return nil
    }
  }

  private static func geometry(
    of array: PickleArray, _ description: StoreDescription
  ) throws(StoreError) -> ArrayGeometry {
    // A single image with an extra axis.
    let shape = array.shape.count == 4 && array.shape[0] == 1 ? Array(array.shape.dropFirst()) : array.shape
    let isSwapped = array.elementType.byteCount > 1 && array.isBigEndian != (Int(1).bigEndian == 1)
    return try ArrayGeometry(
      shape: shape, isFortranOrder: array.isFortranOrder, elementType: array.elementType,
      isSwapped: isSwapped,
      .oneImage, description)
  }
}
