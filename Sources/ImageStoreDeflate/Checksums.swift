import CImageStoreKernels
import CImageStoreZlib

/// The CRC-32 of PNG, gzip and zip.
package func crc32(_ bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
  guard let start = bytes.baseAddress else { return checksum }
  return unsafe image_kernels_crc32(checksum, start, bytes.count)
}

/// The Adler-32 of zlib streams.
package func adler32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  guard let start = bytes.baseAddress else { return 1 }
  return UInt32(
    truncatingIfNeeded: unsafe CImageStoreZlib.adler32_z(
      1, start.assumingMemoryBound(to: UInt8.self), bytes.count))
}
