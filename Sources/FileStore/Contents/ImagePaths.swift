internal import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// Where the PNG of an image is in a folder that this package writes.
  public enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
    /// A thousand images per subfolder: image 12345 is `00012/12345.png`.
    case subfolders
    /// All images in one folder: image 12345 is `12345.png`.
    case flat
  }
}

extension FileStore.Layout {
  /// Images per subfolder.
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

  /// The index of the image that a file in either layout is called after, or nil if it is called otherwise.
  static func index(ofFile name: String) -> Int? {
    guard name.hasSuffix(".png"), let index = Int(name.dropLast(4)), index >= 0, name == "\(index).png" else {
      return nil
    }
    return index
  }

  /// The name of an image's file.
  static func fileName(of index: Int) -> String {
    var bytes: [UInt8] = []
    appendFileName(of: index, to: &bytes)
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
    var rest = number
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}

/// The paths of a store's images, relative to its folder.
///
/// Names that follow from the index take no memory; others lie in one block of bytes, with four bytes per
/// image for where each begins.
struct ImagePaths: Sendable {
  /// The layout that all paths follow, or nil if they are listed.
  private(set) var layout: FileStore.Layout?
  private(set) var count: Int
  private var bytes: [UInt8] = []
  /// Where each path ends.
  private var ends: [UInt32] = []

  /// The paths of `count` images in a layout.
  init(_ layout: FileStore.Layout, count: Int) {
    self.layout = layout
    self.count = count
  }

  /// No paths; taken for the first layout that the paths appended follow, if there is one.
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
      layout.appendPath(of: index, to: &path)
    } else {
      path.append(contentsOf: bytes[Int(index == 0 ? 0 : ends[index - 1])..<Int(ends[index])])
    }
    path.append(0)
  }

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
  /// - Parameter scratch: memory to be used again from call to call.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a path that is empty, absolute, has a component `..`
  ///   or is longer than 4095 bytes; ``StoreError/Code/limitExceeded`` if all paths take more than 4 GiB.
  mutating func append(
    _ path: some BidirectionalCollection<UInt8>, scratch: inout [UInt8]
  ) throws(StoreError) {
    if let layout {
      if Self.follows(path, layout, count, &scratch) {
        count += 1
        return
      }
      // The first path decides among the layouts; one that follows none makes all of them listed.
      if count == 0,
        let other = FileStore.Layout.allCases.first(where: { Self.follows(path, $0, 0, &scratch) })
      {
        self.layout = other
        count = 1
        return
      }
      try list(layout)
    }
    try Self.validate(path)
    bytes.append(contentsOf: path)
    try endPath()
    count += 1
  }

  private static func follows(
    _ path: some Collection<UInt8>, _ layout: FileStore.Layout, _ index: Int, _ scratch: inout [UInt8]
  ) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    layout.appendPath(of: index, to: &scratch)
    return path.elementsEqual(scratch)
  }

  /// Writes out the paths that followed a layout so far.
  private mutating func list(_ layout: FileStore.Layout) throws(StoreError) {
    self.layout = nil
    for index in 0..<count {
      layout.appendPath(of: index, to: &bytes)
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
