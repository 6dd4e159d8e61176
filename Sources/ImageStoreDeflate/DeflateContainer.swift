/// What stands around deflated bytes.
package enum DeflateContainer: Sendable, Hashable, CaseIterable {
  /// Nothing (RFC 1951), as in a zip archive.
  case raw
  /// A two-byte header and an Adler-32 (RFC 1950), as in PNG and HDF5.
  case zlib
  /// A gzip header, a CRC-32 and the size (RFC 1952).
  case gzip

  /// zlib's code for the container and a window of `2^bits` bytes.
  func windowBits(_ bits: Int32) -> Int32 {
    switch self {
    case .raw: -bits
    case .zlib: bits
    case .gzip: bits + 16
    }
  }
}
