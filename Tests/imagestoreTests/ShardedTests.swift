import Foundation
import Testing

/// Data sets of shards from the command line.
@Suite struct ShardedTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func shards(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(name)/shards").sorted()
  }

  @Test func theyAreWrittenReadAndConverted() throws {
    try folder.run("convert", demoSet, "a.shards", "--first", "60", "--shard-size", "50KB", "--quiet")
      .succeeded()
    #expect(try shards("a.shards").count == 5)
    try folder.run("verify", "a.shards", "--against", demoSet).failed(naming: "60")
    let info = try folder.run("info", "a.shards")
    info.succeeded()
    for part in ["sharded", "shards    5", "32 x 32 x 3", "60"] {
      #expect(info.output.contains(part), "\(info.output)")
    }
    #expect(try folder.run("info", "a.shards", "--json").output.contains("\"format\" : \"sharded\""))
    try folder.run("convert", "a.shards", "b.lmdb", "--quiet").succeeded()
    try folder.run("convert", "b.lmdb", "c", "--to", "sharded", "--quiet").succeeded()
    #expect(try shards("c").count == 1)
    try folder.run(
      "convert", "b.lmdb", "c", "--to", "sharded", "--append", "--shard-size", "64MiB", "--quiet"
    ).succeeded()
    #expect(try shards("c").count == 2)
    try folder.run("verify", "a.shards", "--against", "b.lmdb").succeeded()
    try folder.run("show", "a.shards", "--output", "picture.png").succeeded()
    try folder.run("convert", "b.lmdb", "a.shards", "--replace", "--first", "3", "--quiet").succeeded()
    #expect(try shards("a.shards").count == 1)
    try folder.run("convert", "b.lmdb", "e.shards", "--layout", "encoded", "--quiet").succeeded()
    try folder.run("verify", "e.shards", "--against", "b.lmdb").succeeded()
    try folder.run("convert", "b.lmdb", "a.shards", "--quiet").failed(naming: "a.shards", "--append")
  }

  @Test func orphansAreRemoved() throws {
    try folder.run("convert", demoSet, "a.shards", "--first", "5", "--quiet").succeeded()
    try folder.run("convert", demoSet, "b.shards", "--first", "9", "--quiet").succeeded()
    let orphan = "a.shards/shards/00007-\(try #require(try shards("b.shards").first).dropFirst(6))"
    let other = "a.shards/shards/00008-0123456789abcdef.npz"
    let index = "a.shards/index-0123456789abcdef.npz"
    func addOrphan() throws {
      let shard = try #require(try shards("b.shards").first)
      try FileManager.default.copyItem(
        atPath: "\(folder.path)/b.shards/shards/\(shard)", toPath: "\(folder.path)/\(orphan)")
    }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder.path)/\(name)") }
    try addOrphan()
    // These have names of objects, and other contents.
    try folder.write([1], to: other)
    try folder.write([], to: index)
    try folder.run("verify", "a.shards").succeeded()
    #expect(exists(orphan))
    let outcome = try folder.run("verify", "a.shards", "--remove-orphans")
    outcome.succeeded()
    #expect(outcome.output.contains("removed 1 file"), "\(outcome.output)")
    #expect(!exists(orphan) && exists(other) && exists(index))
    // An append removes the same, and a data set that replaces this one must not take them along.
    try addOrphan()
    try folder.run("convert", demoSet, "a.shards", "--append", "--first", "2", "--quiet").succeeded()
    #expect(!exists(orphan) && exists(other) && exists(index))
    try folder.run("convert", demoSet, "a.shards", "--replace", "--quiet").failed(naming: "0123456789abcdef")
    #expect(exists(other) && exists(index))
    // Nothing is removed of what is damaged.
    try addOrphan()
    let shard = try #require(try shards("a.shards").first)
    try folder.write([1, 2, 3], to: "a.shards/shards/\(shard)")
    try folder.run("verify", "a.shards", "--remove-orphans").failed(naming: shard)
    #expect(exists(orphan))
  }

  @Test(arguments: [
    ["convert", demoSet, "a.npz", "--shard-size", "64MB"],
    ["convert", demoSet, "a.shards", "--shard-size", "0"],
    ["convert", demoSet, "a.shards", "--shard-size", "64XB"],
    ["convert", demoSet, "a.shards", "--layout", "flat"],
    ["convert", demoSet, "a.shards", "--compression", "small"], ["verify", demoSet, "--remove-orphans"],
    ["convert", demoSet, "s3://bucket/a", "--to", "lmdb"],
  ])
  func whatHasNoEffectIsWrongUsage(_ arguments: [String]) throws {
    #expect(try Tool.run(arguments, in: folder).status == 64)
    #expect(folder.names.isEmpty)
  }
}
