import ImageLoading
import ImageStoreCore

/// What a tensor has to be, a sample at a time and by definition.
struct NaiveTensor {
  let format: ImageFormat
  let pixels: [UInt8]

  /// The sample of a pixel; 0 outside the image.
  func sample(_ row: Int, _ column: Int, _ channel: Int) -> [UInt8] {
    let size = format.elementType.byteCount
    guard row >= 0, row < format.height, column >= 0, column < format.width else {
      return [UInt8](repeating: 0, count: size)
    }
    let start = ((row * format.width + column) * format.channels + channel) * size
    return Array(pixels[start..<start + size])
  }

  /// A sample as a number, for machines that are little endian.
  func float(_ bytes: [UInt8]) -> Float {
    var bits: UInt64 = 0
    for (place, byte) in bytes.enumerated() { bits |= UInt64(byte) << (8 * UInt64(place)) }
    return switch format.elementType {
    case .bool, .uint8: Float(UInt8(bits))
    case .int8: Float(Int8(truncatingIfNeeded: bits))
    case .uint16: Float(UInt16(bits))
    case .uint32: Float(UInt32(bits))
    case .uint64: Float(bits)
    case .int16: Float(Int16(truncatingIfNeeded: bits))
    case .int32: Float(Int32(truncatingIfNeeded: bits))
    case .int64: Float(Int64(truncatingIfNeeded: bits))
    case .float16: Self.half(UInt16(bits))
    case .float32: Float(bitPattern: UInt32(bits))
    case .float64: Float(Double(bitPattern: bits))
    }
  }

  /// IEEE 754's definition of binary16.
  static func half(_ bits: UInt16) -> Float {
    let sign: Double = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023)
    if exponent == 31 { return fraction == 0 ? Float(sign) * .infinity : .nan }
    let magnitude =
      exponent == 0
      ? fraction * 0x1p-24
      : (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    return Float(sign * magnitude)
  }

  /// The number in binary16 nearest to a float, the even one of two: found by looking at all.
  static func bits(nearest value: Float) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    if value.isNaN { return 0x7E00 }
    let magnitude = Double(value.magnitude)
    // From halfway between the greatest number and the next, had there been one, all is infinite.
    if magnitude >= 65520 { return sign | 0x7C00 }
    var low: UInt16 = 0
    var high: UInt16 = 0x7BFF
    while low < high {
      let middle = (low + high + 1) / 2
      if Double(half(middle)) <= magnitude { low = middle } else { high = middle - 1 }
    }
    guard low < 0x7BFF else { return sign | low }
    let below = magnitude - Double(half(low))
    let above = Double(half(low + 1)) - magnitude
    return sign | (below < above || (below == above && low % 2 == 0) ? low : low + 1)
  }

  /// The bytes of the tensor of a window.
  func window(
    _ tensor: TensorFormat, row: Int, column: Int, height: Int, width: Int, flipped: Bool
  ) -> [UInt8] {
    var result: [UInt8] = []
    func append(_ y: Int, _ x: Int, _ channel: Int) {
      let bytes = sample(row + y, column + (flipped ? width - 1 - x : x), channel)
      guard let type = tensor.elementType else {
        result += bytes
        return
      }
      let mean = tensor.mean[tensor.mean.count == 1 ? 0 : channel]
      let scale = tensor.scale[tensor.scale.count == 1 ? 0 : channel]
      let value = (float(bytes) - mean) * scale
      if type == .float16 {
        let bits = Self.bits(nearest: value)
        result += [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
      } else {
        let bits = value.isNaN ? Float.nan.bitPattern : value.bitPattern
        for place in 0..<4 { result.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt32(place)))) }
      }
    }
    if tensor.dimensionOrder == .nhwc {
      for y in 0..<height { for x in 0..<width { for c in 0..<format.channels { append(y, x, c) } } }
    } else {
      for c in 0..<format.channels { for y in 0..<height { for x in 0..<width { append(y, x, c) } } }
    }
    return result
  }
}

extension [UInt8] {
  /// These bytes with every NaN of a tensor made one.
  func unifyingNaNs(_ tensor: TensorFormat) -> [UInt8] {
    var result = self
    if tensor.elementType == .float32 {
      for start in stride(from: 0, to: count, by: 4) where self[start + 3] & 0x7F == 0x7F {
        let isNaN =
          self[start + 2] & 0x80 != 0 && (self[start + 2] & 0x7F | self[start + 1] | self[start]) != 0
        if isNaN {
          (result[start], result[start + 1], result[start + 2], result[start + 3]) = (0, 0, 0xC0, 0x7F)
        }
      }
    } else if tensor.elementType == .float16 {
      for start in stride(from: 0, to: count, by: 2) where self[start + 1] & 0x7C == 0x7C {
        if self[start + 1] & 3 | self[start] != 0 { (result[start], result[start + 1]) = (0, 0x7E) }
      }
    }
    return result
  }
}
