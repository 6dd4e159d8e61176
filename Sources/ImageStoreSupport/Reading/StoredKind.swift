package import ImageStoreCore

/// The entry of an index for an image: its format and, for an encoded image, the codec and the
/// orientation.
///
/// On the disk it is four numbers of 32 bits: height, width, channels, and one that has the number
/// of the element type in its lowest byte, that of the codec in the next (0 for pixels as they
/// are), and the orientation in the third (0 for 1, the orientation of nearly all images).
package struct StoredKind: Sendable, Hashable {
  package var format: ImageFormat
  /// ``ImageCodec/number``, or 0 for pixels.
  package var codec: UInt8
  /// As EXIF counts them, 1 to 8.
  package var orientation: UInt8

  package init(_ format: ImageFormat, codec: UInt8 = 0, orientation: UInt8 = 1) {
    self.format = format
    self.codec = codec
    self.orientation = orientation
  }

  /// The number of an element type is its position in this list.
  private static let elementTypes: [ElementType] = [
    .bool, .uint8, .uint16, .int8, .int16, .int32, .int64, .float16, .float32, .float64,
    .uint32, .uint64,
  ]

  /// The same for the image as a viewer shows it; from 5 on orientations exchange rows and columns.
  package var upright: StoredKind {
    guard orientation > 4 else { return self }
    return StoredKind(
      format.resized(height: format.width, width: format.height), codec: codec, orientation: orientation)
  }

  /// The four numbers.
  package var numbers: [UInt32] {
    let type = UInt32(Self.elementTypes.firstIndex(of: format.elementType) ?? 0)
    let turned = orientation == 1 ? 0 : UInt32(orientation)
    return [
      UInt32(truncatingIfNeeded: format.height), UInt32(truncatingIfNeeded: format.width),
      UInt32(truncatingIfNeeded: format.channels), type | UInt32(codec) << 8 | turned << 16,
    ]
  }

  /// The kind from its four numbers.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for numbers without a meaning,
  ///   ``StoreError/Code/limitExceeded``.
  package init(
    height: Int, width: Int, channels: Int, kind: UInt32
  ) throws(StoreError) {
    let type = Int(kind & 0xFF)
    guard Self.elementTypes.indices.contains(type) else {
      throw StoreError(.corrupt, "the element type has the unknown number \(type)")
    }
    codec = UInt8(kind >> 8 & 0xFF)
    let turned = UInt8(kind >> 16 & 0xFF)
    guard kind >> 24 == 0, turned <= 8, codec > 0 || turned == 0 else {
      throw StoreError(.corrupt, "the image is of the unknown kind \(kind)")
    }
    orientation = max(1, turned)
    format = try ImageFormat(
      validating: height, width: width, channels: channels, elementType: Self.elementTypes[type])
  }
}
