import ImageStoreCore

/// The header of a PNG (ISO/IEC 15948, 11.2.2).
public struct PNGHeader: Sendable, Hashable {
  /// The meaning of the samples of a pixel. Raw values are those of the file.
  public enum ColorType: UInt8, Sendable, Hashable, CaseIterable {
    /// One channel.
    case gray = 0
    /// Red, green, blue.
    case rgb = 2
    /// Indices of colors in a palette.
    case palette = 3
    /// Gray and opacity.
    case grayAlpha = 4
    /// Red, green, blue and opacity.
    case rgbAlpha = 6

    /// Samples per pixel in the file.
    public var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgbAlpha: 4
      }
    }
  }

  /// Pixels per row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Bits per sample in the file: 1, 2, 4, 8 or 16.
  public let bitDepth: Int
  /// The meaning of the samples of a pixel.
  public let colorType: ColorType
  /// Whether the pixels are in the seven passes of Adam7.
  public let isInterlaced: Bool

  static let payloadByteCount = 13

  /// Reads the payload of an IHDR chunk.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for values that the standard does not allow.
  init(_ payload: UnsafeRawBufferPointer) throws(StoreError) {
    guard payload.count == Self.payloadByteCount else {
      throw .malformed("IHDR chunk has \(payload.count) bytes instead of \(Self.payloadByteCount)")
    }
    width = unsafe Int(UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)))
    height = unsafe Int(UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    guard width > 0, height > 0, width <= Int(Int32.max), height <= Int(Int32.max) else {
      throw .malformed("header gives a size of \(width)x\(height)")
    }
    bitDepth = unsafe Int(payload[8])
    guard let colorType = unsafe ColorType(rawValue: payload[9]) else {
      throw unsafe .malformed("header gives color type \(payload[9])")
    }
    self.colorType = colorType
    let depths: [Int] =
      switch colorType {
      case .gray: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      default: [8, 16]
      }
    guard depths.contains(bitDepth) else {
      throw .malformed("header gives \(bitDepth) bits per sample with color type \(colorType.rawValue)")
    }
    guard unsafe payload[10] == 0, unsafe payload[11] == 0, unsafe payload[12] <= 1 else {
      throw unsafe .malformed(
        "header gives compression \(payload[10]), filter \(payload[11]), interlace \(payload[12])")
    }
    isInterlaced = unsafe payload[12] == 1
  }

  /// Bits per pixel in the file.
  var bitsPerPixel: Int { colorType.channels * bitDepth }
  /// The distance of the filters: bytes per pixel, at least one.
  var filterDistance: Int { max(1, bitsPerPixel / 8) }

  /// Bytes of a row of `width` pixels in the file.
  func rowByteCount(width: Int) -> Int { (width * bitsPerPixel + 7) / 8 }

  /// Bytes of all rows with their filter bytes, before they are compressed; nil beyond 2^63.
  var filteredByteCount: Int? {
    var total = 0
    for pass in passes {
      let (bytes, isOver) = (rowByteCount(width: pass.width) + 1)
        .multipliedReportingOverflow(by: pass.height)
      let (sum, isSumOver) = total.addingReportingOverflow(bytes)
      if isOver || isSumOver { return nil }
      total = sum
    }
    return total
  }
}

extension StoreError {
  /// A PNG that contradicts the standard or itself.
  static func malformed(_ what: String) -> StoreError {
    StoreError(.corrupt, "the PNG is damaged: its \(what)")
  }
}

/// One pass of an image: the pixels that are in it and where they go.
struct PNGPass {
  var width: Int
  var height: Int
  var firstRow = 0
  var firstColumn = 0
  var rowStep = 1
  var columnStep = 1
}

/// The passes of an image one after another, without those that hold no pixel.
struct PNGPasses: Sequence, IteratorProtocol {
  private let width: Int
  private let height: Int
  private let isInterlaced: Bool
  private var index = 0

  init(width: Int, height: Int, isInterlaced: Bool) {
    self.width = width
    self.height = height
    self.isInterlaced = isInterlaced
  }

  mutating func next() -> PNGPass? {
    guard isInterlaced else {
      guard index == 0 else { return nil }
      index = 1
      return PNGPass(width: width, height: height)
    }
    while let start = Self.starts(index) {
      index += 1
      let (row, column, rowStep, columnStep) = start
      if row < height && column < width {
        return PNGPass(
          width: (width - column + columnStep - 1) / columnStep,
          height: (height - row + rowStep - 1) / rowStep,
          firstRow: row, firstColumn: column, rowStep: rowStep, columnStep: columnStep)
      }
    }
    return nil
  }

  /// First row, first column and the steps between them (ISO/IEC 15948, 8.2).
  private static func starts(_ pass: Int) -> (Int, Int, Int, Int)? {
    switch pass {
    case 0: (0, 0, 8, 8)
    case 1: (0, 4, 8, 8)
    case 2: (4, 0, 8, 4)
    case 3: (0, 2, 4, 4)
    case 4: (2, 0, 4, 2)
    case 5: (0, 1, 2, 2)
    case 6: (1, 0, 2, 1)
    default: nil
    }
  }
}

extension PNGHeader {
  var passes: PNGPasses {
    PNGPasses(width: width, height: height, isInterlaced: isInterlaced)
  }
}
