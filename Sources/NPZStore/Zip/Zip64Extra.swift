import ImageStoreSupport

/// Sizes and offset of an entry, of which those beyond 32 bits stand in an extra field.
struct Zip64Extra {
  var byteCount: UInt64
  var compressedByteCount: UInt64
  var offset: UInt64

  private static let saturated = UInt64(UInt32.max)

  /// Whether one of the 32-bit fields refers to the extra field.
  var isNeeded: Bool {
    byteCount == Self.saturated || compressedByteCount == Self.saturated || offset == Self.saturated
  }

  /// Takes what the 32-bit fields lack from the extra field with the number 1.
  ///
  /// - Returns: whether it has all that is lacking.
  mutating func fill(from extra: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while let id = unsafe extra.integer(UInt16.self, at: position),
      let size = unsafe extra.integer(UInt16.self, at: position + 2)
    {
      position += 4
      guard Int(size) <= extra.count - position else { return false }
      guard id == ZipFormat.zip64Extra else {
        position += Int(size)
        continue
      }
      let field = unsafe UnsafeRawBufferPointer(rebasing: extra[position..<position + Int(size)])
      var next = 0
      return unsafe Self.take(&byteCount, from: field, &next)
        && Self.take(&compressedByteCount, from: field, &next) && Self.take(&offset, from: field, &next)
    }
    return false
  }

  private static func take(
    _ value: inout UInt64, from field: UnsafeRawBufferPointer, _ next: inout Int
  ) -> Bool {
    guard value == saturated else { return true }
    guard let wide = unsafe field.integer(UInt64.self, at: next) else { return false }
    value = wide
    next += 8
    return true
  }
}
