#if JPEG
/// The one Exif tag that is read (CIPA DC-008, 4.6.4: tag 0x0112). Exif data are often broken by
/// programs: if anything is wrong with them, the image is used as it is stored.
enum ExifOrientation {
  private static let tag = 0x0112

  /// The orientation that the payload of an APP1 segment says, 1 to 8, or nil.
  static func value(in payload: RawSpan) -> Int? {
    let prefix: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
    guard payload.byteCount >= prefix.count + 8, prefix.indices.allSatisfy({ payload[$0] == prefix[$0] })
    else { return nil }
    let tiff = payload.extracting(droppingFirst: prefix.count)
    let isLittle: Bool
    switch (tiff[0], tiff[1]) {
    case (0x49, 0x49): isLittle = true
    case (0x4D, 0x4D): isLittle = false
    default: return nil
    }
    func number(_ offset: Int, _ count: Int) -> Int? {
      guard offset >= 0, offset <= tiff.byteCount - count else { return nil }
      return (0..<count).reduce(0) { $0 << 8 | Int(tiff[offset + (isLittle ? count - 1 - $1 : $1)]) }
    }
    guard number(2, 2) == 42, let start = number(4, 4), let count = number(start, 2) else { return nil }
    for entry in 0..<count {
      let place = start + 2 + 12 * entry
      guard let found = number(place, 2) else { return nil }
      guard found == tag else { continue }
      // SHORT is what it should be; LONG and BYTE are what some write.
      let byteCount = [1: 1, 3: 2, 4: 4][number(place + 2, 2) ?? 0]
      guard let byteCount, number(place + 4, 4) == 1, let value = number(place + 8, byteCount) else {
        return nil
      }
      return (1...8).contains(value) ? value : nil
    }
    return nil
  }
}
#endif
