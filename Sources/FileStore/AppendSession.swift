internal import ImageStoreCore
internal import StoreIO

/// An append to a store that is there, from the lock to the commit.
///
/// Images are written to a private folder within the store's, and moved to their places when all are written and on the disk;
/// then `store.json` and `labels.csv` are replaced, which makes them count. Whatever is there under a name that
/// an image would need is somebody else's: it is refused, and never moved, replaced or removed.
final class AppendSession: Sendable {
  private let held: HeldStore
  /// The store's folder.
  let root: Folder
  private let work: Folder
  private let layout: FileStore.Layout
  /// How many images the store has.
  private let count: Int
  /// `labels.csv` and `store.json` as they were read.
  private let labelsState: FileState
  private let descriptionState: FileState?

  private static let stagedName = "images"

  /// Takes the work folder of a store, and undoes what a writer left there that died.
  ///
  /// - Parameter store: what `held` is, read after it was locked.
  init(_ held: HeldStore, _ store: FileStore, _ layout: FileStore.Layout) throws(StoreError) {
    guard let labelsState = store.contents.table?.state else {
      throw StoreError(.unsupported, "a folder without labels.csv", path: held.path)
    }
    // What would be refused at the end is refused before the work.
    try held.checkMayReplace(FolderContents.labelsFileName)
    try held.checkMayReplace(StoreDescription.fileName)
    self.held = held
    self.layout = layout
    count = store.count
    self.labelsState = labelsState
    descriptionState = store.contents.descriptionState
    root = try held.root()
    _ = try held.workFolder(removingLeftovers: false)
    work = try root.folder(HeldStore.workFolderName)
    try undoLeftovers()
    try work.createFolder(Self.stagedName)
  }

  /// Opens the folder that images are to be written to.
  func stagedFolder() throws(StoreError) -> Folder { try work.folder(Self.stagedName) }

  private func undoLeftovers() throws(StoreError) {
    // If labels.csv is another file than it was, it counts the images, or somebody wrote it who may mean them.
    if let plan = try AppendPlan.read(in: work), plan.labels == AppendPlan.Stamp(labelsState) {
      do throws(StoreError) {
        try plan.takeBack(from: root, work: work)
      } catch {
        held.keepWork()
        throw error
      }
    }
    try held.removeAllWork()
  }

  /// Makes images count that are on the disk.
  ///
  /// - Parameters:
  ///   - end: how many images the store is to have.
  ///   - labels: the new `labels.csv`.
  ///   - description: the new `store.json`.
  func commit(_ end: Int, labels: [UInt8], description: [UInt8]) throws(StoreError) {
    try checkUnchanged()
    guard end > count else { return try replaceFiles(labels, description) }
    let crc32 = unsafe CRC32.checksum(of: labels.span.bytes)
    let plan = try makePlan(end, newLabelsCRC32: crc32)
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
      (FolderContents.labelsFileName, labelsState), (StoreDescription.fileName, descriptionState),
    ] {
      let now = root.state(of: name)
      let isAsItWas =
        if let now, let known { now.hasSameContents(as: known) } else { now == nil && known == nil }
      guard isAsItWas else {
        throw StoreError(
          .busy, "another program changed the file meanwhile",
          remedy: "look at what it did, and append again",
          path: "\(root.path)/\(name)")
      }
    }
  }

  /// What is to be moved, once the images are on the disk.
  func makePlan(_ end: Int, newLabelsCRC32: UInt32) throws(StoreError) -> AppendPlan {
    let staged = try stagedFolder()
    var folders: [AppendPlan.Stamp] = []
    var images: [AppendPlan.Stamp] = []
    images.reserveCapacity(end - count)
    if layout == .flat {
      for index in count..<end {
        images.append(try stamp(of: FileStore.Layout.fileName(of: index), in: staged))
      }
    } else {
      for number in FileStore.Layout.folderNumbers(of: count..<end) {
        let name = layout.folderName(number)
        folders.append(try stamp(of: name, in: staged))
        let folder = try staged.folder(name)
        for index in FileStore.Layout.images(ofFolder: number).clamped(to: count..<end) {
          images.append(try stamp(of: FileStore.Layout.fileName(of: index), in: folder))
        }
      }
    }
    return AppendPlan(
      layout: layout, first: count, labels: AppendPlan.Stamp(labelsState), newLabelsCRC32: newLabelsCRC32,
      folders: folders, images: images)
  }

  private func stamp(of name: String, in folder: borrowing Folder) throws(StoreError) -> AppendPlan.Stamp {
    guard let state = folder.state(of: name) else {
      throw StoreError(
        .notFound, "another program removed what was being appended", path: "\(folder.path)/\(name)")
    }
    return AppendPlan.Stamp(state)
  }

  private func replaceFiles(_ labels: [UInt8], _ description: [UInt8]) throws(StoreError) {
    let name = StoreDescription.fileName
    if let descriptionState {
      try held.replaceFile(name, with: description, expecting: descriptionState)
    } else {
      let file = try File(name, in: work, .create)
      try unsafe file.write(description.span.bytes, at: 0)
      try file.synchronize()
      try held.moveWork(name, to: name)
      try root.synchronizeNames()
    }
    try held.replaceFile(FolderContents.labelsFileName, with: labels, expecting: labelsState)
  }

  /// Takes the images out of the store again after an error, unless `labels.csv` counts them already. If that cannot be done,
  /// the next writer does it.
  private func undo(_ plan: AppendPlan) {
    do throws(StoreError) {
      let labels = try File(FolderContents.labelsFileName, in: root, .read)
      let bytes = try labels.contents(limit: labels.byteCount())
      if unsafe CRC32.checksum(of: bytes.span.bytes) == plan.newLabelsCRC32 {
        // Its name may not be on the disk yet.
        held.keepWork()
      } else {
        try plan.takeBack(from: root, work: work)
      }
    } catch {
      held.keepWork()
    }
  }
}
