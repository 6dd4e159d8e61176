import Foundation
import ImageStoreCore
import StoreIO
import Testing

@Suite struct StagingTests {
  func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  @Test func aCommittedFileStandsAloneInItsPlace() throws {
    let folder = try TemporaryFolder()
    let staging = try Staging(destination: "\(folder.path)/a.npz", mode: .create)
    try FileSystem.write(Array("new".utf8), toNewFile: staging.path)
    #expect(folder.names == [".a.npz.partial"])
    try staging.commit()
    #expect(folder.names == ["a.npz"])
    #expect(text("\(folder.path)/a.npz") == "new")
  }

  @Test func aDroppedWriterLeavesNothing() throws {
    let folder = try TemporaryFolder()
    do {
      let staging = try Staging(destination: "\(folder.path)/a.npz", mode: .create)
      try FileSystem.write(Array("new".utf8), toNewFile: staging.path)
    }
    #expect(folder.names == [])
  }

  @Test func createRefusesWhatIsThere() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Array("old".utf8), toNewFile: "\(folder.path)/a")
    let error = #expect(throws: StoreError.self) {
      _ = try Staging(destination: "\(folder.path)/a", mode: .create)
    }
    #expect(error?.code == .alreadyExists)
    #expect(text("\(folder.path)/a") == "old")
  }

  @Test func createRefusesWhatCameMeanwhile() throws {
    let folder = try TemporaryFolder()
    let staging = try Staging(destination: "\(folder.path)/a", mode: .create)
    try FileSystem.write(Array("new".utf8), toNewFile: staging.path)
    try FileSystem.write(Array("other".utf8), toNewFile: "\(folder.path)/a")
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
      try FileSystem.write(Array(text.utf8), toNewFile: asFolder ? "\(path)/data" : path)
    }
    try write("old", at: destination, asFolder: oldIsFolder)
    let staging = try Staging(destination: destination, mode: .replace)
    try write("new", at: staging.path, asFolder: newIsFolder)
    #expect(text(oldIsFolder ? "\(destination)/data" : destination) == "old")
    try staging.commit()
    #expect(text(newIsFolder ? "\(destination)/data" : destination) == "new")
    #expect(folder.names == ["store"])
  }

  @Test func aSecondWriterIsRefusedWhileTheFirstLives() throws {
    let folder = try TemporaryFolder()
    let first = try Staging(destination: "\(folder.path)/a", mode: .create)
    let error = #expect(throws: StoreError.self) {
      _ = try Staging(destination: "\(folder.path)/a", mode: .create)
    }
    #expect(error?.code == .busy)
    #expect(error?.path == "\(folder.path)/a")
    try FileSystem.write(Array("new".utf8), toNewFile: first.path)
    try first.commit()
    #expect(text("\(folder.path)/a") == "new")
  }

  @Test func whatADeadWriterLeftIsRemoved() throws {
    let folder = try TemporaryFolder()
    try FileSystem.createFolder("\(folder.path)/.a.partial")
    try FileSystem.createFolder("\(folder.path)/.a.partial/a")
    try FileSystem.write([1, 2, 3], toNewFile: "\(folder.path)/.a.partial/a/data.mdb")
    let staging = try Staging(destination: "\(folder.path)/a", mode: .create)
    #expect(FileSystem.kind(of: staging.path) == nil)
    try FileSystem.write(Array("new".utf8), toNewFile: staging.path)
    try staging.commit()
    #expect(folder.names == ["a"])
  }

  @Test func aMissingFolderIsNamed() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: StoreError.self) {
      _ = try Staging(destination: "\(folder.path)/missing/a", mode: .create)
    }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("missing/a") == true)
  }
}
