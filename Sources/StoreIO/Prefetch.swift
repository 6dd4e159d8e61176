internal import CImageKernels

<<<<<<< HEAD
/// Starts loading the first 512 bytes from an address into the caches, and returns at once.
///
/// Images gathered in random order lie far apart in memory, where the processor does not expect them: to
/// announce each while the one before is copied hides most of the wait. Processors go on by themselves from
/// there.
@inline(__always)
package func prefetch(_ address: UnsafeRawPointer) {
  unsafe image_kernels_prefetch(address)
=======
/// Asks the processor to fetch the first and last of some bytes that are about to be copied; see
/// `prefetch.h` for what that is good for. Nothing is read, so the address need not be valid.
@inline(__always)
package func prefetch(_ bytes: UnsafeRawPointer, byteCount: Int) {
  unsafe image_kernels_prefetch(bytes, byteCount)
>>>>>>> main
}
