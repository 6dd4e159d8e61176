#if JPEG
import ImageStoreCore

/// The header of a JPEG: everything before its pixels (ITU-T T.81, B.2).
public struct JPEGHeader: Sendable, Hashable {
  /// How the coefficients are ordered and coded.
  public enum Coding: Sendable, Hashable, CaseIterable {
    /// Each block as a whole, by Huffman codes: baseline and extended.
    case sequential
    /// Coarse first, and finer in further scans.
    case progressive
    /// Each block as a whole, by arithmetic coding.
    case arithmetic
    /// Coarse first, by arithmetic coding.
    case progressiveArithmetic
  }

  /// Rows, as stored: 1 to 65,500.
  public let height: Int
  /// Pixels per row, as stored: 1 to 65,500.
  public let width: Int
  /// Samples per pixel in the file: 1 is gray, 3 are colors, 4 inks.
  public let componentCount: Int
  /// How the coefficients are coded.
  public let coding: Coding
  /// How a viewer turns the image: the Exif tag Orientation, 1 to 8; 1 (not at all) if there is
  /// none.
  public let orientation: Int

  /// The most rows and columns that the library takes.
  static let mostPixelsAcross = 65_500

  /// Whether rows become columns when the image is turned.
  var isTurnedAside: Bool { orientation > 4 }

  /// Reads the first bytes of a JPEG.
  ///
  /// - Parameter readsOrientation: whether to read on to the pixels for the orientation, which may
  ///   be before or after the size.
  /// - Returns: nil if the requested information is after the last of these bytes.
  /// - Throws: ``StoreError/Code/unrecognized`` for bytes that are not a JPEG;
  ///   ``StoreError/Code/corrupt`` and ``StoreError/Code/unsupported``.
  init?(_ bytes: RawSpan, readsOrientation: Bool) throws(StoreError) {
    var markers = try JPEGMarkers(bytes)
    var frame: (height: Int, width: Int, componentCount: Int, coding: Coding)?
    var orientation: Int?
    while let marker = try markers.next() {
      switch marker.code {
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        guard frame == nil else { throw .malformed("size is given twice") }
        guard let found = try Self.frame(marker, bytes) else { return nil }
        frame = found
      case 0xE1 where readsOrientation && orientation == nil:
        guard marker.payload.upperBound <= bytes.byteCount else { return nil }
        orientation = ExifOrientation.value(in: bytes.extracting(marker.payload))
      case 0xDA, 0xD9:
        guard frame != nil else {
          throw .malformed(marker.code == 0xDA ? "pixels come before its size" : "end comes before its size")
        }
        markers.end()
      default: break
      }
      if frame != nil, !readsOrientation { break }
    }
    guard let frame, !readsOrientation || markers.isAtEnd else { return nil }
    height = frame.height
    width = frame.width
    componentCount = frame.componentCount
    coding = frame.coding
    self.orientation = orientation ?? 1
  }

  private static func frame(
    _ marker: JPEGMarkers.Marker, _ bytes: RawSpan
  ) throws(StoreError) -> (height: Int, width: Int, componentCount: Int, coding: Coding)? {
    let start = marker.payload.lowerBound
    guard marker.payload.count >= 6 else {
      throw .malformed("header has an impossible length, \(marker.payload.count) bytes")
    }
    guard start + 6 <= bytes.byteCount else { return nil }
    let coding: Coding
    switch marker.code {
    case 0xC0, 0xC1: coding = .sequential
    case 0xC2: coding = .progressive
    case 0xC9: coding = .arithmetic
    case 0xCA: coding = .progressiveArithmetic
    default:
      let isLossless = [0xC3, 0xC7, 0xCB, 0xCF].contains(marker.code)
      throw StoreError(
        .unsupported, isLossless ? "lossless JPEGs are not read" : "hierarchical JPEGs are not read",
        remedy: "convert it to PNG")
    }
    let precision = Int(bytes[start])
    let height = bytes.bigEndian16(at: start + 1)
    let width = bytes.bigEndian16(at: start + 3)
    let components = Int(bytes[start + 5])
    guard precision == 8 else {
      throw StoreError(
        .unsupported, "JPEGs of \(precision) bits per sample are not read",
        remedy: "convert it to a PNG of 16 bits")
    }
    guard height > 0 else {
      throw StoreError(
        .unsupported, "JPEGs whose height is stated after their pixels are not read", remedy: "save it again")
    }
    guard width > 0 else { throw .malformed("header gives a size of \(height)x\(width)") }
    guard height <= mostPixelsAcross, width <= mostPixelsAcross else {
      throw StoreError(
        .limitExceeded, "the JPEG has \(height)x\(width) pixels, but a side has at most \(mostPixelsAcross)")
    }
    guard components == 1 || components == 3 || components == 4 else {
      throw StoreError(
        .unsupported, "JPEGs of \(components) components are not read", remedy: "convert it to PNG")
    }
    return (height, width, components, coding)
  }
}

extension StoreError {
  /// A JPEG that contradicts the standard or itself.
  static func malformed(_ what: String) -> StoreError {
    StoreError(.corrupt, "the JPEG is damaged: its \(what)")
  }
}
#endif
