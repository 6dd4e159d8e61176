import CImageStoreKernels
import ImageStoreCore

/// The form that a crop of a mask is unpacked to.
enum UnpackedForm {
  /// A byte per pixel, 0 or the value.
  case bytes(UInt8)
  /// One Float per pixel, 0 or 1.
  case floats
  /// Bits, packed as the store is and beginning with the region.
  case bits
}

extension PackedBitLayout {
  /// Unpacks a region of a mask.
  ///
  /// - Parameters:
  ///   - mask: the mask's first byte; all its bytes are readable.
  ///   - region: has been checked against ``format``.
  ///   - destination: room for the region in that form, aligned for Float if it is floats.
  @inline(__always)
  func unpack(
    _ region: ImageRegion, from mask: UnsafeRawPointer, as form: UnpackedForm,
    to destination: UnsafeMutableRawPointer
  ) {
    var bits = unsafe bits(region, of: mask)
    let bytes = unsafe destination.assumingMemoryBound(to: UInt8.self)
    switch (form, axis) {
    case (.bytes(let one), .rows): unsafe image_kernels_unpack_rows(&bits, one, bytes)
    case (.bytes(let one), .columns): unsafe image_kernels_unpack_columns(&bits, one, bytes)
    case (.floats, .rows):
      unsafe image_kernels_unpack_rows_to_float(&bits, destination.assumingMemoryBound(to: Float.self))
    case (.floats, .columns):
      unsafe image_kernels_unpack_columns_to_float(&bits, destination.assumingMemoryBound(to: Float.self))
    case (.bits, .rows): unsafe image_kernels_crop_rows(&bits, bytes)
    case (.bits, .columns): unsafe image_kernels_crop_columns(&bits, bytes)
    }
  }

  /// How many pixels of a region are 1.
  func countOnes(_ region: ImageRegion, of mask: UnsafeRawPointer) -> Int {
    var bits = unsafe bits(region, of: mask)
    return unsafe axis == .rows ? image_kernels_count_rows(&bits) : image_kernels_count_columns(&bits)
  }

  /// Packs a mask of bytes that are 0 or 1.
  func pack(_ pixels: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
    let from = unsafe pixels.assumingMemoryBound(to: UInt8.self)
    let to = unsafe destination.assumingMemoryBound(to: UInt8.self)
    switch axis {
    case .rows: unsafe image_kernels_pack_rows(from, height, width, bitOrder == .little, to)
    case .columns: unsafe image_kernels_pack_columns(from, height, width, bitOrder == .little, to)
    }
  }

  @inline(__always)
  private func bits(_ region: ImageRegion, of mask: UnsafeRawPointer) -> image_kernels_bits {
    unsafe image_kernels_bits(
      image: mask.assumingMemoryBound(to: UInt8.self), stride: bytesPerRow, row: region.row,
      column: region.column, height: region.height, width: region.width,
      is_little: bitOrder == .little)
  }
}
