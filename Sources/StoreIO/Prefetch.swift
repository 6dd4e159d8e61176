internal import CImageKernels

/// Asks the processor to fetch the first and last of some bytes that are about to be copied; see
/// `prefetch.h` for what that is good for. Nothing is read, so the address need not be valid.
@inline(__always)
package func prefetch(_ bytes: UnsafeRawPointer, byteCount: Int) {
  unsafe image_kernels_prefetch(bytes, byteCount)
}
