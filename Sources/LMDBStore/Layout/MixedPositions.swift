internal import ImageStoreCore

/// Where images of different formats begin in the file: 12 bytes an image.
struct MixedPositions: Sendable {
  private(set) var formats: [ImageFormat] = []
  private var numbers: [ImageFormat: UInt32] = [:]
  private var offsets: [Int] = []
  private var formatNumbers: [UInt32] = []

  var count: Int { offsets.count }

  /// Adds an image's format, whose number among the formats is returned; ``place(at:)`` comes next.
  mutating func append(_ format: ImageFormat) -> Int {
    if let last = formatNumbers.last, formats[Int(last)] == format {
      formatNumbers.append(last)
      return Int(last)
    }
    let number = numbers[format] ?? UInt32(formats.count)
    if number == formats.count {
      formats.append(format)
      numbers[format] = number
    }
    formatNumbers.append(number)
    return Int(number)
  }

  /// Says where the first pixel of the image added last is.
  mutating func place(at offset: Int) { offsets.append(offset) }

  /// The same positions of images that all have the first format.
  func uniform() -> ImagePositions {
    var positions = ImagePositions(imageByteCount: formats[0].byteCount)
    positions.reserveCapacity(count)
    for offset in offsets { positions.append(blockOf: 1, at: offset) }
    return positions
  }

  func format(_ index: Int) -> ImageFormat { formats[Int(formatNumbers[index])] }

  func offset(_ index: Int) -> Int { offsets[index] }
}
