import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

/// The files of a store and what else may have their names.
@Suite struct StoreFolderTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/s" }
  private var victim: String { "\(folder.path)/thesis.txt" }
  private let files = FileManager.default

  init() throws { folder = try TemporaryFolder() }

  private func images(_ count: Int) -> ModelImages {
    var images = SyntheticImages(seed: 31)
    return images.uniform(ImageFormat(height: 20, width: 20), count: count)
  }

  private func status(_ path: String) throws -> (mode: UInt16, links: Int) {
    let attributes = try files.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as! UInt16, attributes[.referenceCount] as! Int)
  }

  @Test(arguments: ["data.mdb", "lock.mdb"])
  func anAppendFollowsNoLinkInTheFolder(_ name: String) throws {
    _ = try LMDBStore.write(images(5), to: path)
    let file = "\(path)/\(name)"
    if name == "data.mdb" {
      try files.moveItem(atPath: file, toPath: victim)
    } else {
      try files.removeItem(atPath: file)
      try Data("precious".utf8).write(to: URL(filePath: victim))
    }
    let before = try Data(contentsOf: URL(filePath: victim))
    try files.createSymbolicLink(atPath: file, withDestinationPath: victim)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .unrecognized)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .alreadyExists)
    #expect(try Data(contentsOf: URL(filePath: victim)) == before)
    #expect(try files.destinationOfSymbolicLink(atPath: file) == victim)
    // Where the link leads nowhere, nothing is made there.
    try files.removeItem(atPath: victim)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } != nil)
    #expect(!files.fileExists(atPath: victim))
  }

  @Test(arguments: ["data.mdb", "lock.mdb"])
  func aPipeInTheFolderIsNotWaitedFor(_ name: String) throws {
    _ = try LMDBStore.write(images(5), to: path)
    try files.removeItem(atPath: "\(path)/\(name)")
    #expect(unsafe mkfifo("\(path)/\(name)", 0o644) == 0)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .unrecognized)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .alreadyExists)
    if name == "data.mdb" { #expect(code { _ = try LMDBStore(at: path) } == .unrecognized) }
  }

  @Test func aLockThatIsNoneIsNotWrittenOver() throws {
    _ = try LMDBStore.write(images(5), to: path)
    let lock = "\(path)/lock.mdb"
    for text in [
      "precious", String(repeating: "precious ", count: 2000), String(repeating: "\0", count: 9000),
    ] {
      try Data(text.utf8).write(to: URL(filePath: lock))
      #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .unrecognized)
      #expect(try String(contentsOfFile: lock, encoding: .utf8) == text)
    }
    // What a writer leaves that dies before liblmdb has written to the lock.
    for count in [0, 100, 8192] {
      try Data(count: count).write(to: URL(filePath: lock))
      try LMDBStore.Writer(to: path, mode: .append).finish()
      #expect(try files.attributesOfItem(atPath: lock)[.size] as! Int == 8192)
    }
    // The rest of a lock after a power failure; but a file with two names belongs to somebody.
    let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7 + 1) })
    try garbage.write(to: URL(filePath: lock))
    try LMDBStore.Writer(to: path, mode: .append).finish()
    try garbage.write(to: URL(filePath: victim))
    try files.removeItem(atPath: lock)
    try files.linkItem(atPath: victim, toPath: lock)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .unrecognized)
    #expect(try Data(contentsOf: URL(filePath: victim)) == garbage)
    // Another program's lock with another number of readers.
    try files.removeItem(atPath: lock)
    _ = try Database(path).entries()
    try LMDBStore.Writer(to: path, mode: .append).finish()
    try LMDBStore(at: path).verify()
  }

  @Test func anAppendKeepsModesAndLinks() throws {
    _ = try LMDBStore.write(images(5), to: path)
    let data = "\(path)/data.mdb"
    try files.setAttributes([.posixPermissions: 0o660], ofItemAtPath: data)
    try files.removeItem(atPath: "\(path)/lock.mdb")
    try files.linkItem(atPath: data, toPath: "\(folder.path)/second.mdb")
    _ = try LMDBStore.write(images(5), to: path, mode: .append)
    // Users that may write to the data may take the lock.
    #expect(try status(data) == (0o660, 2))
    #expect(try status("\(path)/lock.mdb") == (0o660, 1))
    #expect(try LMDBStore(at: "\(folder.path)/second.mdb").count == 10)
    #expect(try files.contentsOfDirectory(atPath: path).sorted() == ["data.mdb", "lock.mdb"])
  }

  @Test func appendsWhereTheFolderCannotBeWrittenTo() throws {
    _ = try LMDBStore.write(images(5), to: path)
    try files.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
    defer { try? files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    #expect(try LMDBStore.write(images(5), to: path, mode: .append).count == 10)
  }

  @Test func anAppendUsesNoFolderOfSomebodyElse() throws {
    _ = try LMDBStore.write(images(5), to: path)
    let work = "\(path)/.append.partial"
    try files.createDirectory(atPath: work, withIntermediateDirectories: true)
    try Data("precious".utf8).write(to: URL(filePath: "\(work)/data.mdb"))
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append) } == .alreadyExists)
    #expect(try String(contentsOfFile: "\(work)/data.mdb", encoding: .utf8) == "precious")
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .alreadyExists)
  }

  @Test func aStoreIsReplacedWhichIsWhollyThisPackages() throws {
    for layout in LMDBStore.Layout.allCases {
      _ = try LMDBStore.write(images(5), to: path, mode: .replace, layout: layout)
      _ = try LMDBStore.write(images(5), to: path, mode: .append)
    }
    #expect(try LMDBStore.write(images(3), to: path, mode: .replace).count == 3)
    #expect(folder.names == ["s"])
    #expect(try LMDBStore.write(ModelImages(), to: path, mode: .replace).count == 0)
    #expect(try LMDBStore.write(images(3), to: path, mode: .replace).count == 3)
  }

  @Test func nothingElseIsReplaced() throws {
    func expectKept(_ what: String) throws {
      let names = try files.subpathsOfDirectory(atPath: folder.path).sorted()
      do throws(StoreError) {
        _ = try LMDBStore.Writer(to: path, mode: .replace)
        Issue.record("\(what) would be replaced")
      } catch {
        #expect(error.code == .alreadyExists)
        #expect(error.message.contains(what), "\(error)")
      }
      #expect(try files.subpathsOfDirectory(atPath: folder.path).sorted() == names)
    }
    try Data("text".utf8).write(to: URL(filePath: path))
    try expectKept("not a folder")
    try files.removeItem(atPath: path)

    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    try expectKept("without a data.mdb")
    try files.removeItem(atPath: path)

    // Somebody's own database.
    try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Database(path).write([("a", [1, 2, 3])])
    try expectKept("of another program")
    try files.removeItem(atPath: path)

    _ = try LMDBStore.write(images(5), to: path)
    try Data("notes".utf8).write(to: URL(filePath: "\(path)/notes.txt"))
    try expectKept("notes.txt")
    try files.removeItem(atPath: "\(path)/notes.txt")
    try Database(path).write([("notes", [1, 2, 3])])
    try expectKept("a value of another program, notes")
    try Database(path).write([("notes", nil)])

    let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
    let map = PageMap(bytes)
    try Data(map.with(1 << 40, 8, at: map.meta + 136)).write(to: URL(filePath: "\(path)/data.mdb"))
    try expectKept("a damaged database")
    try Data(bytes).write(to: URL(filePath: "\(path)/data.mdb"))
    #expect(try LMDBStore.write(images(3), to: path, mode: .replace).count == 3)
  }

  @Test func aStoreIsNotWrittenIntoOrAroundItsSource() throws {
    _ = try LMDBStore.write(images(5), to: path)
    let source = try LMDBStore(at: path)
    for mode in WriteMode.allCases {
      #expect(code { _ = try LMDBStore.write(source, to: "\(path)/inner", mode: mode) } == .invalidArgument)
      #expect(code { _ = try LMDBStore.write(source, to: folder.path, mode: mode) } == .invalidArgument)
    }
    #expect(try files.contentsOfDirectory(atPath: path).sorted() == ["data.mdb", "lock.mdb"])
    #expect(folder.names == ["s"])
  }

  @Test func anAppendThroughALinkGoesToTheStore() throws {
    _ = try LMDBStore.write(images(5), to: path)
    let link = "\(folder.path)/link"
    try files.createSymbolicLink(atPath: link, withDestinationPath: path)
    var writer = try LMDBStore.Writer(to: link, mode: .append)
    try writer.append(images(5))
    // Nobody takes its place meanwhile, by either name.
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .replace) } == .busy)
    #expect(code { _ = try LMDBStore.Writer(to: link, mode: .replaceAnything) } == .busy)
    try writer.finish()
    #expect(try LMDBStore(at: path).count == 10)
    #expect(try files.destinationOfSymbolicLink(atPath: link) == path)
  }
}
