// Additions to the standard library's spans: memory filled by threads, copies, spans of one value.

extension OutputRawSpan {
  /// Appends `byteCount` bytes that `body` writes, all of them, in any order and from any thread.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if there is less room, and what `body` throws, in
  ///   which case nothing is appended.
  package mutating func appendBytes(
    _ byteCount: Int,
    _ body: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard byteCount <= freeCapacity else {
      throw StoreError(
        .invalidArgument,
        "the destination has room for \(freeCapacity) bytes, but \(byteCount) have to be written",
        remedy: "give room for the sum of the sizes of the images")
    }
    try unsafe withUnsafeMutableBytes { (memory, initialized) throws(StoreError) in
      try unsafe body(
        UnsafeMutableRawBufferPointer(rebasing: memory[initialized..<initialized + byteCount]))
      initialized += byteCount
    }
  }
}

extension Array where Element == UInt8 {
  /// A copy of some bytes.
  package init(copying bytes: RawSpan) {
    self = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

/// Lends a span of one value.
package func withSpan<Element, Result>(
  of value: Element, _ body: (Span<Element>) throws(StoreError) -> Result
) throws(StoreError) -> Result {
  try unsafe withUnsafePointer(to: value) { (pointer) throws(StoreError) -> Result in
    try unsafe body(Span(_unsafeStart: pointer, count: 1))
  }
}

/// Lends the bytes of a raw buffer as a span.
package func withRawSpan<Result>(
  of bytes: UnsafeRawBufferPointer, _ body: (RawSpan) throws(StoreError) -> Result
) throws(StoreError) -> Result {
  try unsafe body(RawSpan(_unsafeBytes: bytes))
}
