package import ImageStoreCore

/// The most memory that labels, a column or class names may take once they are read, in proportion
/// to the stored bytes: deflated or padded text of a few kilobytes can expand to gigabytes.
package struct ValueLimit: Sendable {
  private var byteCount: Int

  /// - Parameter storedByteCount: the bytes on the disk of the file that the values are in.
  package init(storedByteCount: Int) {
    // Numbers take at most eight times the bytes they have in the file, and meaningful text
    // deflates to a tenth at most.
    let (proportional, overflow) = storedByteCount.multipliedReportingOverflow(by: 64)
    byteCount = max(64 << 20, overflow ? .max : proportional)
  }

  /// Checks that so many values may be read, whatever they are.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded``.
  ///
  /// - Parameter areBytes: whether they are kept as they are, in memory too.
  package func check(count: Int, of type: NPYType, areBytes: Bool = false) throws(StoreError) {
    let each =
      switch type.kind {
      case _ where areBytes: type.byteCount
      case .unicode, .bytes: MemoryLayout<String>.stride
      case .opaque: type.byteCount + 8
      case .bool, .signedInteger, .unsignedInteger, .floatingPoint: 8
      }
    guard count <= byteCount / each else {
      throw StoreError(
        .limitExceeded, "\(count) values take \(each) bytes each in memory, far more than the file has",
        remedy: "save the array again without empty values")
    }
  }

  /// Counts text that has been read.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if it exceeds the limit, together with earlier
  ///   text.
  package mutating func count(_ column: Column) throws(StoreError) {
    guard case .string(let values) = column else { return }
    for value in values { byteCount -= MemoryLayout<String>.stride + value.utf8.count }
    guard byteCount >= 0 else {
      throw StoreError(
        .limitExceeded, "the text takes far more memory than it does in the file", remedy: "shorten the text"
      )
    }
  }
}
