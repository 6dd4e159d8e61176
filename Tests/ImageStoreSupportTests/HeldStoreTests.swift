import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@Suite struct HeldStoreTests {
  let manager = FileManager.default

  func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  func makeStore() throws -> (folder: TemporaryFolder, path: String) {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store"
    try FileSystem.createFolder(path)
    try FileSystem.write(Array("old".utf8), toNewFile: "\(path)/labels.csv")
    return (folder, path)
  }

  @Test func aSecondWriterIsRefusedWhicheverWayItComes() throws {
    let (folder, path) = try makeStore()
    try manager.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: "store")
    let held = try HeldStore(path)
    #expect(held.kind == .folder)
    for other in [path, "\(folder.path)/link", "\(path)/"] {
      let error = #expect(throws: StoreError.self) { _ = try HeldStore(other) }
      #expect(error?.code == .busy)
    }
    withExtendedLifetime(held) {}
  }

  @Test func aReplacedFileKeepsModeAndAttributes() throws {
    let (folder, path) = try makeStore()
    defer { withExtendedLifetime(folder) {} }
    let file = "\(path)/labels.csv"
    try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    do {
      let held = try HeldStore(path)
      try held.replaceFile("labels.csv", with: Array("new".utf8))
    }
    #expect(text(file) == "new")
    #expect(try manager.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    #expect(try manager.contentsOfDirectory(atPath: path) == ["labels.csv"])
  }

  @Test func aFileOfAFolderBelowIsReplacedOrCreated() throws {
    let (folder, path) = try makeStore()
    defer { withExtendedLifetime(folder) {} }
    try FileSystem.createFolder("\(path)/columns")
    let held = try HeldStore(path)
    try held.replaceFile("columns/name.npy", with: [1])
    try held.replaceFile("columns/name.npy", with: [2])
    #expect(try FileSystem.contents(of: "\(path)/columns/name.npy", limit: 9) == [2])
  }

  @Test func whatARenameWouldHarmIsRefused() throws {
    let (folder, path) = try makeStore()
    let file = "\(path)/labels.csv"
    try manager.linkItem(atPath: file, toPath: "\(folder.path)/other")
    let held = try HeldStore(path)
    var error = #expect(throws: StoreError.self) { try held.replaceFile("labels.csv", with: [1]) }
    #expect(error?.code == .unsupported)
    #expect(text("\(folder.path)/other") == "old")

    try manager.removeItem(atPath: file)
    try manager.createSymbolicLink(atPath: file, withDestinationPath: "../other")
    error = #expect(throws: StoreError.self) { try held.replaceFile("labels.csv", with: [1]) }
    #expect(error?.code == .unrecognized)
    #expect(text("\(folder.path)/other") == "old")
    #expect(try manager.destinationOfSymbolicLink(atPath: file) == "../other")
  }

  @Test func editsOfOthersAreNotLost() throws {
    let (folder, path) = try makeStore()
    defer { withExtendedLifetime(folder) {} }
    let file = "\(path)/labels.csv"
    let held = try HeldStore(path)
    let state = try File(file, .read).state()
    try Data("edited".utf8).write(to: URL(fileURLWithPath: file))
    let error = #expect(throws: StoreError.self) {
      try held.replaceFile("labels.csv", with: [1], expecting: state)
    }
    #expect(error?.code == .busy)
    #expect(text(file) == "edited")
  }

  @Test func workIsMovedOverNothing() throws {
    let (folder, path) = try makeStore()
    defer { withExtendedLifetime(folder) {} }
    let held = try HeldStore(path)
    let work = try held.workFolder()
    try FileSystem.write([1], toNewFile: "\(work)/0.png")
    try FileSystem.write([1], toNewFile: "\(work)/1.png")
    try FileSystem.write([9], toNewFile: "\(path)/1.png")
    try held.moveWork("0.png", to: "0.png")
    let error = #expect(throws: StoreError.self) { try held.moveWork("1.png", to: "1.png") }
    #expect(error?.code == .alreadyExists)
    #expect(try FileSystem.contents(of: "\(path)/1.png", limit: 9) == [9])
  }

  @Test(arguments: [true, false]) func aFolderOfTheSameNameIsSomebodyElses(_ isLink: Bool) throws {
    let (folder, path) = try makeStore()
    let place = "\(path)/\(HeldStore.workFolderName)"
    if isLink {
      try FileSystem.createFolder("\(folder.path)/victim")
      try manager.createSymbolicLink(atPath: place, withDestinationPath: "../victim")
    } else {
      try FileSystem.createFolder(place)
    }
    try FileSystem.write(Array("precious".utf8), toNewFile: "\(place)/thesis.txt")
    let held = try HeldStore(path)
    let error = #expect(throws: StoreError.self) { _ = try held.workFolder() }
    #expect(error?.code == .alreadyExists)
    #expect(text("\(place)/thesis.txt") == "precious")
  }

  @Test func onlyPlainFilesAreOpened() throws {
    let folder = try TemporaryFolder()
    let pipe = "\(folder.path)/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    for path in [pipe, folder.path, "/dev/null"] {
      let error = #expect(throws: StoreError.self) { _ = try File(path, .read) }
      #expect(error?.code == .unrecognized)
    }
  }
}
