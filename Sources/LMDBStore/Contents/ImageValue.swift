internal import ImageStoreCore
internal import ImageStoreNumPy

/// How the value of an image or of a block of images is laid out: a `.npy` header, the pixels, and zeros
/// if the value would be too small.
///
/// The length of the header makes pixels begin at a multiple of 64 in the file, including the 16
/// bytes of a page's header. A value that fits half a page is within a leaf, which every commit may
/// move; zeros after the pixels, which readers of `.npy` ignore, make it too large for that, so
/// that the pixels of an image stay where they are for as long as the file exists.
struct ImageValue: Sendable, Hashable {
  let header: [UInt8]
  let pixelByteCount: Int
  /// Zeros after the pixels.
  let padding: Int

  var byteCount: Int { header.count + pixelByteCount + padding }

  /// - Parameters:
  ///   - count: how many images a block has; nil for a single image.
  ///   - pageSize: that of the database.
  init(_ format: ImageFormat, count: Int?, pageSize: Int) {
    header = Self.header(NPYHeader(format, count: count))
    pixelByteCount = format.byteCount * (count ?? 1)
    // Half of a page less its header holds a node: header, key and value.
    padding = max(0, pageSize / 2 - header.count - pixelByteCount)
  }

  /// An encoded image, which is the whole value: no header, and no zeros after it.
  init(encodedByteCount: Int) {
    header = []
    pixelByteCount = encodedByteCount
    padding = 0
  }

  /// Bytes that the value takes on pages of its own.
  static func byteCountOnDisk(_ byteCount: Int, pageSize: Int) -> Int {
    TreePage.pageCount(ofValue: byteCount, pageSize: pageSize) * pageSize
  }

  /// How many images a block has: as many as make about 256 KiB and leave as little as possible of
  /// the last page unused.
  static func imagesPerBlock(_ format: ImageFormat, pageSize: Int) -> Int {
    let most = max(1, (256 << 10) / format.byteCount)
    let header = ImageValue(format, count: most, pageSize: pageSize).header.count
    var best = (count: most, onDisk: Int.max)
    for count in max(1, most / 2)...most {
      let onDisk = byteCountOnDisk(header + count * format.byteCount, pageSize: pageSize)
      // Whether an image takes no more space than in the best choice so far.
      let (lesser, _) = onDisk.multipliedReportingOverflow(by: best.count)
      let (greater, overflow) = best.onDisk.multipliedReportingOverflow(by: count)
      if overflow || lesser <= greater { best = (count, onDisk) }
    }
    return best.count
  }

  /// A header of 48 bytes more than a multiple of 64, so that with a page's 16 the pixels are aligned.
  private static func header(_ header: NPYHeader) -> [UInt8] {
    let prefix = 10
    var text = header.bytes[prefix...]
    while text.last == 0x20 || text.last == 0x0A { text.removeLast() }
    text += repeatElement(0x20, count: (64 + 48 - (prefix + text.count + 1) % 64) % 64)
    text.append(0x0A)
    return NPYHeader.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }
}
