import CImageStoreKernels
import ImageStoreCore
import ImageStoreDeflate

/// Undoes filters and interlacing and turns the samples of a file into those of the decoded image.
///
/// Invariant behind `unsafe`: `prepare` checked the sizes, so all rows are within the buffers that
/// the decoder made for exactly this header and format.
struct PNGRowConverter: ~Copyable, Sendable {
  /// The conversion of a row of samples.
  private enum Conversion {
    /// Bytes stay as they are.
    case none
    /// 16-bit samples change their byte order.
    case swapped
    /// Samples of less than 8 bits become bytes, times a factor.
    case unpacked(factor: UInt8)
    /// Indices become bytes.
    case indices
    /// Indices become colors.
    case colors
    /// Pixels equal to the key become transparent.
    case keyed
  }

  private var conversion = Conversion.none
  private var header: PNGHeader?
  private var bytesPerPixel = 0
  private var bytesPerRow = 0
  private var table = PNGPaletteTable()
  private var key = PNGTransparentKey()
  /// A row of unpacked samples and a row of one pass.
  private var unpacked = GrowingMemory()
  private var passRow = GrowingMemory()

  mutating func prepare(
    _ contents: borrowing PNGContents, _ format: ImageFormat, _ palette: PNGDecoder.Palette
  ) throws(StoreError) {
    let header = unsafe contents.header
    self.header = header
    bytesPerPixel = format.bytesPerPixel
    bytesPerRow = format.bytesPerRow
    let isPacked = header.bitDepth < 8
    if header.colorType == .palette {
      unsafe table.fill(palette: contents.palette, alpha: contents.transparency)
      conversion = palette == .indices ? .indices : .colors
      if isPacked { try unpacked.reserve(header.width) }
    } else if unsafe contents.transparency.count > 0 {
      unsafe key.fill(contents.transparency, bitDepth: header.bitDepth)
      conversion = .keyed
      if isPacked { try unpacked.reserve(header.width) }
    } else if isPacked {
      let scale = UInt8(255 / ((1 << header.bitDepth) - 1))
      conversion = .unpacked(factor: format.elementType == .bool ? 1 : scale)
    } else {
      conversion = header.bitDepth == 16 ? .swapped : .none
    }
    if header.isInterlaced { try passRow.reserve(format.bytesPerRow) }
  }

  /// Converts all rows.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for an unknown filter.
  mutating func convert(
    _ filtered: UnsafeMutableRawPointer, to pixels: UnsafeMutableRawPointer
  ) throws(StoreError) {
    guard let header else { return }
    if case .none = conversion, !header.isInterlaced {
      try unsafe unfilter(
        filtered, to: pixels, stride: bytesPerRow, PNGPass(width: header.width, height: header.height),
        header)
      return
    }
    var start = unsafe filtered
    for pass in header.passes {
      let stride = header.rowByteCount(width: pass.width) + 1
      try unsafe unfilter(start, to: start + 1, stride: stride, pass, header)
      for row in 0..<pass.height {
        let source = unsafe start + row * stride + 1
        let place = unsafe pixels + (pass.firstRow + row * pass.rowStep) * bytesPerRow
        if header.isInterlaced {
          let target = unsafe passRow.memory.baseAddress!
          try unsafe convertRow(source, to: target, width: pass.width, header)
          unsafe scatter(target, to: place, pass)
        } else {
          try unsafe convertRow(source, to: place, width: pass.width, header)
        }
      }
      unsafe start += stride * pass.height
    }
  }

  private func unfilter(
    _ filtered: UnsafeMutableRawPointer, to pixels: UnsafeMutableRawPointer, stride: Int,
    _ pass: PNGPass, _ header: PNGHeader
  ) throws(StoreError) {
    let done = unsafe image_kernels_png_unfilter(
      filtered.assumingMemoryBound(to: UInt8.self), pixels.assumingMemoryBound(to: UInt8.self),
      stride, header.rowByteCount(width: pass.width), pass.height, header.filterDistance)
    guard done == pass.height else {
      throw .malformed("row \(pass.firstRow + done * pass.rowStep) has an unknown filter")
    }
  }

  /// Puts the pixels of a row of a pass in their columns.
  private func scatter(
    _ row: UnsafeMutableRawPointer, to place: UnsafeMutableRawPointer, _ pass: PNGPass
  ) {
    for column in 0..<pass.width {
      let target = unsafe place + (pass.firstColumn + column * pass.columnStep) * bytesPerPixel
      unsafe target.copyMemory(from: row + column * bytesPerPixel, byteCount: bytesPerPixel)
    }
  }

  private mutating func convertRow(
    _ source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, width: Int,
    _ header: PNGHeader
  ) throws(StoreError) {
    let samples = width * header.colorType.channels
    switch conversion {
    case .none: unsafe target.copyMemory(from: source, byteCount: samples)
    case .swapped: unsafe swapBytes(of: source, to: target, count: samples)
    case .unpacked(let factor):
      unsafe unpackSamples(source, to: target, count: samples, bits: header.bitDepth, factor: factor)
    case .indices:
      unsafe unpackSamples(source, to: target, count: samples, bits: header.bitDepth, factor: 1)
    case .colors:
      let bytes = unsafe unpackedBytes(source, count: samples, header)
      unsafe table.expand(bytes, to: target, count: samples, channels: bytesPerPixel)
    case .keyed:
      if header.bitDepth == 16 {
        unsafe key.expand16(source, to: target, width: width, channels: header.colorType.channels)
      } else {
        let bytes = unsafe unpackedBytes(source, count: samples, header)
        unsafe key.expand8(
          bytes, to: target, width: width, channels: header.colorType.channels,
          factor: UInt8(255 / ((1 << header.bitDepth) - 1)))
      }
    }
  }

  private func unpackedBytes(
    _ source: UnsafeMutableRawPointer, count: Int, _ header: PNGHeader
  ) -> UnsafeMutableRawPointer {
    guard header.bitDepth < 8 else { return unsafe source }
    let target = unsafe unpacked.memory.baseAddress!
    unsafe unpackSamples(source, to: target, count: count, bits: header.bitDepth, factor: 1)
    return unsafe target
  }
}
