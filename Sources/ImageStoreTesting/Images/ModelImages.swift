public import ImageStoreCore

/// The independent oracle: images as plain arrays of bytes, read by naive loops.
///
/// No code here is shared with any store, so a fault of the library cannot hide in it.
public struct ModelImages: Sendable, Hashable {
  /// The format of each image.
  public private(set) var formats: [ImageFormat] = []
  /// The bytes of each image: rows x pixels x samples, without padding.
  public private(set) var pixels: [[UInt8]] = []
  /// One label per image, or nil.
  public var labels: [Int]?
  /// Further columns, each with one value per image.
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
    slice.columns = columns.mapValues { Column(range.map($0.value(at:))) }
    slice.classNames = classNames
    return slice
  }

  /// Adds the images of another model, which has labels and columns if this one has.
  public mutating func append(contentsOf other: ModelImages) {
    formats += other.formats
    pixels += other.pixels
    if let more = other.labels { labels = (labels ?? []) + more }
    for (name, column) in other.columns {
      let values = (columns[name].map { known in (0..<known.count).map(known.value(at:)) } ?? [])
      columns[name] = Column(values + (0..<column.count).map(column.value(at:)))
    }
  }
}

extension Column {
  /// The value of one image.
  func value(at index: Int) -> Value {
    switch self {
    case .int64(let values): .int64(values[index])
    case .double(let values): .double(values[index])
    case .string(let values): .string(values[index])
    case .bytes(let bytes): .bytes(Array(bytes.values[bytes.offsets[index]..<bytes.offsets[index + 1]]))
    case .int64Vectors(let vectors):
      .int64Vector((0..<vectors.width).map { vectors.values[index * vectors.width + $0] })
    case .doubleVectors(let vectors):
      .doubleVector((0..<vectors.width).map { vectors.values[index * vectors.width + $0] })
    }
  }

  /// A column of values of one kind, at least one.
  init(_ values: [Value]) {
    var (integers, numbers, texts) = ([Int64](), [Double](), [String]())
    var (bytes, width) = ([[UInt8]](), 1)
    for value in values {
      switch value {
      case .int64(let value): integers.append(value)
      case .double(let value): numbers.append(value)
      case .string(let value): texts.append(value)
      case .bytes(let value): bytes.append(value)
      case .int64Vector(let vector):
        integers.append(contentsOf: vector)
        width = vector.count
      case .doubleVector(let vector):
        numbers.append(contentsOf: vector)
        width = vector.count
      }
    }
    switch values[0] {
    case .int64: self = .int64(integers)
    case .double: self = .double(numbers)
    case .string: self = .string(texts)
    case .bytes: self = .bytes(Bytes(bytes))
    case .int64Vector: self = .int64Vectors(made(integers, width))
    case .doubleVector: self = .doubleVectors(made(numbers, width))
    }
  }
}

private func made<Number>(_ values: [Number], _ width: Int) -> Column.Vectors<Number> {
  do throws(StoreError) {
    return try Column.Vectors(values, width: width)
  } catch {
    preconditionFailure("vectors of a model that are none: \(error)")
  }
}
