internal import CImageStoreKernels

/// How much the colors of images vary: each factor is drawn evenly from 1 - amount to 1 + amount,
/// and never below 0.
///
/// Images are brightened first, then their contrast is changed, then their saturation, each as
/// Pillow's `ImageEnhance` does, in samples of 8 bits. Images of one channel have no saturation.
/// Images other than those of 1 or 3 channels of 8 bits are refused.
public struct ColorJitter: Sendable, Hashable, Codable {
  /// How much brightness varies, 0 or more.
  public var brightness: Double
  /// How much contrast varies, 0 or more.
  public var contrast: Double
  /// How much saturation varies, 0 or more.
  public var saturation: Double

  /// Creates a jitter; the parameters are the properties.
  public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0) {
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
  }

  var isLegal: Bool { [brightness, contrast, saturation].allSatisfy { $0 >= 0 && $0.isFinite } }

  /// The factors of an image.
  ///
  /// - Parameter key: of the image.
  func factors(_ key: RandomKey) -> ColorFactors {
    func factor(_ amount: Double, _ word: UInt64) -> Float {
      let least = max(0, 1 - amount)
      return amount == 0 ? 1 : Float(least + (1 + amount - least) * key.word(word).unit)
    }
    return ColorFactors(
      brightness: factor(brightness, 24), contrast: factor(contrast, 25), saturation: factor(saturation, 26))
  }
}

/// The factors that the brightness, contrast and saturation of an image were multiplied by.
public struct ColorFactors: Sendable, Hashable {
  /// 0 is black, 1 the image.
  public var brightness: Float
  /// 0 is a plain gray, 1 the image.
  public var contrast: Float
  /// 0 is an image in grays, 1 the image.
  public var saturation: Float
}

extension ColorFactors {
  /// Recolors an image of 1 or 3 channels of 8 bits.
  func apply(to pixels: UnsafeMutableBufferPointer<UInt8>, channels: Int) {
    if brightness != 1 { unsafe Self.map(pixels, Self.table(from: 0, by: brightness)) }
    if contrast != 1 {
      unsafe Self.map(pixels, Self.table(from: Self.meanGray(pixels, channels), by: contrast))
    }
    if saturation != 1, channels == 3 { unsafe saturate(pixels) }
  }

  /// Blends each sample: at 0 it becomes a given value, at 1 it stays as it is.
  private static func table(from start: UInt8, by factor: Float) -> [UInt8] {
    (0...255).map { blend(start, UInt8($0), factor) }
  }

  /// A value between two others or beyond them, truncated towards 0 and clamped to 0...255.
  @inline(__always)
  private static func blend(_ first: UInt8, _ second: UInt8, _ factor: Float) -> UInt8 {
    let value = Float(first) + factor * Float(Int(second) - Int(first))
    return UInt8(max(0, min(255, value)))
  }

  private static func map(_ pixels: UnsafeMutableBufferPointer<UInt8>, _ table: [UInt8]) {
    for position in pixels.indices { unsafe pixels[position] = table[Int(pixels[position])] }
  }

  /// The gray of a pixel.
  @inline(__always)
  private static func gray(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: image_kernels_luma(UInt32(red), UInt32(green), UInt32(blue)))
  }

  private static func meanGray(_ pixels: UnsafeMutableBufferPointer<UInt8>, _ channels: Int) -> UInt8 {
    var sum = 0
    let count = pixels.count / channels
    for pixel in 0..<count {
      let at = pixel * channels
      unsafe sum += Int(channels == 1 ? pixels[at] : gray(pixels[at], pixels[at + 1], pixels[at + 2]))
    }
    return UInt8(Double(sum) / Double(max(1, count)) + 0.5)
  }

  private func saturate(_ pixels: UnsafeMutableBufferPointer<UInt8>) {
    for at in stride(from: 0, to: pixels.count - 2, by: 3) {
      let gray = unsafe Self.gray(pixels[at], pixels[at + 1], pixels[at + 2])
      for channel in 0..<3 {
        unsafe pixels[at + channel] = Self.blend(gray, pixels[at + channel], saturation)
      }
    }
  }
}
