public import ImageStoreCore

/// Makes images, labels and columns from a seed.
public struct SyntheticImages: Sendable {
  /// The content of an image.
  public enum Kind: Sendable, Hashable, CaseIterable {
    /// Random bits; for `bool`, each sample is randomly 0 or 1.
    case noise
    /// Samples that rise along rows and columns.
    case gradient
    /// Smooth blobs with a little noise on top, which compress as photographs do.
    case natural
    /// Every sample is the least or the greatest value of its type; for floats also NaNs with
    /// payloads, infinities, subnormals and negative zero.
    case extreme
  }

  /// The random numbers that images are made from.
  public var generator: SplitMix64

  /// Images that are the same for the same seed.
  public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// The bytes of an image.
  public mutating func image(_ kind: Kind, format: ImageFormat) -> [UInt8] {
    if format.elementType == .bool {
      let threshold: UInt64 = kind == .natural ? 8 : 1
      return (0..<format.byteCount).map { _ in generator.next() % (threshold + 1) >= threshold ? 1 : 0 }
    }
    switch kind {
    case .noise: return (0..<format.byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    case .extreme: return extremes(format)
    case .gradient:
      return smooth(format) { row, column, channel in
        Double(row + column + 16 * channel) / Double(format.height + format.width + 16 * format.channels)
      }
    case .natural: return natural(format)
    }
  }

  /// Images of one format with labels 0 to 9.
  public mutating func uniform(
    _ format: ImageFormat, count: Int, kind: Kind = .noise
  ) -> ModelImages {
    var images = ModelImages()
    for _ in 0..<count { images.append(image(kind, format: format), format: format) }
    images.labels = (0..<count).map { _ in Int.random(in: 0..<10, using: &generator) }
    return images
  }

  /// Images of different heights and widths, and of the channels and sample type of `format`.
  public mutating func mixed(_ format: ImageFormat, count: Int, kind: Kind = .noise) -> ModelImages {
    var images = ModelImages()
    for index in 0..<count {
      // The first two differ, so that no seed makes them all equal.
      let resized = format.resized(
        height: index == 0 ? 3 : index == 1 ? 4 : Int.random(in: 1...9, using: &generator),
        width: Int.random(in: 2...17, using: &generator))
      images.append(image(kind, format: resized), format: resized)
    }
    images.labels = (0..<count).map { _ in Int.random(in: 0..<10, using: &generator) }
    return images
  }

  private mutating func natural(_ format: ImageFormat) -> [UInt8] {
    let blobs = (0..<4).map { _ in
      (
        row: Double.random(in: 0..<1, using: &generator) * Double(format.height),
        column: Double.random(in: 0..<1, using: &generator) * Double(format.width),
        height: Double.random(in: 0..<0.25, using: &generator)
      )
    }
    let size = Double(format.height * format.height + format.width * format.width)
    var noise = SplitMix64(seed: generator.next())
    return smooth(format) { row, column, channel in
      var value = Double.random(in: 0..<0.02, using: &noise)
      for blob in blobs {
        let distance =
          (Double(row) - blob.row) * (Double(row) - blob.row)
          + (Double(column) - blob.column) * (Double(column) - blob.column)
        value += blob.height / (1 + 40 * distance / size + Double(channel) / 8)
      }
      return min(value, 1)
    }
  }

  /// Samples of a function from 0 to 1, scaled to the range of the type.
  private func smooth(
    _ format: ImageFormat, _ value: (_ row: Int, _ column: Int, _ channel: Int) -> Double
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(format.byteCount)
    for row in 0..<format.height {
      for column in 0..<format.width {
        for channel in 0..<format.channels {
          let sample = value(row, column, channel)
          switch format.elementType {
          case .bool: bytes.append(sample > 0.5 ? 1 : 0)
          case .uint8: bytes.append(UInt8(sample * 255))
          case .int8: bytes.append(UInt8(bitPattern: Int8(sample * 127)))
          case .uint16: bytes.append(bytesOf: UInt16(sample * 65535))
          case .int16: bytes.append(bytesOf: Int16(sample * 32767))
          case .uint32: bytes.append(bytesOf: UInt32(sample * 4e9))
          case .uint64: bytes.append(bytesOf: UInt64(sample * 1e19))
          case .int32: bytes.append(bytesOf: Int32(sample * 1e9))
          case .int64: bytes.append(bytesOf: Int64(sample * 1e18))
          // Half precision from 0 to 1 in steps of 1/1024 of the binade from 1 to 2, less portable types.
          case .float16: bytes.append(bytesOf: 0x3C00 + UInt16(sample * 1023))
          case .float32: bytes.append(bytesOf: Float(sample).bitPattern)
          case .float64: bytes.append(bytesOf: sample.bitPattern)
          }
        }
      }
    }
    return bytes
  }

  private mutating func extremes(_ format: ImageFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(format.byteCount)
    for _ in 0..<format.sampleCount {
      let choice = Int.random(in: 0..<8, using: &generator)
      switch format.elementType {
      case .bool: bytes.append(UInt8(choice & 1))
      case .uint8, .int8: bytes.append([0, 0xFF, 0x7F, 0x80, 1, 0xFE, 0x0A, 0x0D][choice])
      case .uint16, .int16:
        bytes.append(bytesOf: [0, 0xFFFF, 0x7FFF, 0x8000, 1, 0xFF00, 0x00FF, 0x0102][choice] as UInt16)
      case .float16:
        bytes.append(
          bytesOf: [0x8000, 0x7C00, 0xFC00, 0x7E01, 0x7D02, 0x0001, 0x7BFF, 0xFFFF][choice] as UInt16)
      case .uint32:
        bytes.append(
          bytesOf: [0, .max, 1 << 31, 0x7FFF_FFFF, 1, 0x0102_0304, 1 << 24 + 1, 255][choice] as UInt32)
      case .uint64:
        bytes.append(
          bytesOf: [0, .max, 1 << 63, .max >> 1, 1, 1 << 53 + 1, 0x0102_0304_0506_0708, 255][choice] as UInt64
        )
      case .int32:
        bytes.append(bytesOf: [0, -1, Int32.max, Int32.min, 1, 0x0102_0304, -256, 255][choice])
      case .float32:
        bytes.append(
          bytesOf: [
            0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0BAD, 0x7F80_0BAD, 1, 0x7F7F_FFFF, 0xFFFF_FFFF,
          ][choice] as UInt32)
      case .int64:
        bytes.append(bytesOf: [0, -1, Int64.max, Int64.min, 1, 1 << 53 + 1, -256, 255][choice])
      case .float64:
        bytes.append(
          bytesOf: [
            1 << 63, 0x7FF << 52, 0xFFF << 52, 0x7FF8_0000_0000_0BAD, 0x7FF0_0000_0000_0BAD, 1,
            0x7FEF_FFFF_FFFF_FFFF, .max,
          ][choice] as UInt64)
      }
    }
    return bytes
  }
}

extension [UInt8] {
  /// Appends the bytes of an integer in the order of the machine.
  fileprivate mutating func append(bytesOf value: some FixedWidthInteger) {
    let width = value.bitWidth / 8
    #if _endian(little)
    for byte in 0..<width { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    #else
    for byte in (0..<width).reversed() { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    #endif
  }
}

/// A small seeded generator: the same numbers from the same seed on every platform.
///
/// The algorithm is SplitMix64, from Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator that gives the same numbers for the same seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
