#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory from malloc, or nil where there is not enough.
func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? { unsafe malloc(byteCount) }

/// Whether two blocks of memory are equal.
@inline(__always)
func equalBytes(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
  unsafe memcmp(left, right, count) == 0
}
