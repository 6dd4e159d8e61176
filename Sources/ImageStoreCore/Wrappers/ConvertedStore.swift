internal import CImageStoreKernels

/// How transparency is handled when images are converted.
public enum AlphaConversion: Sendable, Hashable {
  /// Alpha is left out; the colors stay as they are stored.
  case dropped
  /// Images are laid over a color: one sample of gray, or red, green and blue. Samples of 16 bits
  /// take 257 times its samples.
  ///
  /// A sample is `(sample * alpha + color * (most - alpha)) / most`, rounded to the nearest, as
  /// Pillow pastes with a mask.
  case over([UInt8])
}

/// A store whose images have other channels, or samples of 8 bits instead of 16.
///
/// Gray becomes RGB by three equal samples. RGB becomes gray by `(19595 R + 38470 G + 7471 B +
/// 32768) / 65536`, rounded down: Pillow's `L`. A fourth channel, or a second one, is alpha. 16
/// bits become 8 by their high byte.
public struct ConvertedStore: StoreWrapper {
  public let base: any ImageStore
  private let channels: Int?
  private let alpha: AlphaConversion
  private let elementType: ElementType?
  package let tools = IdlePool { () throws(StoreError) in NoTool() }
  package let threads: Int
  package let knownFormat = Cached<ImageFormat?>()

  /// - Parameters: nil for properties that stay as they are.
  package init(
    _ base: any ImageStore, channels: Int?, alpha: AlphaConversion, elementType: ElementType?, threads: Int?
  ) throws(StoreError) {
    self.base = base
    self.channels = channels
    self.alpha = alpha
    self.elementType = elementType
    self.threads = Workers.threadCount(threads)
    if let channels, channels != 1, channels != 3 {
      throw StoreError(
        .invalidArgument, "images cannot be converted to \(channels) channels", remedy: "convert to 1 or 3")
    }
    if case .over(let color) = alpha, color.count != 1, color.count != 3 {
      throw StoreError(
        .invalidArgument, "a color cannot have \(color.count) samples",
        remedy: "give one of gray, or red, green and blue")
    }
    if let elementType, elementType != .uint8 {
      throw StoreError(
        .invalidArgument, "samples cannot be converted to \(elementType.name)",
        remedy: "convert to uint8, or leave them")
    }
    if let format = base.format { _ = try derived(format) }
  }

  public var format: ImageFormat? { derivedFormat() }
  public var isZeroCopy: Bool { false }

  public func format(at index: Int) throws(StoreError) -> ImageFormat { try derivedFormat(at: index) }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try readDerived(indices, regions: regions, into: &destination)
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try forEachDerived(indices, body)
  }
}

/// Converting needs no tool.
package final class NoTool: Sendable {}

extension ConvertedStore: DerivingStore {
  package func derived(_ format: ImageFormat) throws(StoreError) -> ImageFormat {
    let conversion = try conversion(of: format)
    return try ImageFormat(
      validating: format.height, width: format.width, channels: conversion.out_channels,
      elementType: conversion.narrows != 0 ? .uint8 : format.elementType)
  }

  package func keeps(_ format: ImageFormat) throws(StoreError) -> Bool {
    let conversion = try conversion(of: format)
    return conversion.out_channels == conversion.channels && conversion.narrows == 0
      && conversion.blends == 0
  }

  package func needed(
    for region: ImageRegion, of format: ImageFormat
  ) throws(StoreError) -> ImageRegion? { region }

  package func derive(
    _ pixels: UnsafeRawBufferPointer, holding held: ImageRegion, of format: ImageFormat,
    _ region: ImageRegion,
    into slot: UnsafeMutableRawBufferPointer, with tool: NoTool
  ) throws(StoreError) {
    var conversion = try conversion(of: format)
    let size = conversion.narrows != 0 ? 1 : format.elementType.byteCount
    let toStride = region.width * conversion.out_channels * size
    let fromStride = held.width * format.bytesPerPixel
    guard region.row >= held.row, region.column >= held.column,
      region.row + region.height <= held.row + held.height,
      region.column + region.width <= held.column + held.width,
      pixels.count == held.height * fromStride, slot.count == region.height * toStride,
      let source = pixels.baseAddress, let target = slot.baseAddress
    else { throw StoreError(.corrupt, "\(pixels.count) bytes do not fit an image of \(held)") }
    var from =
      unsafe source + (region.row - held.row) * fromStride + (region.column - held.column)
      * format.bytesPerPixel
    var to = unsafe target
    // Whole rows that follow one another are one.
    let isOneRow = fromStride == region.width * format.bytesPerPixel
    for _ in 0..<(isOneRow ? 1 : region.height) {
      unsafe image_kernels_convert_channels(
        &conversion, from.assumingMemoryBound(to: UInt8.self),
        isOneRow ? region.height * region.width : region.width,
        to.assumingMemoryBound(to: UInt8.self))
      unsafe from += fromStride
      unsafe to += toStride
    }
  }

