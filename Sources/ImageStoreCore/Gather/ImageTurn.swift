internal import CImageStoreKernels

/// One of the eight ways in which a rectangle of pixels can be turned by right angles and mirrored,
/// numbered as Exif numbers orientations (CIPA DC-008, 4.6.4): 1 leaves it as it is, 3 is half a
/// turn, from 5 on rows become columns.
package struct ImageTurn: Sendable, Hashable {
  private let number: UInt32

  /// Whether rows of the source become columns.
  package var swapsAxes: Bool { number >= 5 }
  /// Whether the rows of the source are taken from the last on.
  private var reversesRows: Bool { [3, 4, 6, 7].contains(number) }
  private var reversesColumns: Bool { [2, 3, 7, 8].contains(number) }

  /// The turn that brings an image stored in an orientation upright; nil for 1, and for numbers
  /// that are not orientations.
  package init?(orientation: Int) {
    guard (2...8).contains(orientation) else { return nil }
    number = UInt32(orientation)
  }

  /// Quarter turns counterclockwise, and then flips.
  ///
  /// - Parameters:
  ///   - quarterTurns: how many.
  ///   - flipsRows: whether the result is flipped top to bottom.
  ///   - flipsColumns: whether it is flipped left to right.
  package init(quarterTurns: Int, flipsRows: Bool, flipsColumns: Bool) {
    let turns = quarterTurns & 3
    let swapsAxes = turns % 2 == 1
    // A quarter turn counterclockwise makes the last column the first row.
    let (first, second) = (
      (turns == 1 || turns == 2) != flipsRows, (turns == 2 || turns == 3) != flipsColumns
    )
    let (rows, columns) = swapsAxes ? (second, first) : (first, second)
    number =
      switch (rows, columns) {
      case (false, false): swapsAxes ? 5 : 1
      case (false, true): swapsAxes ? 8 : 2
      case (true, true): swapsAxes ? 7 : 3
      case (true, false): swapsAxes ? 6 : 4
      }
  }

  /// The region of the source that becomes a region of the result.
  ///
  /// - Parameter source: the format of the whole source.
  package func source(of region: ImageRegion, in source: ImageFormat) -> ImageRegion {
    var (rows, columns) = ((region.row, region.height), (region.column, region.width))
    if swapsAxes { swap(&rows, &columns) }
    return ImageRegion(
      row: reversesRows ? source.height - rows.0 - rows.1 : rows.0,
      column: reversesColumns ? source.width - columns.0 - columns.1 : columns.0, height: rows.1,
      width: columns.1)
  }

  /// Writes the result.
  ///
  /// - Parameters:
  ///   - pixels: `format.byteCount` bytes.
  ///   - format: of the source.
  ///   - target: as many bytes.
  package func turn(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, to target: UnsafeMutableRawBufferPointer
  ) {
    precondition(pixels.count >= format.byteCount && target.count == format.byteCount)
    // No image is without bytes.
    unsafe image_kernels_turn(
      pixels.baseAddress!.assumingMemoryBound(to: UInt8.self), format.height, format.width,
      format.bytesPerPixel, number, target.baseAddress!.assumingMemoryBound(to: UInt8.self))
  }
}
