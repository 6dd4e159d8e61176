internal import ImageStoreCore

/// An image turned by quarter turns counterclockwise, and then flipped: one of the eight ways a square can lie.
struct Turning {
  /// Whether rows become columns.
  private let swapsAxes: Bool
  /// Whether the first row or column of the source is the last of what it becomes, after the axes were swapped.
  private let reversesRows: Bool
  private let reversesColumns: Bool

  init(quarterTurns: Int, flipsRows: Bool, flipsColumns: Bool) {
    let turns = quarterTurns & 3
    swapsAxes = turns % 2 == 1
    // A quarter turn counterclockwise makes the last column the first row.
    reversesRows = (turns == 1 || turns == 2) != flipsRows
    reversesColumns = (turns == 2 || turns == 3) != flipsColumns
  }

  /// Copies an image.
  ///
  /// - Parameters:
  ///   - source: an image of `format`.
  ///   - target: as many bytes.
  func copy(
    _ source: UnsafeRawBufferPointer, of format: ImageFormat, to target: UnsafeMutableRawBufferPointer
  ) {
    precondition(source.count == format.byteCount && target.count == format.byteCount)
    switch format.bytesPerPixel {
    case 1: unsafe copy(source, format, target, UInt8.self, 1)
    case 3: unsafe copy(source, format, target, UInt8.self, 3)
    case 4: unsafe copy(source, format, target, UInt32.self, 1)
    default: unsafe copy(source, format, target, UInt8.self, format.bytesPerPixel)
    }
  }

  /// - Parameter count: units per pixel.
  @inline(__always)
  private func copy<Unit: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ format: ImageFormat, _ target: UnsafeMutableRawBufferPointer,
    _ unit: Unit.Type, _ count: Int
  ) {
    let size = MemoryLayout<Unit>.size
    let pixel = count * size
    let (rows, columns) = swapsAxes ? (format.width, format.height) : (format.height, format.width)
    // How far apart in the source the neighbours in a row and in a column of the target are.
    let stepRight = (swapsAxes ? format.width : 1) * pixel * (reversesColumns ? -1 : 1)
    let stepDown = (swapsAxes ? 1 : format.width) * pixel * (reversesRows ? -1 : 1)
    var start = 0
    if reversesRows { start -= stepDown * (rows - 1) }
    if reversesColumns { start -= stepRight * (columns - 1) }
    var to = 0
    for row in 0..<rows {
      var from = start + row * stepDown
      for _ in 0..<columns {
        for place in 0..<count {
          let value = unsafe source.loadUnaligned(fromByteOffset: from + place * size, as: Unit.self)
          unsafe target.storeBytes(of: value, toByteOffset: to, as: Unit.self)
          to += size
        }
        from += stepRight
      }
    }
  }
}
