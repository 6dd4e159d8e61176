internal import ImageStoreCore
internal import ImageStorePickle

/// Reads the pickled records of a well-known tutorial: objects of a class `CIFAR_Image` with the attributes
/// `channels`, `size` (height and width), `image` (bytes, height x width x channels) and `label`.
struct PickledImages {
  struct Image {
    let format: ImageFormat
    let label: Int?
    /// Where the pixels begin within the pickle; nil if they are there in an encoding.
    let pixels: Int?
  }

  /// Pickles that differ in nothing but pixels say the same, and there are as many different ones as there
  /// are labels: what was read of one is kept under the bytes around its pixels.
  private var known: [[UInt8]: Image] = [:]
  private var lastPixels = 0..<0
  private static let mostKnown = 4096

  /// What a pickle says.
  mutating func image(of value: UnsafeRawBufferPointer) throws(StoreError) -> Image {
    if lastPixels.upperBound <= value.count, !lastPixels.isEmpty,
      let image = unsafe known[Self.frame(of: value, lastPixels)]
    {
      return image
    }
    let (image, pixels) = try unsafe Self.read(value)
    if image.pixels != nil, case .source(let range) = pixels {
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

  /// Reads a pickle in full.
  static func read(
    _ value: UnsafeRawBufferPointer
  ) throws(StoreError) -> (image: Image, pixels: PickleBytes) {
    let source = unsafe RawSpan(_unsafeBytes: value)
    let object = try Pickle.read(source)
    guard let attribute = object.value(of: "image", in: source),
      let size = object.value(of: "size", in: source)?.integers(in: source), size.count == 2,
      case .int(let channels) = object.value(of: "channels", in: source)
    else {
      throw StoreError(
        .unsupported, "a pickle without the attributes image, size and channels",
        remedy: "convert the values to .npy")
    }
    var label: Int?
    switch object.value(of: "label", in: source) {
    case .int(let value): label = value
    case nil, .some(.none): break
    case .some(let other):
      guard let values = other.integers(in: source), values.count == 1 else {
        throw StoreError(.unsupported, "a pickle whose label is not an integer")
      }
      label = values[0]
    }
    let pixels = try bytes(of: attribute)
    let format = try ImageFormat(
      validating: size[0], width: size[1], channels: channels, elementType: .uint8)
    guard pixels.count == format.byteCount else {
      throw StoreError(.corrupt, "a pickle of \(pixels.count) bytes of pixels whose size says \(format)")
    }
    var start: Int?
    if case .source(let range) = pixels { start = range.lowerBound }
    return (Image(format: format, label: label, pixels: start), pixels)
  }

  private static func bytes(of attribute: PickleValue) throws(StoreError) -> PickleBytes {
    switch attribute {
    case .bytes(let bytes): return bytes
    case .array(let array) where array.elementType == .uint8 && !array.isFortranOrder: return array.bytes
    default:
      throw StoreError(.unsupported, "a pickle whose image is neither bytes nor an array of uint8")
    }
  }
}