  /// The conversion of the pixels of a format.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for a conversion that is not defined.
  private func conversion(of format: ImageFormat) throws(StoreError) -> image_kernels_channels {
    let hasAlpha = format.channels == 2 || format.channels == 4
    let outChannels = channels ?? format.channels
    guard channels == nil || channels == format.channels || (1...4).contains(format.channels) else {
      throw StoreError(
        .unsupported, "images of \(format.channels) channels cannot be converted to \(outChannels)",
        remedy: "images of 1 to 4 channels can: gray, RGB, and either with alpha")
    }
    let narrows = elementType == .uint8 && format.elementType != .uint8
    guard !narrows || format.elementType == .uint16 else {
      throw StoreError(
        .unsupported, "\(format.elementType.name) samples cannot be converted to uint8",
        remedy: "uint16 samples can")
    }
    var conversion = image_kernels_channels()
    conversion.channels = format.channels
    conversion.out_channels = outChannels
    conversion.sample_size = UInt8(format.elementType.byteCount)
    conversion.narrows = narrows ? 1 : 0
    if hasAlpha, channels != nil, case .over(let color) = alpha {
      conversion.blends = 1
      let full: UInt16 = format.elementType == .uint16 ? 257 : 1
      let samples = color.map { UInt16($0) * full }
      conversion.color = (
        samples[0], samples[samples.count == 1 ? 0 : 1], samples[samples.count == 1 ? 0 : 2]
      )
    }
    let calculates = conversion.blends != 0 || (outChannels == 1 && format.channels > 2)
    guard !calculates || format.elementType == .uint8 || format.elementType == .uint16 else {
      throw StoreError(
        .unsupported,
        "images of \(format.elementType.name) samples cannot be converted from \(format.channels) channels to \(outChannels)",
        remedy: "images of uint8 and uint16 can")
    }
    return conversion
  }
}

extension ImageStore {
  /// This store with images of other channels.
  ///
  ///     let train = try FileStore(at: "photographs").converted(channels: 3)
  ///     let flat = try icons.converted(channels: 3, alpha: .over([255, 255, 255]))
  ///
  /// - Parameters:
  ///   - channels: 1 for gray, 3 for red, green and blue.
  ///   - alpha: how transparency is handled.
  ///   - elementType: `.uint8` reduces samples of 16 bits to their high byte; nil leaves all types
  ///     as they are.
  ///   - threads: how many threads convert in one call; by default one per processor.
  /// - Throws: ``StoreError/Code/invalidArgument`` for channels, colors and types other than these;
  ///   ``StoreError/Code/unsupported`` for conversions that are not defined, such as floating-point
  ///   colors to gray. If images differ in format, the error is thrown when one is read.
  public func converted(
    channels: Int, alpha: AlphaConversion = .dropped, elementType: ElementType? = nil, threads: Int? = nil
  ) throws(StoreError) -> ConvertedStore {
    try ConvertedStore(self, channels: channels, alpha: alpha, elementType: elementType, threads: threads)
  }

  /// This store with samples of 16 bits reduced to their high byte; samples of 8 bits stay as they
  /// are.
  ///
  /// - Parameters:
  ///   - elementType: `.uint8`.
  ///   - threads: how many threads convert in one call; by default one per processor.
  /// - Throws: as ``converted(channels:alpha:elementType:threads:)``.
  public func converted(elementType: ElementType, threads: Int? = nil) throws(StoreError) -> ConvertedStore {
    try ConvertedStore(self, channels: nil, alpha: .dropped, elementType: elementType, threads: threads)
  }
}
