internal import ImageStoreCore
internal import ImageStoreSupport

/// Looks for existing files with the names of images that will be appended.
struct TakenNames {
  private let layout: FileStore.Layout
  /// How many images the store has.
  private let count: Int
  /// The indices in the names of files after the last image, in the folders examined so far.
  private var taken: [Int: ImageSuffix] = [:]
  /// The next subfolder to examine, or for the flat layout whether the folder has been examined.
  private var nextNumber: Int

  init(_ layout: FileStore.Layout, count: Int) {
    self.layout = layout
    self.count = count
    nextNumber = layout == .flat ? 0 : count / FileStore.Layout.imagesPerFolder
  }

  /// - Throws: ``StoreError/Code/alreadyExists`` if a file has the name of one of the images, or a
  ///   file that is not a folder has that of their subfolder.
  mutating func check(_ images: Range<Int>, in root: borrowing Folder) throws(StoreError) {
    if layout == .flat {
      if nextNumber == 0 { try look(into: root) }
      nextNumber = 1
    } else {
      for number in FileStore.Layout.folderNumbers(of: images) where number >= nextNumber {
        let name = layout.folderName(number)
        switch root.kind(of: name) {
        case nil: break
        case .folder: try look(into: root.folder(name))
        case .file, .other: throw isTaken("\(root.path)/\(name)")
        }
        nextNumber = number + 1
      }
    }
    guard !taken.isEmpty, let index = images.first(where: { taken[$0] != nil }) else { return }
    var path: [UInt8] = []
    layout.appendPath(of: index, taken[index] ?? .png, to: &path)
    throw isTaken("\(root.path)/\(String(decoding: path, as: UTF8.self))")
  }

  private mutating func look(into folder: borrowing Folder) throws(StoreError) {
    for name in try folder.names() {
      if let (index, suffix) = FileStore.Layout.image(ofFile: name), index >= count {
        taken[index] = suffix
      }
    }
  }

  private func isTaken(_ path: String) -> StoreError {
    StoreError(
      .alreadyExists, "an appended image needs this name, but a file that labels.csv does not list has it",
      remedy: "move it away, or list it in labels.csv", path: path)
  }
}
