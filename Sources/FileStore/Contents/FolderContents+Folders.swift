internal import ImageStoreCore
internal import ImageStoreSupport

// Names of files that other programs chose.

extension FolderContents {
  /// Reads the one label of a file without a header, as the tutorial "Three ways of storing and
  /// accessing lots of images in Python" writes one next to each image.
  static func readLabel(_ name: String, in folder: borrowing Folder) throws(StoreError) -> Int {
    let map = try MappedFile(File(name, in: folder, .read, followingLinks: true))
    var reader = CSVReader(map, separator: " ", quote: "|")
    var labels: [Int] = []
    var fields: [CSVField] = []
    while try reader.next(&fields, atMost: 1) {
      guard let label = reader.integer(fields[0]) else {
        throw reader.error("the line is not one whole number", remedy: "give one label per line")
      }
      guard labels.isEmpty else { throw reader.error("more than one label for one image") }
      labels.append(label)
    }
    guard let label = labels.first else {
      throw StoreError(.corrupt, "the file has no label for its image", path: map.path)
    }
    return label
  }

  /// The number that is the name of an image's file: 12 for `12.PNG`; nil for other names.
  static func number(ofFile name: ArraySlice<UInt8>) -> Int? {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot - name.startIndex < 19 else { return nil }
    return Int(String(decoding: name[..<dot], as: UTF8.self))
  }

  /// The last number in a file's name: 12 for `img_012.png`; nil if there is none.
  static func lastNumber(in name: ArraySlice<UInt8>) -> Int? {
    let stem = name[..<(name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex)]
    guard let last = stem.lastIndex(where: { (0x30...0x39).contains($0) }) else { return nil }
    let start = stem[...last].lastIndex { !(0x30...0x39).contains($0) }.map { $0 + 1 } ?? stem.startIndex
    return Int(String(decoding: stem[start...last].suffix(18), as: UTF8.self))
  }
}
