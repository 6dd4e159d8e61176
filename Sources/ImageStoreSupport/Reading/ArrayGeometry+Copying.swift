package import ImageStoreCore

extension ArrayGeometry {
  /// Copies a region of an image to the caller's memory, in the machine's byte order.
  ///
  /// - Parameters:
  ///   - image: the image's first sample; all its samples are readable at the distances of this value.
  ///   - region: a region that has been checked against ``format``.
  ///   - destination: room for the region, rows of pixels without padding.
  package func copy(
    _ region: ImageRegion, from image: UnsafeRawPointer, to destination: UnsafeMutableRawPointer
  ) {
    if isDirect {
      unsafe copyRegion(region, of: format, from: image, to: destination)
      return
    }
    switch format.elementType.byteCount {
    case 1: unsafe gather(region, from: image, to: destination, as: UInt8.self)
    case 2: unsafe gather(region, from: image, to: destination, as: UInt16.self)
    case 4: unsafe gather(region, from: image, to: destination, as: UInt32.self)
    default: unsafe gather(region, from: image, to: destination, as: UInt64.self)
    }
  }

  @inline(__always)
  private func gather<Sample: FixedWidthInteger>(
    _ region: ImageRegion, from image: UnsafeRawPointer, to destination: UnsafeMutableRawPointer,
    as type: Sample.Type
  ) {
    var to = unsafe destination
    for row in region.row..<region.row + region.height {
      var pixel = unsafe image + (row &* rowStride &+ region.column &* pixelStride)
      for _ in 0..<region.width {
        var sample = unsafe pixel
        for _ in 0..<format.channels {
          let value = unsafe sample.loadUnaligned(as: Sample.self)
          unsafe to.storeBytes(of: isSwapped ? value.byteSwapped : value, as: Sample.self)
          unsafe to += MemoryLayout<Sample>.size
          unsafe sample += sampleStride
        }
        unsafe pixel += pixelStride
      }
    }
  }
}
