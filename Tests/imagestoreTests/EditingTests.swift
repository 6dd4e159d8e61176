import Foundation
import ImageStoreCatalog
import ImageStoreCore
import Testing

/// `imagestore edit` and `imagestore remove`.
@Suite struct EditingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String) throws -> any ImageStore {
    try StoreCatalog.open(at: "\(folder.path)/\(name)")
  }

  static let names = ["a.lmdb", "a.npz", "a.h5", "folder"]

  @Test(arguments: names)
  func labelsColumnsAndClassesChange(_ name: String) throws {
    try folder.run("convert", demoSet, name, "--first", "6", "--quiet").succeeded()
    let before = try #require(try open(name).labels())
    try folder.write(Array("1.5\n2\n3\n4\n5\n6\n".utf8), to: "scores.txt")
    let said = try folder.run(
      "edit", name, "--set", "2=9", "--set", "4=tree", "--column", "score=scores.txt", "--drop-column",
      "filename", "--rename-class", "tree=oak"
    ).succeeded()
    #expect(said.contains("\(name): changed; 6 images, 10 classes"), "\(said)")
    let store = try open(name)
    #expect(try store.labels() == before.enumerated().map { [2: 9, 4: 2][$0.offset] ?? $0.element })
    #expect(store.columnNames == ["score"] && store.classNames?[2] == "oak")
    #expect(try store.column("score") == .double([1.5, 2, 3, 4, 5, 6]))
    try folder.run("verify", name, "--quiet").succeeded()
    // Names of classes in a list: existing ones keep their numbers, others follow.
    try folder.write(Array("oak\nyak\nsun\nsun\noak\nyak\n".utf8), to: "names.txt")
    try folder.run("edit", name, "--labels", "names.txt", "--quiet").succeeded()
    #expect(try open(name).labels() == [2, 10, 0, 0, 2, 10])
    #expect(try open(name).classNames?.count == 11 && open(name).classNames?.last == "yak")
    let removed = try folder.run("remove", name, "--indices", "0,3,0").succeeded()
    #expect(removed.contains("\(name): 2 images removed, 4 images left"), "\(removed)")
    #expect(try open(name).labels() == [10, 0, 2, 10])
    #expect(try open(name).column("score") == .double([2, 3, 5, 6]))
  }

  @Test func whatIsWrongIsSaidAndNothingIsChanged() throws {
    try folder.run("convert", demoSet, "a.npz", "--first", "6", "--quiet").succeeded()
    let bytes = try Data(contentsOf: URL(filePath: "\(folder.path)/a.npz"))
    try folder.write(Array("1\n2\n".utf8), to: "two.txt")
    for (arguments, parts) in [
      (["--set", "6=1"], ["a.npz", "6"]), (["--set", "1=cow"], ["a.npz", "cow", "sun"]),
      (["--set", "1=10"], ["a.npz", "10"]), (["--labels", "two.txt"], ["two.txt", "6 images"]),
      (["--column", "x=two.txt"], ["two.txt", "6 images"]), (["--column", "x=none.npy"], ["none.npy"]),
      (["--drop-column", "x"], ["a.npz", "x", "filename"]),
      (["--rename-class", "cow=ox"], ["a.npz", "cow"]),
      (["--rename-class", "sun=sea"], ["a.npz", "sea"]),
    ] {
      let outcome = try Tool.run(["edit", "a.npz"] + arguments, in: folder)
      for part in parts { outcome.failed(naming: part) }
    }
    for arguments in [
      [], ["--set", "1"], ["--set", "x=1"], ["--set", "1=2", "--set", "1=3"], ["--labels", "none"],
      ["--labels", "missing.npy"],
    ] {
      #expect(try Tool.run(["edit", "a.npz"] + arguments, in: folder).status == 64, "\(arguments)")
    }
    try folder.run("edit", "none.npz", "--set", "1=2").failed(naming: "none.npz")
    try folder.run("edit", demoSet, "--set", "1=2").failed(naming: "convert")
    try folder.run("remove", "a.npz", "--indices", "6").failed(naming: "a.npz", "6")
    try folder.run("remove", "a.npz", "--indices", "none.txt").failed(naming: "none.txt")
    try folder.run("remove", demoSet, "--indices", "1").failed(naming: "--exclude")
    #expect(try folder.run("remove", "a.npz").status == 64)
    #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/a.npz")) == bytes)
  }
}
