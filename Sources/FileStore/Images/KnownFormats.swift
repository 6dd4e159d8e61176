internal import ImageStoreCore

/// The formats of images whose files have been examined: 8 bytes per image, written and read
/// without a lock.
///
/// Reading an image asks for its format first, which opens its file; with this, only once.
struct KnownFormats: Sendable {
  /// The packing in an integer: rows and columns of 26 bits each, channels and the type of 5; 0
  /// if the image is not known.
  private let packed: AtomicArray<Int>
  private static let sizeBits = 26
  private static let smallBits = 5
  private static let types = ElementType.allCases

  /// - Throws: ``StoreError/Code/limitExceeded`` if there is no memory for so many.
  init(count: Int) throws(StoreError) { packed = try AtomicArray(count: count) }

  /// The format of an image that is known.
  subscript(index: Int) -> ImageFormat? {
    let value = packed[index]
    guard value != 0 else { return nil }
    let size = 1 << Self.sizeBits
    let rest = value >> (2 * Self.sizeBits)
    return ImageFormat(
      height: value % size, width: value >> Self.sizeBits % size, channels: rest % (1 << Self.smallBits),
      elementType: Self.types[rest >> Self.smallBits])
  }

  /// Notes the format of an image; a format that does not fit is examined again each time.
  func note(_ format: ImageFormat, of index: Int) {
    guard max(format.height, format.width) < 1 << Self.sizeBits, format.channels < 1 << Self.smallBits,
      let type = Self.types.firstIndex(of: format.elementType)
    else { return }
    let rest = type << Self.smallBits | format.channels
    packed[index] = rest << (2 * Self.sizeBits) | format.width << Self.sizeBits | format.height
  }
}
