internal import CImageStoreKernels

/// Resizes images, reusing its memory. It is used by one thread at a time.
///
/// The result does not depend on which part of the image is in memory, on the window asked for, or
/// on the machine. Rows are resized first, then columns, and only those that the window needs.
package final class Resampler {
  private var axes: [ResampleAxis] = []
  private var uses = 0
  /// Rows that are resized in one direction.
  private var middle = GrowingMemory()
  private var scratch = GrowingMemory()

  /// Enough axes for images of a few sizes.
  private static let mostAxes = 8

  package init() {}

  /// The part of the image that the window of a request is calculated from; nil if the window is
  /// outside the resized region.
  ///
  /// - Precondition: the request is valid.
  package static func neededRegion(of request: ResampleRequest) -> ImageRegion? {
    let (rows, columns) = (request.rows, request.columns)
    guard !rows.isEmpty, !columns.isEmpty else { return nil }
    let high = ResampleAxis.needed(request.rowKey(.fixed, rows))
    let wide = ResampleAxis.needed(request.columnKey(.fixed, columns))
    return ImageRegion(
      row: request.region.row + high.lowerBound, column: request.region.column + wide.lowerBound,
      height: high.count, width: wide.count)
  }

  /// Writes the window of a resized region.
  ///
  /// - Parameters:
  ///   - pixels: rows of pixels without padding.
  ///   - held: the part of the image that `pixels` has; it contains the needed region.
  ///   - format: the format of the whole image.
  ///   - request: what to make of it.
  ///   - target: memory of the size of the window, all of which is written.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a request that does not fit the image
  ///   (``ResampleRequest/validate(of:)``), or too few pixels or too little room;
  ///   ``StoreError/Code/limitExceeded`` if there is not enough memory.
  package func resample(
    _ pixels: UnsafeRawBufferPointer, holding held: ImageRegion, of format: ImageFormat,
    _ request: ResampleRequest, into target: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try request.validate(of: format)
    let delivered = request.delivered(of: format)
    guard held.isContained(in: format), pixels.count == format.cropped(to: held).byteCount,
      target.count == delivered.byteCount
    else {
      throw StoreError(
        .invalidArgument,
        "the memory does not fit the images: \(pixels.count) bytes for \(held), and \(target.count) for \(delivered)"
      )
    }
    let (rows, columns) = (request.rows, request.columns)
    if rows.count < request.window.height || columns.count < request.window.width {
      unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
    }
    guard let needed = Self.neededRegion(of: request) else { return }
    guard held.row <= needed.row, held.column <= needed.column,
      needed.row + needed.height <= held.row + held.height,
      needed.column + needed.width <= held.column + held.width
    else {
      throw StoreError(.invalidArgument, "the pixels are \(held), but the result needs \(needed)")
    }
    let pixelByteCount = format.bytesPerPixel
    let stride = held.width * pixelByteCount
    // The needed pixels and the part of the target that is not zeros, both of which begin within
    // their memory.
    let from = unsafe Plane(
      start: UnsafeMutableRawPointer(
        mutating: pixels.baseAddress! + (needed.row - held.row) * stride
          + (needed.column - held.column) * pixelByteCount),
      stride: stride, end: pixels.baseAddress! + pixels.count)
    let to = unsafe Plane(
      start: target.baseAddress! + (rows.lowerBound - request.window.row) * delivered.bytesPerRow
        + (columns.lowerBound - request.window.column) * pixelByteCount,
      stride: delivered.bytesPerRow, end: UnsafeRawPointer(target.baseAddress! + target.count))
    let work = unsafe Work(request: request, needed: needed, format: format, from: from, to: to)
    if request.keepsSize {
      unsafe Self.copy(work)
    } else if request.filter == .nearest {
      try unsafe pick(work)
    } else if format.elementType == .uint8 {
      try unsafe resampleBytes(work)
    } else {
      try unsafe resampleSamples(work)
    }
  }

  /// Rows of pixels in memory.
  @unsafe private struct Plane {
    var start: UnsafeMutableRawPointer
    var stride: Int
    var end: UnsafeRawPointer

    var kernelRows: image_kernels_rows {
      unsafe image_kernels_rows(
        start: start.assumingMemoryBound(to: UInt8.self), stride: stride,
        end: end.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// One request that has been checked: `from` begins with the needed pixels, `to` where the result does.
  @unsafe private struct Work {
    var request: ResampleRequest
    var needed: ImageRegion
    var format: ImageFormat
    var from: Plane
    var to: Plane

    /// The places of the first needed pixel in the axes of the region.
    var firstRow: Int { unsafe needed.row - request.region.row }
    var firstColumn: Int { unsafe needed.column - request.region.column }
    /// The bytes of a row that is resized.
    var rowByteCount: Int { unsafe request.columns.count * format.bytesPerPixel }
  }

  /// The axis of a key: a kept one, or a new one that replaces the least recently used.
  private func axis(_ key: ResampleAxis.Key) throws(StoreError) -> ResampleAxis {
    uses += 1
    let axis: ResampleAxis
    if let known = axes.first(where: { $0.key == key }) {
      axis = known
    } else if axes.count < Self.mostAxes {
      axis = ResampleAxis()
      axes.append(axis)
    } else {
      axis = axes.min { $0.age < $1.age }!
    }
    axis.age = uses
    try axis.prepare(key)
    return axis
  }

  private static func byteCount(ofRows count: Int, _ rowByteCount: Int) throws(StoreError) -> Int {
    let (byteCount, overflows) = count.multipliedReportingOverflow(by: rowByteCount)
    guard !overflows else {
      throw StoreError(.limitExceeded, "\(count) rows of \(rowByteCount) bytes are too large to resize")
    }
    return byteCount
  }

  private static func copy(_ work: Work) {
    for row in unsafe 0..<work.needed.height {
      unsafe (work.to.start + row * work.to.stride).copyMemory(
        from: work.from.start + row * work.from.stride, byteCount: work.rowByteCount)
    }
  }

  private func pick(_ work: Work) throws(StoreError) {
    let (rows, columns) = unsafe (work.request.rows, work.request.columns)
    let high = try unsafe axis(work.request.rowKey(.nearest, rows))
    let wide = try unsafe axis(work.request.columnKey(.nearest, columns))
    for row in 0..<rows.count {
      let to = unsafe work.to.start + row * work.to.stride
      if row > 0, unsafe high.places[row] == high.places[row - 1] {
        unsafe to.copyMemory(from: to - work.to.stride, byteCount: work.rowByteCount)
        continue
      }
      let from = unsafe work.from.start + (Int(high.places[row]) - work.firstRow) * work.from.stride
      unsafe image_kernels_pick_pixels(
        wide.places, columns.count, UInt32(work.firstColumn), work.format.bytesPerPixel,
        UnsafePointer(from.assumingMemoryBound(to: UInt8.self)), to.assumingMemoryBound(to: UInt8.self))
    }
  }

  private func resampleBytes(_ work: Work) throws(StoreError) {
    let request = unsafe work.request
    let isHigh = request.height != request.region.height
    let isWide = request.width != request.region.width
    var rows = unsafe work.from
    if isWide {
      let wide = try axis(request.columnKey(.fixed, request.columns))
      if isHigh {
        let byteCount = try unsafe Self.byteCount(ofRows: work.needed.height, work.rowByteCount)
        try middle.reserve(byteCount)
        let start = unsafe middle.memory.baseAddress!
        unsafe rows = unsafe Plane(start: start, stride: work.rowByteCount, end: start + byteCount)
      } else {
        unsafe rows = unsafe work.to
      }
      let sourceByteCount = unsafe work.needed.width * work.format.channels
      try scratch.reserve(4 * (sourceByteCount + Int(IMAGE_KERNELS_ROW_SLACK)))
      var kernelAxis = unsafe wide.kernelAxis(origin: work.firstColumn)
      unsafe image_kernels_resample_rows(
        &kernelAxis, work.format.channels, work.from.kernelRows, sourceByteCount, work.needed.height,
        rows.kernelRows, scratch.memory.baseAddress!.assumingMemoryBound(to: UInt8.self))
    }
    guard isHigh else { return }
    let high = try axis(request.rowKey(.fixed, request.rows))
    var kernelAxis = unsafe high.kernelAxis(origin: work.firstRow)
    unsafe image_kernels_resample_columns(
      &kernelAxis, rows.kernelRows, work.rowByteCount, work.to.kernelRows)
  }

  private func resampleSamples(_ work: Work) throws(StoreError) {
    let (request, type) = unsafe (work.request, work.format.elementType)
    let isDouble = type.sumsAreDoubles
    let wide = try axis(request.columnKey(isDouble ? .double : .float, request.columns))
    let high = try axis(request.rowKey(isDouble ? .double : .float, request.rows))
    let rowSampleCount = unsafe request.columns.count * work.format.channels
    let rowByteCount = rowSampleCount * (isDouble ? 8 : 4)
    let byteCount = try unsafe Self.byteCount(ofRows: work.needed.height, rowByteCount)
    try middle.reserve(byteCount)
    try scratch.reserve(rowByteCount)
    let start = unsafe middle.memory.baseAddress!
    let rows = unsafe Plane(start: start, stride: rowByteCount, end: start + byteCount)
    var kernelAxis = unsafe wide.kernelAxis(origin: work.firstColumn)
    unsafe image_kernels_resample_sample_rows(
      &kernelAxis, work.format.channels, type.kernelSample, work.from.kernelRows, work.needed.height,
      rows.kernelRows)
    unsafe kernelAxis = unsafe high.kernelAxis(origin: work.firstRow)
    unsafe image_kernels_resample_sample_columns(
      &kernelAxis, type.kernelSample, rows.kernelRows, rowSampleCount, work.to.kernelRows,
      scratch.memory.baseAddress!)
  }
}

extension ResampleRequest {
  func rowKey(_ kind: ResampleAxis.Kind, _ rows: Range<Int>) -> ResampleAxis.Key {
    ResampleAxis.Key(from: region.height, to: height, window: rows, filter: filter, kind: kind)
  }

  func columnKey(_ kind: ResampleAxis.Kind, _ columns: Range<Int>) -> ResampleAxis.Key {
    ResampleAxis.Key(from: region.width, to: width, window: columns, filter: filter, kind: kind)
  }
}

extension ElementType {
  /// Whether samples are summed as doubles, since a float does not hold them.
  fileprivate var sumsAreDoubles: Bool { byteCount == 8 || self == .int32 || self == .uint32 }
}
