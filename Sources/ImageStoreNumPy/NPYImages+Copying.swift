package import ImageStoreCore

extension NPYImages {
  /// Copies a region of an image to where the caller wants its rows, in the machine's byte order.
  ///
  /// - Parameters:
  ///   - image: the image's first sample; all its samples are readable at the distances of this value.
  ///   - region: has been checked against ``format``.
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

  /// Turns bytes other than 0 to 1.
  ///
  /// numpy takes every byte but 0 for true and writes them as they are; Pillow gives it 255 for true in
  /// images of 1 bit. Whoever delivers bool images must not hand such bytes on.
  package static func normalizeBooleans(in bytes: UnsafeMutableRawBufferPointer) {
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    var position = 0
    while position + 8 <= bytes.count {
      let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      // The top bit of each byte tells whether any bit of it is set; the sum carries into no neighbour.
      let ones = ((((word & low) &+ low) | word) >> 7) & 0x0101_0101_0101_0101
      unsafe bytes.storeBytes(of: ones, toByteOffset: position, as: UInt64.self)
      position += 8
    }
    while position < bytes.count {
      if unsafe bytes[position] != 0 { unsafe bytes[position] = 1 }
      position += 1
    }
  }
}

/// Turns the samples of a block of memory to the other byte order.
///
/// - Parameter byteCount: the bytes of one sample: 1, 2, 4 or 8.
package func swapByteOrder(of samples: UnsafeMutableRawBufferPointer, byteCount: Int) {
  switch byteCount {
  case 2: unsafe swapByteOrder(of: samples, as: UInt16.self)
  case 4: unsafe swapByteOrder(of: samples, as: UInt32.self)
  case 8: unsafe swapByteOrder(of: samples, as: UInt64.self)
  default: break
  }
}

private func swapByteOrder<Sample: FixedWidthInteger>(
  of samples: UnsafeMutableRawBufferPointer, as type: Sample.Type
) {
  for offset in stride(
    from: 0, to: samples.count - MemoryLayout<Sample>.size + 1, by: MemoryLayout<Sample>.size)
  {
    let value = unsafe samples.loadUnaligned(fromByteOffset: offset, as: Sample.self)
    unsafe samples.storeBytes(of: value.byteSwapped, toByteOffset: offset, as: Sample.self)
  }
}
