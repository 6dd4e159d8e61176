internal import ImageStoreCore

extension Canvas {
  /// An image of any format as a person sees it: one channel as gray, two as gray and alpha, three and more
  /// as colors, the fourth as alpha; what is transparent shows white.
  init(_ pixels: RawSpan, _ format: ImageFormat) {
    self.init(width: format.width, height: format.height)
    unsafe pixels.withUnsafeBytes { bytes in
      let samples = unsafe SampleReader(bytes, format.elementType)
      let scale = DisplayScale(samples, format)
      let channels = format.channels
      let hasAlpha = channels == 2 || channels == 4
      for row in 0..<format.height {
        for column in 0..<format.width {
          let first = (row * format.width + column) * channels
          let alpha = hasAlpha ? scale.alpha(samples[first + channels - 1]) : 1
          let shown = { (channel: Int) -> UInt8 in
            let value = scale.shown(samples[first + channel])
            return UInt8((value * alpha + 255 * (1 - alpha)).rounded())
          }
          self[row, column] =
            channels < 3 ? { ($0, $0, $0) }(shown(0)) : (shown(0), shown(1), shown(2))
        }
      }
    }
  }
}

/// How samples of a type become 0...255.
private struct DisplayScale {
  private var low = 0.0
  private var high = 255.0
  private var opaque = 255.0

  init(_ samples: SampleReader, _ format: ImageFormat) {
    switch format.elementType {
    case .uint8: return
    case .bool: (low, high, opaque) = (0, 1, 1)
    default:
      let hasAlpha = format.channels == 2 || format.channels == 4
      var (least, greatest) = (Double.infinity, -Double.infinity)
      for index in 0..<samples.count where !hasAlpha || index % format.channels != format.channels - 1 {
        let sample = samples[index]
        if sample.isFinite { (least, greatest) = (min(least, sample), max(greatest, sample)) }
      }
      let isUnit = format.elementType.isFloatingPoint && least >= 0 && greatest <= 1
      (low, high) = isUnit ? (0, 1) : (least, greatest)
      opaque =
        switch format.elementType {
        case .uint16: 65535
        case .int8: 127
        case .int16: 32767
        default: 1
        }
    }
  }

  func shown(_ sample: Double) -> Double {
    guard sample.isFinite, high > low else { return sample > low ? 255 : 0 }
    return min(max(0, (sample - low) / (high - low)), 1) * 255
  }

  func alpha(_ sample: Double) -> Double {
    sample.isFinite ? min(max(0, sample / opaque), 1) : 1
  }
}
