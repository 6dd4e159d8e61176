extension FileStore {
  /// Where the PNG of an image stands in a folder that this package writes.
  public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
    /// A thousand images a subfolder: image 12345 is `00012/12345.png`.
    case subfolders
    /// All images in one folder: image 12345 is `12345.png`.
    case flat
  }
}

extension FileStore.Layout {
  /// Images a subfolder.
  static let imagesPerFolder = 1000

  /// Appends the path of an image, relative to the store's folder.
  func appendPath(of index: Int, to bytes: inout [UInt8]) {
    if self == .subfolders {
      Self.appendFolder(index / Self.imagesPerFolder, to: &bytes)
      bytes.append(UInt8(ascii: "/"))
    }
    Self.appendFileName(of: index, to: &bytes)
  }

  /// Appends the name of an image's file in its folder.
  static func appendFileName(of index: Int, to bytes: inout [UInt8]) {
    appendDigits(of: index, to: &bytes)
    bytes.append(contentsOf: ".png".utf8)
  }

  /// The name of a subfolder: its number with at least five digits.
  func folderName(_ number: Int) -> String {
    var bytes: [UInt8] = []
    Self.appendFolder(number, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The index of the image that a file in either layout is called after, or nil where it is called otherwise.
  static func index(ofFile name: String) -> Int? {
    guard name.hasSuffix(".png"), let index = Int(name.dropLast(4)), index >= 0, name == "\(index).png" else {
      return nil
    }
    return index
  }

  private static func appendFolder(_ number: Int, to bytes: inout [UInt8]) {
    var least = 10_000
    while least > 1 && number < least {
      bytes.append(UInt8(ascii: "0"))
      least /= 10
    }
    appendDigits(of: number, to: &bytes)
  }

  private static func appendDigits(of number: Int, to bytes: inout [UInt8]) {
    var rest = number
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}
