import ImageStoreCore
import ImageStoreSupport

/// The folders that a writer's images go to, open: a file is then created by its name alone.
struct ImageFolders: ~Copyable {
  /// The folder that the paths of images are relative to.
  let root: Folder
  private let layout: FileStore.Layout
  private let neighbor: Folder?
  /// The numbers of the subfolders that have been created.
  private(set) var numbers: Range<Int>
  /// The open subfolders, from the one with the number `first`.
  private var open: [Subfolder] = []
  private var first = 0

  private final class Subfolder: Sendable {
    let folder: Folder

    init(_ folder: consuming Folder) { self.folder = folder }
  }

  /// - Parameters:
  ///   - count: how many earlier images are in another place.
  ///   - neighbor: a subfolder whose owner, attributes and mode new ones get; nil for the usual
  ///     ones of new folders.
  init(
    _ root: consuming Folder, _ layout: FileStore.Layout, after count: Int,
    like neighbor: consuming Folder? = nil
  ) {
    self.root = root
    self.neighbor = neighbor
    self.layout = layout
    let first = count / FileStore.Layout.imagesPerFolder
    numbers = first..<first
  }

  /// Creates and opens the subfolders of some images, and closes those of others.
  mutating func prepare(_ images: Range<Int>) throws(StoreError) {
    guard layout.hasSubfolders, !images.isEmpty else { return }
    let wanted = number(images.lowerBound)...number(images.upperBound - 1)
    while numbers.upperBound <= wanted.upperBound {
      try root.createFolder(layout.folderName(numbers.upperBound))
      try likenFolder(layout.folderName(numbers.upperBound))
      numbers = numbers.lowerBound..<numbers.upperBound + 1
    }
    open.removeFirst(min(open.count, wanted.lowerBound - first))
    first = wanted.lowerBound
    while first + open.count <= wanted.upperBound {
      open.append(Subfolder(try root.folder(layout.folderName(first + open.count))))
    }
  }

  private borrowing func likenFolder(_ name: String) throws(StoreError) {
    switch neighbor {
    case .some(let other): try root.folder(name).takeMetadata(of: other)
    case nil: break
    }
  }

  /// Lends the folder of an image for which it was prepared.
  borrowing func withFolder(
    of image: Int, _ body: (borrowing Folder) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard layout.hasSubfolders else { return try body(root) }
    try body(open[number(image) - first].folder)
  }

  /// Waits until the images are on the disk.
  borrowing func synchronize() throws(StoreError) {
    if !Folder.synchronizesFiles && layout.hasSubfolders {
      for number in numbers { try root.folder(layout.folderName(number)).synchronizeNames() }
    }
    try root.synchronize()
  }

  private func number(_ image: Int) -> Int { image / FileStore.Layout.imagesPerFolder }
}
