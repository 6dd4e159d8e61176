internal import ImageStoreCore
internal import ImageStoreSupport

// Moves the planned files into a store, and out of it again. Nothing is ever moved over an existing
// name.

extension AppendPlan {
  /// Moves the images to their places, whole subfolders if the store has none of their names. When
  /// this returns, the moves are on the disk.
  ///
  /// - Throws: ``StoreError/Code/alreadyExists`` if something has one of the names.
  func moveImages(from staged: borrowing Folder, to root: borrowing Folder) throws(StoreError) {
    guard layout.hasSubfolders else {
      try move(first..<end, from: staged, to: root)
      return try root.synchronizeNames()
    }
    for (name, isWhole, images) in subfolders {
      if isWhole {
        try staged.moveExclusively(name, to: root, as: name)
      } else {
        let folder = try root.folder(name)
        try move(images, from: staged.folder(name), to: folder)
        try folder.synchronizeNames()
      }
    }
    try root.synchronizeNames()
  }

  private func move(
    _ images: Range<Int>, from staged: borrowing Folder, to folder: borrowing Folder
  ) throws(StoreError) {
    for index in images {
      let name = FileStore.Layout.fileName(of: index, suffix(of: index))
      try staged.moveExclusively(name, to: folder, as: name)
    }
  }

  /// Moves the files that ``moveImages(from:to:)`` has moved into the store out of it, to a folder
  /// of the work folder. When this returns, the moves are on the disk.
  ///
  /// A file is moved if it has the planned name and contents; a file that another program has put
  /// there stays. Each file is examined once more where nobody else can reach it, and put back if
  /// it is another file after all.
  func takeBack(from root: borrowing Folder, work: borrowing Folder) throws(StoreError) {
    try work.createFolder(Self.undoneName)
    let undone = try work.folder(Self.undoneName)
    if !layout.hasSubfolders {
      try takeBack(first..<end, from: root, to: undone)
    } else {
      for (name, isWhole, images) in subfolders where root.kind(of: name) == .folder {
        let folder = try root.folder(name)
        try takeBack(images, from: folder, to: undone)
        try folder.synchronizeNames()
        // A folder that was moved as a whole is removed too, unless others have put files into it.
        guard isWhole, try folder.names().isEmpty else { continue }
        try root.moveExclusively(name, to: undone, as: name)
        if try !folder.names().isEmpty { try undone.moveExclusively(name, to: root, as: name) }
      }
    }
    try root.synchronizeNames()
  }

  private func takeBack(
    _ images: Range<Int>, from folder: borrowing Folder, to undone: borrowing Folder
  ) throws(StoreError) {
    for index in images {
      let name = FileStore.Layout.fileName(of: index, suffix(of: index))
      let stamp = self.images[index - first]
      guard stamp.isOf(name, in: folder) else { continue }
      try folder.moveExclusively(name, to: undone, as: name)
      if !stamp.isOf(name, in: undone) { try undone.moveExclusively(name, to: folder, as: name) }
    }
  }

  private static let undoneName = "undone"

  private typealias Subfolder = (name: String, isWhole: Bool, images: Range<Int>)

  /// The subfolders, with the images that are in each.
  private var subfolders: [Subfolder] {
    zip(FileStore.Layout.folderNumbers(of: first..<end), isWhole).map { number, isWhole in
      (
        layout.folderName(number), isWhole,
        FileStore.Layout.images(ofFolder: number).clamped(to: first..<end)
      )
    }
  }
}
