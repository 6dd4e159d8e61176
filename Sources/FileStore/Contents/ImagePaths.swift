internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// Where the PNG of an image is in a folder that this package writes.
  public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
    /// A thousand images per subfolder: image 12345 is `00012/12345.png`.
    case subfolders
    /// All images in one folder: image 12345 is `12345.png`.
    case flat
    /// As ``subfolders``, with encoded images as they are: image 12345 is `00012/12345.jpg` or
    /// `00012/12345.png`, depending on its format.
    case encoded
  }
}

/// The suffix of an image's file by its format, in the order of ``ImageCodecs/position(ofCodec:)``.
enum ImageSuffix: UInt8, CaseIterable {
  case png, jpg

  /// The suffix of a codec's files.
  init(codec: UInt8) {
    self = ImageSuffix(rawValue: UInt8(truncatingIfNeeded: ImageCodecs.position(ofCodec: codec))) ?? .png
  }

  var text: StaticString {
    switch self {
    case .png: ".png"
    case .jpg: ".jpg"
    }
  }

  fileprivate func append(to bytes: inout [UInt8]) {
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

extension FileStore.Layout {
  /// Images per subfolder.
  static let imagesPerFolder = 1000

  /// Appends the path of an image, relative to the store's folder.
  func appendPath(of index: Int, _ suffix: ImageSuffix, to bytes: inout [UInt8]) {
    if hasSubfolders {
      Self.appendFolder(index / Self.imagesPerFolder, to: &bytes)
      bytes.append(UInt8(ascii: "/"))
    }
    Self.appendFileName(of: index, suffix, to: &bytes)
  }

  /// Whether images are in subfolders of a thousand.
  var hasSubfolders: Bool { self != .flat }

  /// Appends the name of an image's file in its folder.
  static func appendFileName(of index: Int, _ suffix: ImageSuffix, to bytes: inout [UInt8]) {
    appendDigits(of: index, to: &bytes)
    suffix.append(to: &bytes)
  }

  /// The name of a subfolder: its number with at least five digits.
  func folderName(_ number: Int) -> String {
    var bytes: [UInt8] = []
    Self.appendFolder(number, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The index and the suffix in the name of a file in any layout, or nil for other names.
  static func image(ofFile name: String) -> (index: Int, suffix: ImageSuffix)? {
    guard let suffix = ImageSuffix.allCases.first(where: { name.hasSuffix($0.text.description) }),
      let index = Int(name.dropLast(4)), index >= 0, name == "\(index)\(suffix.text)"
    else { return nil }
    return (index, suffix)
  }

  /// The name of an image's file.
  static func fileName(of index: Int, _ suffix: ImageSuffix) -> String {
    var bytes: [UInt8] = []
    appendFileName(of: index, suffix, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The numbers of the subfolders that images are in.
  static func folderNumbers(of images: Range<Int>) -> Range<Int> {
    guard !images.isEmpty else { return 0..<0 }
    return images.lowerBound / imagesPerFolder..<(images.upperBound - 1) / imagesPerFolder + 1
  }

  /// The images that a subfolder has when it is full.
  static func images(ofFolder number: Int) -> Range<Int> {
    number * imagesPerFolder..<(number + 1) * imagesPerFolder
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
    var power = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
      power /= 10
    }
  }
}

/// The paths of a store's images, relative to its folder.
///
/// Names that follow from the index take no memory; others are in one block of bytes, with four bytes per
/// image for where each begins.
struct ImagePaths: Sendable {
  /// The layout that all paths follow, or nil if they are listed.
  private(set) var layout: FileStore.Layout?
  private(set) var count: Int
  /// The suffix of each image that follows the layout, if any is not `.png`.
  private var suffixes: [ImageSuffix] = []
  private var bytes: [UInt8] = []
  /// Where each path ends.
  private var ends: [UInt32] = []

  /// The paths of `count` images in a layout.
  init(_ layout: FileStore.Layout, count: Int) {
    self.layout = layout
    self.count = count
  }

  /// No paths. The paths appended first decide on a layout, if they follow one.
  init() {
    layout = FileStore.Layout.allCases[0]
    count = 0
  }

  /// Replaces `path` by the path of an image with a NUL byte after it, as C has it.
  ///
  /// - Precondition: `index` is in `0..<count`.
  func write(_ index: Int, to path: inout [UInt8]) {
    path.removeAll(keepingCapacity: true)
    if let layout {
      layout.appendPath(of: index, suffix(of: index), to: &path)
    } else {
      path.append(contentsOf: bytes[Int(index == 0 ? 0 : ends[index - 1])..<Int(ends[index])])
    }
    path.append(0)
  }

  /// Whether some images that follow the layout do not have the suffix of PNGs.
  var hasOtherSuffixes: Bool { !suffixes.isEmpty }

  /// The suffix of an image in a folder that this package wrote.
  func suffix(of index: Int) -> ImageSuffix { suffixes.isEmpty ? .png : suffixes[index] }

  /// The path of an image as text, for messages.
  func text(_ index: Int) -> String {
    var path: [UInt8] = []
    write(index, to: &path)
    return shownName(path.dropLast())
  }

  /// Appends the paths of others.
  mutating func append(contentsOf others: ImagePaths) throws(StoreError) {
    var path: [UInt8] = []
    var scratch: [UInt8] = []
    for index in 0..<others.count {
      others.write(index, to: &path)
      try append(path.dropLast(), scratch: &scratch)
    }
  }

  /// Appends a path.
  ///
  /// - Parameter scratch: memory that is reused from call to call.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a path that is empty, absolute, has a component `..`
  ///   or is longer than 4095 bytes; ``StoreError/Code/limitExceeded`` if all paths take more than 4 GiB.
  mutating func append(
    _ path: some BidirectionalCollection<UInt8>, scratch: inout [UInt8]
  ) throws(StoreError) {
    if let layout {
      if let suffix = Self.suffix(of: path, in: layout, count, &scratch) {
        append(suffix)
        return
      }
      // The first path decides among the layouts; one that follows none makes all of them listed.
      if count == 0,
        let other = FileStore.Layout.allCases.first(where: {
          Self.suffix(of: path, in: $0, 0, &scratch) != nil
        }), let suffix = Self.suffix(of: path, in: other, 0, &scratch)
      {
        self.layout = other
        append(suffix)
        return
      }
      try list(layout)
    }
    try Self.validate(path)
    bytes.append(contentsOf: path)
    try endPath()
    count += 1
  }

  /// The suffix of a path that an image has in a layout; nil for another path.
  private static func suffix(
    of path: some Collection<UInt8>, in layout: FileStore.Layout, _ index: Int, _ scratch: inout [UInt8]
  ) -> ImageSuffix? {
    ImageSuffix.allCases.first { suffix in
      scratch.removeAll(keepingCapacity: true)
      layout.appendPath(of: index, suffix, to: &scratch)
      return path.elementsEqual(scratch)
    }
  }

  private mutating func append(_ suffix: ImageSuffix) {
    if suffix != .png, suffixes.isEmpty { suffixes = Array(repeating: .png, count: count) }
    if suffix != .png || !suffixes.isEmpty { suffixes.append(suffix) }
    count += 1
  }

  /// Writes out the paths that followed a layout so far.
  private mutating func list(_ layout: FileStore.Layout) throws(StoreError) {
    self.layout = nil
    for index in 0..<count {
      layout.appendPath(of: index, suffix(of: index), to: &bytes)
      try endPath()
    }
  }

  private mutating func endPath() throws(StoreError) {
    guard let end = UInt32(exactly: bytes.count) else {
      throw StoreError(.limitExceeded, "the paths of the images take more than 4 GiB")
    }
    ends.append(end)
  }

  private static func validate(_ path: some BidirectionalCollection<UInt8>) throws(StoreError) {
    let isLegal =
      !path.isEmpty && path.count < 4096 && path.first != UInt8(ascii: "/")
      && !path.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    guard isLegal else {
      let text = String(decoding: path.prefix(200), as: UTF8.self)
      throw StoreError(
        .invalidArgument, "the path '\(text)' does not name a file in the store's folder",
        remedy: "give relative paths without ..")
    }
  }
}
