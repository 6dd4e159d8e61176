#if JPEG
import CImageStoreKernels
import ImageStoreCore

/// How an image is turned that is delivered upright: an Exif orientation other than 1.
struct JPEGOrientation {
  private let value: Int

  /// Nil if the image is delivered as it is stored.
  init?(_ header: JPEGHeader, _ wanted: StoreDescription.Orientation) {
    guard wanted == .upright, header.orientation != 1 else { return nil }
    value = header.orientation
  }

  /// Whether rows are delivered as columns.
  var swapsAxes: Bool { value >= 5 }

  /// The region as stored of one that is given upright.
  ///
  /// - Parameter stored: the format of the whole image as stored.
  func stored(_ region: ImageRegion, in stored: ImageFormat) -> ImageRegion {
    var (rows, columns) = ((region.row, region.height), (region.column, region.width))
    if swapsAxes { swap(&rows, &columns) }
    let rowsTurn = [3, 4, 6, 7].contains(value)
    let columnsTurn = [2, 3, 7, 8].contains(value)
    return ImageRegion(
      row: rowsTurn ? stored.height - rows.0 - rows.1 : rows.0,
      column: columnsTurn ? stored.width - columns.0 - columns.1 : columns.0, height: rows.1,
      width: columns.1)
  }

  /// Turns pixels of a format as stored.
  ///
  /// - Parameters:
  ///   - pixels: `format.byteCount` bytes.
  ///   - target: as many.
  func turn(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, to target: UnsafeMutableRawBufferPointer
  ) {
    precondition(pixels.count >= format.byteCount && target.count == format.byteCount)
    unsafe image_kernels_turn(
      pixels.baseAddress!.assumingMemoryBound(to: UInt8.self), format.height, format.width,
      format.bytesPerPixel, UInt32(value), target.baseAddress!.assumingMemoryBound(to: UInt8.self))
  }
}
#endif
