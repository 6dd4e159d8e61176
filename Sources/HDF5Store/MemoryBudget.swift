import ImageStoreCore

/// The memory that reading a file may take besides what is lent from its map: a multiple of the file's size, since what a
/// few bytes say (an extent, a fill value, a hundred names for one dataset) may be anything.
final class MemoryBudget {
  private var left: Int
  private let fileByteCount: Int

  init(fileByteCount: Int) {
    self.fileByteCount = fileByteCount
    left = Self.limit(fileByteCount: fileByteCount)
  }

  /// 64 MiB and sixteen times the file. Text of one byte takes a string of sixteen; deflate makes up to 1032 bytes of one,
  /// but labels that repeat so take little beside the images they belong to.
  static func limit(fileByteCount: Int) -> Int {
    let (product, overflow) = fileByteCount.multipliedReportingOverflow(by: 16)
    let (sum, another) = product.addingReportingOverflow(64 << 20)
    return overflow || another ? .max : sum
  }

  /// Takes a part of what is left.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded``.
  func take(_ count: Int, times size: Int = 1, for what: @autoclosure () -> String) throws(StoreError) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, byteCount <= left else {
      throw StoreError(
        .limitExceeded,
        "\(what()) \(overflow ? "would take more memory than there can be" : "would take \(byteCount) bytes") "
          + "in a file of \(fileByteCount)",
        remedy: "if the file is to be trusted, write it anew without compression and with all values")
    }
    left -= byteCount
  }
}
