import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@Suite struct StagingTests {
  func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  /// Stages for a format of files and folders that say "old" or "new".
  func stage(_ destination: String, _ mode: WriteMode) throws -> Staging {
    try Staging(destination: destination, mode: mode) { path in
      if let text = text(path) { return text == "old" || text == "new" ? nil : "a file of other text" }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        return "something else"
      }
      return names == ["data"] ? nil : "a folder with \(names.sorted().first { $0 != "data" } ?? "nothing")"
    }
  }

  func put(_ text: String, at path: String) throws {
    try FileSystem.write(Array(text.utf8), toNewFile: path)
  }

  @Test func aCommittedFileStandsAloneInItsPlace() throws {
    let folder = try TemporaryFolder()
    let staging = try stage("\(folder.path)/a.npz", .create)
    try put("new", at: staging.path)
    #expect(folder.names == [".a.npz.partial"])
    try staging.commit()
    #expect(folder.names == ["a.npz"])
    #expect(text("\(folder.path)/a.npz") == "new")
  }

  @Test func aDroppedWriterLeavesNothing() throws {
    let folder = try TemporaryFolder()
    do {
      let staging = try stage("\(folder.path)/a.npz", .create)
      try put("new", at: staging.path)
    }
    #expect(folder.names == [])
  }

  @Test func nobodyElseReachesWhatIsBeingWritten() throws {
    let folder = try TemporaryFolder()
    let staging = try stage("\(folder.path)/a", .create)
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/.a.partial")
    #expect(attributes[.posixPermissions] as? Int == 0o1700)
    withExtendedLifetime(staging.path) {}
  }

  @Test func createRefusesWhatIsThere() throws {
    let folder = try TemporaryFolder()
    try put("old", at: "\(folder.path)/a")
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/a", .create) }
    #expect(error?.code == .alreadyExists)
    #expect(text("\(folder.path)/a") == "old")
  }

  @Test func createRefusesWhatCameMeanwhile() throws {
    let folder = try TemporaryFolder()
    let staging = try stage("\(folder.path)/a", .create)
    try put("new", at: staging.path)
    try put("other", at: "\(folder.path)/a")
    var code: StoreError.Code?
    do throws(StoreError) { try staging.commit() } catch { code = error.code }
    #expect(code == .alreadyExists)
    #expect(text("\(folder.path)/a") == "other")
    #expect(folder.names == ["a"])
  }

  @Test(arguments: [true, false], [true, false])
  func replaceSwapsFilesAndFolders(oldIsFolder: Bool, newIsFolder: Bool) throws {
    let folder = try TemporaryFolder()
    let destination = "\(folder.path)/store"
    func write(_ text: String, at path: String, asFolder: Bool) throws {
      if asFolder { try FileSystem.createFolder(path) }
      try put(text, at: asFolder ? "\(path)/data" : path)
    }
    try write("old", at: destination, asFolder: oldIsFolder)
    let staging = try stage(destination, .replace)
    try write("new", at: staging.path, asFolder: newIsFolder)
    #expect(text(oldIsFolder ? "\(destination)/data" : destination) == "old")
    try staging.commit()
    #expect(text(newIsFolder ? "\(destination)/data" : destination) == "new")
    #expect(folder.names == ["store"])
  }

  @Test func replaceRefusesWhatIsNotAStoreAndSaysWhatItIs() throws {
    let folder = try TemporaryFolder()
    let work = "\(folder.path)/work"
    try FileSystem.createFolder(work)
    try put("old", at: "\(work)/data")
    try put("precious", at: "\(work)/thesis.txt")
    let error = #expect(throws: StoreError.self) { _ = try stage(work, .replace) }
    #expect(error?.code == .alreadyExists)
    #expect(error?.message.contains("a folder with thesis.txt") == true)
    #expect(text("\(work)/thesis.txt") == "precious")
    #expect(folder.names == ["work"])

    let staging = try stage(work, .replaceAnything)
    try put("new", at: staging.path)
    try staging.commit()
    #expect(text(work) == "new")
  }

  @Test func whatBecomesSomethingElseMeanwhileIsPutBack() throws {
    let folder = try TemporaryFolder()
    let store = "\(folder.path)/store"
    try FileSystem.createFolder(store)
    try put("old", at: "\(store)/data")
    let staging = try stage(store, .replace)
    try put("new", at: staging.path)
    try put("precious", at: "\(store)/thesis.txt")
    var code: StoreError.Code?
    do throws(StoreError) { try staging.commit() } catch { code = error.code }
    #expect(code == .busy)
    #expect(text("\(store)/thesis.txt") == "precious")
    #expect(text("\(store)/data") == "old")
    #expect(folder.names == ["store"])
  }

  @Test func aRewrittenFileThatChangedMeanwhileIsKept() throws {
    let folder = try TemporaryFolder()
    let store = "\(folder.path)/store"
    try put("old", at: store)
    let staging = try stage(store, .append)
    try put("new", at: staging.path)
    try FileHandle(forUpdating: URL(fileURLWithPath: store)).write(contentsOf: Array("edited".utf8))
    var code: StoreError.Code?
    do throws(StoreError) { try staging.commit() } catch { code = error.code }
    #expect(code == .busy)
    #expect(text(store) == "edited")
    #expect(folder.names == ["store"])
  }

  @Test func aRewrittenFileKeepsItsMode() throws {
    let folder = try TemporaryFolder()
    let store = "\(folder.path)/store"
    try put("old", at: store)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: store)
    let staging = try stage(store, .append)
    try put("new", at: staging.path)
    try staging.commit()
    #expect(text(store) == "new")
    #expect(try FileManager.default.attributesOfItem(atPath: store)[.posixPermissions] as? Int == 0o640)
  }

  @Test func aFileWithTwoNamesIsNotRewritten() throws {
    let folder = try TemporaryFolder()
    try put("old", at: "\(folder.path)/a")
    try FileManager.default.linkItem(atPath: "\(folder.path)/a", toPath: "\(folder.path)/b")
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/a", .append) }
    #expect(error?.code == .unsupported)
    #expect(folder.names == ["a", "b"])
  }

  @Test func aSymbolicLinkIsFollowedAndNeverReplaced() throws {
    let folder = try TemporaryFolder()
    try FileSystem.createFolder("\(folder.path)/real")
    try put("old", at: "\(folder.path)/real/store")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "real/store")
    let staging = try stage("\(folder.path)/link", .replace)
    #expect(staging.path.contains("/real/.store.partial/"))
    try put("new", at: staging.path)
    // A writer that uses the real name is a second writer of the same store.
    #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/real/store", .replace) }
    try staging.commit()
    #expect(text("\(folder.path)/real/store") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link") == "real/store")
    #expect(folder.names == ["link", "real"])

    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/dangling", withDestinationPath: "nowhere")
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/dangling", .create) }
    #expect(error?.code == .alreadyExists || error?.code == .invalidArgument)
  }

  @Test(arguments: [WriteMode.create, .replace, .replaceAnything, .append])
  func whatIsNeitherAFileNorAFolderStays(_ mode: WriteMode) throws {
    let folder = try TemporaryFolder()
    let pipe = "\(folder.path)/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: "pipe")
    for name in ["pipe", "link"] {
      let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/\(name)", mode) }
      #expect(error?.code == .alreadyExists)
    }
    #expect(FileSystem.kind(of: pipe) == .other)
    #expect(folder.names == ["link", "pipe"])
  }

  @Test func aSecondWriterIsRefusedWhileTheFirstLives() throws {
    let folder = try TemporaryFolder()
    let first = try stage("\(folder.path)/a", .create)
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/a", .create) }
    #expect(error?.code == .busy)
    #expect(error?.path == "\(folder.path)/a")
    try put("new", at: first.path)
    try first.commit()
    #expect(text("\(folder.path)/a") == "new")
  }

  @Test func whatAKilledWriterLeftIsRemoved() throws {
    let folder = try TemporaryFolder()
    // As a killed writer leaves it: the folder is copied while its writer lives.
    let work = "\(folder.path)/.a.partial"
    do {
      let staging = try stage("\(folder.path)/a", .create)
      try put("half", at: staging.path)
      try FileManager.default.moveItem(atPath: work, toPath: "\(folder.path)/kept")
    }
    try FileManager.default.moveItem(atPath: "\(folder.path)/kept", toPath: work)
    #expect(folder.names == [".a.partial"])
    let staging = try stage("\(folder.path)/a", .create)
    #expect(FileSystem.kind(of: staging.path) == nil)
    try put("new", at: staging.path)
    try staging.commit()
    #expect(folder.names == ["a"])
    #expect(text("\(folder.path)/a") == "new")
  }

  @Test func aMissingFolderIsNamed() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/missing/a", .create) }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("missing/a") == true)
  }

  /// Files of another program where a writer would work.
  enum Obstacle: CaseIterable {
    case file, link, folder, folderWithFiles, openFolder, copyOfAWorkFolder, workFolderWithAFile
  }

  @Test(arguments: Obstacle.allCases) func whatSomebodyElseHasIsLeftAsItIs(_ obstacle: Obstacle) throws {
    let folder = try TemporaryFolder()
    let work = "\(folder.path)/.a.partial"
    let manager = FileManager.default
    var precious = work
    func makeFolder(_ path: String, _ mode: Int) throws {
      try manager.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: mode])
    }
    switch obstacle {
    case .file: try put("precious", at: work)
    case .link:
      try makeFolder("\(folder.path)/victim", 0o755)
      precious = "\(folder.path)/victim/thesis.txt"
      try put("precious", at: precious)
      try manager.createSymbolicLink(atPath: work, withDestinationPath: "victim")
    case .folder, .folderWithFiles, .openFolder:
      try makeFolder(work, obstacle == .openFolder ? 0o755 : 0o700)
      if obstacle == .folder {
        // Nothing is lost with an empty folder: it is taken.
        try put("new", at: try stageAndLeave("\(folder.path)/a"))
        return
      }
      precious = "\(work)/thesis.txt"
      try put("precious", at: precious)
    case .copyOfAWorkFolder, .workFolderWithAFile:
      let other = obstacle == .copyOfAWorkFolder ? "b" : "a"
      do {
        let staging = try stage("\(folder.path)/\(other)", .create)
        try put("half", at: staging.path)
        try manager.moveItem(atPath: "\(folder.path)/.\(other).partial", toPath: "\(folder.path)/kept")
      }
      try manager.moveItem(atPath: "\(folder.path)/kept", toPath: work)
      precious = "\(work)/thesis.txt"
      try put("precious", at: precious)
    }
    let error = #expect(throws: StoreError.self) { _ = try stage("\(folder.path)/a", .create) }
    #expect(error?.code == .alreadyExists)
    #expect(text(precious) == "precious")
  }

  private func stageAndLeave(_ path: String) throws -> String {
    let staging = try stage(path, .create)
    try put("new", at: staging.path)
    try staging.commit()
    #expect(text(path) == "new")
    return path + "2"
  }

  @Test func aStoreIsNotWrittenIntoWhatItIsMadeOf() throws {
    let folder = try TemporaryFolder()
    try FileSystem.createFolder("\(folder.path)/photos")
    try put("old", at: "\(folder.path)/photos/a")
    for (destination, source) in [("photos/out", "photos"), ("photos", "photos/a")] {
      #expect(throws: StoreError.self) {
        try Destination.check("\(folder.path)/\(destination)", isApartFrom: ["\(folder.path)/\(source)"])
      }
    }
    try Destination.check("\(folder.path)/photos2", isApartFrom: ["\(folder.path)/photos"])
    try Destination.check("\(folder.path)/photos/b", isApartFrom: ["\(folder.path)/photos/a"])
  }
}
