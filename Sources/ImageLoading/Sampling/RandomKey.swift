internal import CImageStoreKernels

/// Random words that depend only on a seed, an epoch and a purpose: SplitMix64 with an explicit counter.
///
/// `Docs/SampleOrder.md` specifies them, with a reference in Python.
struct RandomKey: Sendable, Hashable {
  let value: UInt64

  /// The purpose of the words; streams of different purposes are independent.
  enum Purpose: UInt64 {
    case shuffle = 0
    case blocks = 1
    case window = 2
    case draws = 3
    case augmentation = 4
    case folds = 5
    case placement = 6
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(seed: UInt64, epoch: Int, purpose: Purpose) {
    var value = image_kernels_mix(seed &+ Self.increment)
    value = image_kernels_mix(value &+ UInt64(truncatingIfNeeded: epoch) &+ Self.increment)
    self.value = image_kernels_mix(value &+ purpose.rawValue &+ Self.increment)
  }

  private init(value: UInt64) { self.value = value }

  /// The number `counter` of the stream.
  @inline(__always)
  func word(_ counter: UInt64) -> UInt64 {
    image_kernels_mix(value &+ (counter &+ 1) &* Self.increment)
  }

  /// A key for one part of the purpose, such as one window.
  func part(_ number: Int) -> RandomKey {
    RandomKey(value: word(UInt64(truncatingIfNeeded: number)))
  }
}

extension UInt64 {
  /// The number in `0..<count` that these random bits choose.
  @inline(__always)
  func scaled(to count: Int) -> Int {
    Int(truncatingIfNeeded: multipliedFullWidth(by: UInt64(truncatingIfNeeded: count)).high)
  }
}
