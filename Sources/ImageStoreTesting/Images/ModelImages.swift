public import ImageStoreCore

/// The independent oracle: images as plain arrays of bytes, read by naive loops.
///
/// Nothing here is shared with any store, so that a fault of the library cannot hide in it.
public struct ModelImages: Sendable, Hashable {
  /// The format of each image.
  public private(set) var formats: [ImageFormat] = []
  /// The bytes of each image: rows x pixels x samples, without padding.
  public private(set) var pixels: [[UInt8]] = []
  /// One label per image, or nil.
  public var labels: [Int]?
  /// Further values, one an image each.
  public var columns: [String: Column] = [:]
  public var classNames: [String]?

  /// No images.
  public init() {}

  /// How many images there are.
  public var count: Int { pixels.count }

  /// The format all images have, or nil if they differ or there are none.
  public var uniformFormat: ImageFormat? {
    guard let first = formats.first else { return nil }
    for format in formats where format != first { return nil }
    return first
  }

  /// Adds an image; labels and columns are set by the caller.
  ///
  /// - Precondition: there are as many bytes as the format has.
  public mutating func append(_ bytes: [UInt8], format: ImageFormat) {
    precondition(bytes.count == format.byteCount)
    formats.append(format)
    pixels.append(bytes)
  }

  /// The bytes of images, or of a region of each, one after another.
  ///
  /// - Precondition: indices and regions are valid.
  public func gather(_ indices: [Int], regions: [ImageRegion] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    for (position, index) in indices.enumerated() {
      if regions.isEmpty {
        bytes += pixels[index]
      } else {
        bytes += crop(index, regions.count == 1 ? regions[0] : regions[position])
      }
    }
    return bytes
  }

  private func crop(_ index: Int, _ region: ImageRegion) -> [UInt8] {
    let format = formats[index]
    let pixelBytes = format.channels * format.elementType.byteCount
    var bytes: [UInt8] = []
    for row in region.row..<region.row + region.height {
      let first = (row * format.width + region.column) * pixelBytes
      bytes += pixels[index][first..<first + region.width * pixelBytes]
    }
    return bytes
  }

  /// A run of images with their labels and columns.
  public func slice(_ range: Range<Int>) -> ModelImages {
    var slice = ModelImages()
    slice.formats = Array(formats[range])
    slice.pixels = Array(pixels[range])
    slice.labels = labels.map { Array($0[range]) }
    slice.columns = columns.mapValues { column in
      switch column {
      case .int64(let values): .int64(Array(values[range]))
      case .double(let values): .double(Array(values[range]))
      case .string(let values): .string(Array(values[range]))
      }
    }
    slice.classNames = classNames
    return slice
  }

  /// Adds the images of another model, which has labels and columns if this one has.
  public mutating func append(contentsOf other: ModelImages) {
    formats += other.formats
    pixels += other.pixels
    if let more = other.labels { labels = (labels ?? []) + more }
    for (name, column) in other.columns {
      switch (columns[name], column) {
      case (.int64(let values), .int64(let more)): columns[name] = .int64(values + more)
      case (.double(let values), .double(let more)): columns[name] = .double(values + more)
      case (.string(let values), .string(let more)): columns[name] = .string(values + more)
      default: columns[name] = column
      }
    }
  }
}
