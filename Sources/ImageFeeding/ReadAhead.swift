/// Where the image that is converted next lies, so that it is in the processor's caches by then.
///
/// A random image of a map is not where the processor looks ahead by itself, and waiting for memory takes
/// longer than converting. Where the next image lies is guessed from where the ones before did: right for
/// whatever stores images at even distances, and harmless otherwise, since a prefetch reads nothing.
struct ReadAhead {
  private var address = 0
  private var index = 0
  private var distance: Int

  init(imageByteCount: Int) { distance = imageByteCount }

  /// Notes where an image lies, and says where the next is believed to.
  @inline(__always)
  mutating func step(_ image: UnsafeRawPointer, index: Int, next: Int) -> UInt {
    let address = Int(bitPattern: image)
    if self.address != 0 && index != self.index {
      let (quotient, rest) = (address &- self.address).quotientAndRemainder(dividingBy: index &- self.index)
      if rest == 0 { distance = quotient }
    }
    self.address = address
    self.index = index
    return UInt(bitPattern: address &+ (next &- index) &* distance)
  }
}
