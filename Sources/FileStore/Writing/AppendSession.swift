internal import ImageStoreCore
internal import ImageStoreSupport

/// An append to an existing store, from the lock to the commit.
///
/// Images are written to a private folder within the store's, and moved to their places when all
/// are written and on the disk; then `store.json` and `labels.csv` are replaced, which makes them
/// count. A file with a name that an image needs belongs to another program: the append is refused,
/// and the file is never moved, replaced or removed.
final class AppendSession: Sendable {
  private let held: HeldStore
  /// The store's folder.
  let root: Folder
  private let work: Folder
  private let layout: FileStore.Layout
  /// How many images the store has.
  private let count: Int
  /// `labels.csv` and `store.json` as they were read.
  private let labels: AppendPlan.Stamp
  private let labelsState: FileState
  private let descriptionState: FileState?
  /// The last image of the store, or its table, whose owner, attributes and mode new images get.
  private let neighbor: File

  private static let stagedName = "images"

  /// Takes over the work folder of a store, and undoes the changes of a dead writer.
  ///
  /// - Parameter store: the store of `held`, read after it was locked.
  init(_ held: HeldStore, _ store: FileStore, _ layout: FileStore.Layout) throws(StoreError) {
    guard let table = store.contents.table else {
      throw StoreError(
        .unsupported, "the folder has no labels.csv, so nothing can be appended to it", path: held.path)
    }
    // Everything that would be refused at the end is refused before the work.
    try held.checkMayReplace(FolderContents.labelsFileName)
    try held.checkMayReplace(StoreManifest.fileName)
    self.held = held
    self.layout = layout
    count = store.count
    labels = AppendPlan.Stamp(
      byteCount: UInt32(truncatingIfNeeded: table.state.byteCount), crc32: table.crc32)
    labelsState = table.state
    descriptionState = store.contents.descriptionState
    root = try held.root()
    if let last = Self.lastImage(in: root, store, layout) {
      neighbor = last
    } else {
      neighbor = try File(FolderContents.labelsFileName, in: root, .read)
    }
    _ = try held.workFolder(removingLeftovers: false)
    work = try root.folder(HeldStore.workFolderName)
    try undoLeftovers()
    try work.createFolder(Self.stagedName)
  }

  private static func lastImage(
    in root: borrowing Folder, _ store: FileStore, _ layout: FileStore.Layout
  ) -> File? {
    let count = store.count
    guard count > 0 else { return nil }
    let name = FileStore.Layout.fileName(of: count - 1, store.contents.paths.suffix(of: count - 1))
    guard layout.hasSubfolders else { return try? File(name, in: root, .read) }
    guard let folder = try? root.folder(layout.folderName((count - 1) / FileStore.Layout.imagesPerFolder))
    else {
      return nil
    }
    return try? File(name, in: folder, .read)
  }

  /// The descriptor of a file whose owner, attributes and mode new images get.
  var neighborDescriptor: Int32 { neighbor.descriptor }

  /// The folder whose owner, attributes and mode new subfolders get: that of the last image, or the
  /// store's.
  func neighborFolder() throws(StoreError) -> Folder {
    let number = (count - 1) / FileStore.Layout.imagesPerFolder
    guard layout.hasSubfolders, count > 0, let last = try? root.folder(layout.folderName(number)) else {
      return try held.root()
    }
    return last
  }

  /// Opens the folder that images are written to.
  func stagedFolder() throws(StoreError) -> Folder { try work.folder(Self.stagedName) }

  private func undoLeftovers() throws(StoreError) {
    // If labels.csv has changed, it counts the images, or another program wrote it and may mean
    // them.
    if let plan = try AppendPlan.read(in: work), plan.labels == labels {
      do throws(StoreError) {
        try plan.takeBack(from: root, work: work)
      } catch {
        held.keepWork()
        throw error
      }
    }
    try held.removeAllWork()
  }

  /// Makes images that are on the disk count.
  ///
  /// - Parameters:
  ///   - images: the identification of each.
  ///   - suffixes: the suffixes of their files; none if all are PNGs.
  ///   - labels: the new `labels.csv`.
  ///   - description: the new `store.json`.
  func commit(
    _ images: [AppendPlan.Stamp], _ suffixes: [ImageSuffix], labels: [UInt8], description: [UInt8]
  ) throws(StoreError) {
    try checkUnchanged()
    guard !images.isEmpty else { return try replaceFiles(labels, description) }
    var plan = unsafe plan(images, newLabels: AppendPlan.Stamp(labels.span.bytes))
    plan.suffixes = suffixes.allSatisfy { $0 == .png } ? [] : suffixes
    try plan.write(in: work)
    do throws(StoreError) {
      try plan.moveImages(from: stagedFolder(), to: root)
      try replaceFiles(labels, description)
    } catch {
      undo(plan)
      throw error
    }
  }

  /// Refuses to overwrite what another program has changed.
  private func checkUnchanged() throws(StoreError) {
    for (name, known) in [
      (FolderContents.labelsFileName, labelsState), (StoreManifest.fileName, descriptionState),
    ] {
      let now = root.state(of: name)
      let isAsItWas =
        if let now, let known { now.hasSameContents(as: known) } else { now == nil && known == nil }
      guard isAsItWas else {
        throw StoreError(
          .busy, "another program changed the file meanwhile",
          remedy: "check what it changed, and append again",
          path: "\(root.path)/\(name)")
      }
    }
  }

  /// The plan of the moves.
  func plan(_ images: [AppendPlan.Stamp], newLabels: AppendPlan.Stamp) -> AppendPlan {
    var isWhole: [Bool] = []
    if layout.hasSubfolders {
      for number in FileStore.Layout.folderNumbers(of: count..<count + images.count) {
        isWhole.append(root.kind(of: layout.folderName(number)) == nil)
      }
    }
    return AppendPlan(
      layout: layout, first: count, labels: labels, newLabels: newLabels, isWhole: isWhole, images: images)
  }

  private func replaceFiles(_ labels: [UInt8], _ description: [UInt8]) throws(StoreError) {
    let table = FolderContents.labelsFileName
    try held.replaceFile(StoreManifest.fileName, with: description, expecting: descriptionState, like: table)
    try held.replaceFile(table, with: labels, expecting: labelsState, like: table)
  }

  /// Takes the images out of the store again after an error, unless `labels.csv` counts them
  /// already. If that cannot be done, the next writer does it.
  private func undo(_ plan: AppendPlan) {
    if plan.newLabels.isOf(FolderContents.labelsFileName, in: root) {
      // Its name may not be on the disk yet.
      return held.keepWork()
    }
    do throws(StoreError) {
      try plan.takeBack(from: root, work: work)
    } catch {
      held.keepWork()
    }
  }
}
