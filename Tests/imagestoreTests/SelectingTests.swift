import Foundation
import ImageStoreCatalog
import ImageStoreCore
import Testing

/// Some of the images: by lists, by classes, as a division has them.
@Suite struct SelectingTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String) throws -> any ImageStore {
    try StoreCatalog.open(at: "\(folder.path)/\(name)")
  }

  private func labels(_ name: String) throws -> [Int] { try #require(try open(name).labels()) }

  @Test func listsSayWhatIsTaken() throws {
    let all = try #require(try StoreCatalog.open(at: demoSet).labels())
    try folder.write(Array("7\n300\n0\n7\n".utf8), to: "taken.txt")
    try folder.write(Array("300\tdata_batch_1\tcut short\n".utf8), to: "broken.txt")
    try folder.run("convert", demoSet, "a.npz", "--indices", "taken.txt", "--quiet").succeeded()
    #expect(try labels("a.npz") == [7, 300, 0, 7].map { all[$0] })
    try folder.run(
      "convert", demoSet, "b.npz", "--indices", "taken.txt", "--exclude", "broken.txt", "--first", "2",
      "--quiet"
    ).succeeded()
    #expect(try labels("b.npz") == [7, 0].map { all[$0] })
    try folder.run("convert", demoSet, "c.npz", "--exclude", "taken.txt", "--quiet").succeeded()
    #expect(try open("c.npz").count == 357)
    try folder.write(Array("360\n".utf8), to: "far.txt")
    try folder.run("convert", demoSet, "d.npz", "--indices", "far.txt").failed(naming: "far.txt", "360")
    try folder.run("convert", demoSet, "d.npz", "--exclude", "far.txt").failed(naming: "far.txt", "360")
    try folder.run("convert", demoSet, "d.npz", "--indices", "none.npy").failed(naming: "none.npy")
    try folder.run("convert", demoSet, "d.npz", "--indices", "a.npz").failed(naming: "a.npz", "line 1")
  }

  @Test func classesAreKeptByNameAndCountedAnew() throws {
    let said = try folder.run("convert", demoSet, "pets.lmdb", "--classes", "fence,sea").succeeded()
    #expect(said.contains("classes: fence is 0, sea is 1"), "\(said)")
    let (pets, all) = (try open("pets.lmdb"), try StoreCatalog.open(at: demoSet))
    #expect(pets.classNames == ["fence", "sea"])
    let expected = try #require(try all.labels()).compactMap { [5: 0, 3: 1][$0] }
    #expect(try pets.labels() == expected)
    try folder.run("convert", demoSet, "numbers.npz", "--classes", "5,sea", "--quiet").succeeded()
    try folder.run("verify", "numbers.npz", "--against", "pets.lmdb").succeeded()
    try folder.run("convert", demoSet, "x.npz", "--classes", "cow").failed(naming: "cow", "sea")
    try folder.run("convert", demoSet, "x.npz", "--classes", "12").failed(naming: "12")
    try folder.run("convert", demoSet, "x.npz", "--classes", "sea,sea").failed(naming: "3", "twice")
    #expect(try folder.run("convert", demoSet, "x.npz", "--classes", "sea,").status == 64)
  }

  @Test func whatSplitWritesIsRead() throws {
    try folder.run("split", demoSet, "--folds", "3", "--seed", "5", "--output", "folds").succeeded()
    try folder.run("split", demoSet, "--folds", "3", "--seed", "5", "--as", "npz", "--output", "stores")
      .succeeded()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/stores").sorted()
        == ["fold-0.npz", "fold-1.npz", "fold-2.npz"])
    for fold in 0..<3 {
      try folder.run(
        "convert", demoSet, "\(fold).npz", "--indices", "folds/fold-\(fold)-validation.npy", "--quiet"
      )
      .succeeded()
      try folder.run("verify", "\(fold).npz", "--against", "stores/fold-\(fold).npz").succeeded()
    }
    for kind in ["lmdb", "hdf5", "npz", "file"] {
      try folder.run(
        "split", demoSet, "--fractions", "0.8,0.1,0.1", "--as", kind, "--output", kind, "--quiet"
      ).succeeded()
      let suffix = ["lmdb": ".lmdb", "hdf5": ".h5", "npz": ".npz", "file": ""][kind]!
      #expect(try open("\(kind)/train\(suffix)").count == 288)
      #expect(try open("\(kind)/test\(suffix)").classNames?.first == "sun")
      try folder.run("split", demoSet, "--folds", "2", "--output", kind).failed(naming: "earlier split")
    }
    #expect(try folder.run("split", demoSet, "--folds", "2", "--as", "zip", "--output", "x").status == 64)
  }

  @Test(arguments: ["out.jpg", "out.zip", "out.tar.gz", "data/out.LMDBX"])
  func unknownSuffixesAreRefused(_ name: String) throws {
    let outcome = try folder.run("convert", demoSet, name)
    #expect(outcome.status == 64)
    for part in [".lmdb", ".h5", ".npz", ".bits", name] {
      #expect(outcome.error.contains(part), "\(outcome.error)")
    }
    #expect(folder.names.isEmpty)
    #expect(throws: StoreError.self) {
      try StoreCatalog.write(StoreCatalog.open(at: demoSet), to: "\(folder.path)/\(name)")
    }
    #expect(folder.names.isEmpty)
  }

  @Test func foldersMayBeCalledAnything() throws {
    for (name, kind) in [("set-1.5", nil), ("set.v2/", nil), ("set.v3", "file"), (".hidden", nil)] {
      let to = kind.map { ["--to", $0] } ?? []
      try Tool.run(["convert", demoSet, name, "--first", "2", "--quiet"] + to, in: folder).succeeded()
    }
    try folder.run("convert", demoSet, "set.v3", "--first", "2", "--append", "--quiet").succeeded()
    #expect(try open("set.v3").count == 4)
  }

  @Test(arguments: [
    ("convrt", "did you mean 'convert'?"), ("verfiy", "'verify'"), ("slpit", "'split'"), ("Info", "'info'"),
    ("hepl", "'help'"), ("throw", "the commands are demo, convert"),
  ])
  func aMistypedCommandIsSuggested(_ typed: String, _ part: String) throws {
    let outcome = try folder.run(typed, "a", "b")
    #expect(
      outcome.status == 64 && outcome.error.contains(part) && outcome.errorLines.count == 1,
      "\(outcome.error)")
  }

  @Test func completionsAreWritten() throws {
    for shell in ["bash", "zsh", "fish"] {
      let script = try folder.run("--generate-completion-script", shell).succeeded()
      #expect(script.contains("convert") && script.contains("indices"))
    }
  }
}
