/// The keys of a store's records.
///
/// A block of images has the key `images/` and the index of its first image in 12 digits, a single
/// image the index in at least 8 digits, as Python's `f"{i:08}"` gives it. From image 100,000,000
/// on these have 9 digits and are no longer in the order of their bytes, so images are found by the
/// number, not by the order. Labels, columns, shapes and checksums are cut into segments, each
/// under the index of its first image.
enum StoreKey {
  static let metadata = "metadata"
  static let classNames = "class_names"
  static let labels = "labels"
  static let shapes = "shapes"
  static let checksums = "crc32"
  static let images = "images"
  static let columns = "columns"
  static let offsets = "offsets"

  /// The key of a single image.
  static func image(_ index: Int) -> String { padded(index, to: 8) }

  /// The key of a segment, or of a block of images.
  static func segment(_ name: String, first: Int) -> String { "\(name)/\(padded(first, to: 12))" }

  /// The name of a column's segments.
  static func column(_ name: String) -> String { "\(columns)/\(name)" }

  /// The name of the segments that say where the bytes of a column begin and end.
  static func offsets(_ name: String) -> String { "\(offsets)/\(name)" }

  /// The key of the checksum of another record, or the name of the segments of the images' checksums.
  static func checksum(of key: String) -> String { "\(checksums)/\(key)" }

  /// The index in a single image's key, or nil for any other key.
  static func imageIndex(_ key: UnsafeRawBufferPointer) -> Int? {
    guard unsafe key.count == 8 || (key.count > 8 && key[0] != UInt8(ascii: "0")) else { return nil }
    return unsafe number(key)
  }

  /// The name and the first index in a segment's key, or nil for any other key.
  static func segment(
    _ key: UnsafeRawBufferPointer
  ) -> (name: UnsafeRawBufferPointer, first: Int)? {
    let slash = key.count - 13
    guard slash > 0, unsafe key[slash] == UInt8(ascii: "/"),
      let first = unsafe number(UnsafeRawBufferPointer(rebasing: key[(slash + 1)...]))
    else { return nil }
    return unsafe (UnsafeRawBufferPointer(rebasing: key[..<slash]), first)
  }

  /// The index of the first image of a value that holds images, or nil for any other key.
  static func firstImage(_ key: UnsafeRawBufferPointer) -> Int? {
    if let index = unsafe imageIndex(key) { return index }
    guard let (name, first) = unsafe segment(key), unsafe name.elementsEqual(images.utf8) else { return nil }
    return first
  }

  /// Whether segments of a name are records of the images: labels, shapes, columns or checksums.
  static func isRecord(_ name: String) -> Bool {
    name == labels || name == shapes || name.hasPrefix(column("")) || name.hasPrefix(offsets(""))
      || name.hasPrefix(checksum(of: ""))
  }

  /// Whether the segments of a name have one value per image.
  static func hasValueEach(_ name: String) -> Bool {
    isRecord(name) && (!name.hasPrefix(checksum(of: "")) || name == checksum(of: images))
  }

  /// The number written in decimal digits, or nil for anything else and for more than 18 digits.
  private static func number(_ digits: UnsafeRawBufferPointer) -> Int? {
    guard unsafe !digits.isEmpty, digits.count <= 18 else { return nil }
    var number = 0
    for position in digits.indices {
      let digit = unsafe digits[position]
      guard digit >= 0x30 && digit <= 0x39 else { return nil }
      number = number * 10 + Int(digit - 0x30)
    }
    return number
  }

  private static func padded(_ number: Int, to length: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
  }
}
