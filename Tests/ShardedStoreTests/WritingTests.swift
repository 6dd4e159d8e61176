import Foundation
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreSupport
import NPZStore
import ShardedStore
import Synchronization
import Testing

@Suite struct WritingTests {
  private let temporary = TemporaryFolder()
  private var path: String { "\(temporary.path)/set" }

  @Test(arguments: [false, true], ShardedStore.Layout.allCases)
  func everythingIsKept(mixed: Bool, layout: ShardedStore.Layout) throws {
    let images = try makeImages(100, mixed: mixed)
    let store = try ShardedStore.write(images, to: path, shardSize: 10_000, layout: layout)
    #expect(try difference(store, images) == nil)
    #expect(store.isZeroCopy == (layout == .arrays))
    #expect(store.format == (mixed ? nil : images.format))
    try store.verify()
    let names = try files(below: path)
    #expect(names.contains("manifest.json"))
    #expect(names.count { $0.hasPrefix("index") } == 1)
    let shards = names.filter { $0.hasPrefix("shards/") }
    #expect(shards.count > 3 && names.count == shards.count + 2)
    // Each is an archive as any other, named by its content, and about as large as was asked for.
    var first = 0
    for shard in shards {
      let bytes = try contents("\(path)/\(shard)")
      #expect(bytes.count < 16_000)
      let hash = unsafe SHA256.hexadecimal(SHA256.hash(of: bytes.span.bytes))
      #expect(shard.dropFirst("shards/00000-".count).hasPrefix(hash.prefix(16)))
      let part = try NPZStore(at: "\(path)/\(shard)")
      #expect(try difference(part, images.subset(first..<first + part.count)) == nil)
      first += part.count
    }
    #expect(first == 100)
    #expect(try ShardedStore.otherContents(at: path) == nil)
  }

  @Test func theCatalogueKnowsIt() throws {
    let images = try makeImages(20)
    try StoreCatalog.write(images, to: "\(path).shards")
    let store = try StoreCatalog.open(at: "\(path).shards")
    #expect(store is ShardedStore)
    #expect(try difference(store, images) == nil)
    // Encoded images are copied between stores as they are.
    let encoded = try ShardedStore.write(images, to: path, shardSize: 1000, layout: .encoded)
    let other = try ShardedStore.write(encoded, to: "\(path)-2", shardSize: 5000, layout: .encoded)
    #expect(encoded.hasEncodedImages && !store.hasEncodedImages)
    #expect(try difference(other, images) == nil)
  }

  @Test func nothingIsADataSetToo() throws {
    let store = try ShardedStore.write(to: path, classNames: ["a"]) { _ in }
    #expect(store.count == 0 && store.format == nil && store.classNames == ["a"])
    #expect(try store.labels() == nil)
    try store.verify()
    let images = try makeImages(3).renamingClasses(["cat": "a"])
    try ShardedStore.write(to: path, mode: .append, classNames: images.classNames) {
      try $0.append(contentsOf: images)
    }
    #expect(try difference(ShardedStore(at: path), images) == nil)
  }

  @Test func appendsAddShardsAndLeaveOthersAlone() throws {
    let images = try makeImages(90)
    try ShardedStore.write(images.subset(0..<50), to: path, shardSize: 4000)
    let before = try files(below: path)
    let bytes = try before.map { try contents("\(path)/\($0)") }
    let early = try ShardedStore(at: path)
    try ShardedStore.write(to: path, mode: .append, shardSize: 4000) { writer in
      try writer.append(contentsOf: images.subset(50..<70))
      try writer.commit()
      try writer.append(contentsOf: images.subset(70..<90))
    }
    let store = try ShardedStore(at: path)
    #expect(try difference(store, images) == nil)
    try store.verify()
    // A store that was opened before keeps its contents.
    #expect(try difference(early, images.subset(0..<50)) == nil)
    for (name, bytes) in zip(before, bytes) where name.hasPrefix("shards/") {
      #expect(try contents("\(path)/\(name)") == bytes, "\(name)")
    }
    // The index of before is not needed any more by who opens it now.
    #expect(try ShardedStore.removeOrphans(at: path).count == 1)
    #expect(try ShardedStore.removeOrphans(at: path) == [])
    #expect(try difference(ShardedStore(at: path), images) == nil)
    #expect(try files(below: path).count == store.shardCount + 2)
  }

  /// The first index has a name that anybody may use, and is removed for what it holds.
  @Test func anotherFileThatIsCalledAsTheFirstIndexStays() throws {
    let images = try makeImages(30)
    let mine = "\(path)/index.npz"
    try ShardedStore.write(images.subset(0..<10), to: path)
    try ShardedStore.write(to: path, mode: .append) { try $0.append(contentsOf: images.subset(10..<20)) }
    let replaced = try contents(mine)
    #expect(try ShardedStore.otherContents(at: path) == nil)
    // As many bytes, and others.
    try write(replaced.map { ~$0 }, mine)
    #expect(try ShardedStore.removeOrphans(at: path) == [])
    #expect(try ShardedStore.otherContents(at: path)?.contains("index.npz") == true)
    try ShardedStore.write(to: path, mode: .append) { try $0.append(contentsOf: images.subset(20..<30)) }
    #expect(try ShardedStore.removeOrphans(at: path).count == 1)
    #expect(try contents(mine) == replaced.map { ~$0 })
    #expect(code { _ = try ShardedStore.write(images, to: path, mode: .replace) } == .alreadyExists)
    #expect(try difference(ShardedStore(at: path), images) == nil)
    // What was replaced two appends ago is known still.
    try write(replaced, mine)
    #expect(try ShardedStore.removeOrphans(at: path) == ["index.npz"])
    #expect(try ShardedStore.otherContents(at: path) == nil)
    _ = try ShardedStore.write(images, to: path, mode: .replace)
  }

  @Test func largeImagesHaveShardsOfTheirOwn() throws {
    let images = try makeImages(5)
    let store = try ShardedStore.write(images, to: path, shardSize: 1)
    #expect(store.shardCount == 5)
    #expect(try difference(store, images) == nil)
    #expect(code { _ = try ShardedStore.write(images, to: "\(path)-2", shardSize: 0) } == .invalidArgument)
    #expect(FileSystem.kind(of: "\(path)-2") == nil)
  }

  @Test func whatABrokenOffAppendLeavesIsRemoved() throws {
    let images = try makeImages(30)
    try ShardedStore.write(images, to: path, shardSize: 4000)
    // The shards that an append would add are there, and its manifest is not.
    let other = "\(temporary.path)/other"
    try FileManager.default.copyItem(atPath: path, toPath: other)
    try ShardedStore.write(to: other, mode: .append, shardSize: 4000) { try $0.append(contentsOf: images) }
    let added = try files(below: other).filter { FileSystem.kind(of: "\(path)/\($0)") == nil }
    for name in added {
      try FileManager.default.copyItem(atPath: "\(other)/\(name)", toPath: "\(path)/\(name)")
    }
    try write([1], "\(path)/shards/.put-1-1.partial")
    #expect(try difference(ShardedStore(at: path), images) == nil)
    try ShardedStore(at: path).verify()
    // Appending the same continues from there.
    let third = "\(temporary.path)/third"
    try FileManager.default.copyItem(atPath: path, toPath: third)
    try ShardedStore.write(to: third, mode: .append, shardSize: 4000) { try $0.append(contentsOf: images) }
    #expect(try difference(ShardedStore(at: third), ConcatenatedStore([images, images])) == nil)
    #expect(try ShardedStore.orphans(in: LocalObjectFolder(third)).count == 1)
    // Removing takes what no manifest names, and nothing of anybody else.
    try write([1], "\(path)/shards/notes.txt")
    try write([1], "\(path)/shards/00009-0123456789abcde.npz")
    #expect(try ShardedStore.removeOrphans(at: path) == added)
    #expect(try difference(ShardedStore(at: path), images) == nil)
    #expect(FileSystem.kind(of: "\(path)/shards/notes.txt") == .file)
    #expect(FileSystem.kind(of: "\(path)/shards/00009-0123456789abcde.npz") == .file)
    #expect(FileSystem.kind(of: "\(path)/shards/.put-1-1.partial") == nil)
    #expect(code { try ShardedStore.removeOrphans(at: temporary.path) } == .notFound)
  }

  @Test func writersExcludeOneAnother() throws {
    let images = try makeImages(10)
    try ShardedStore.write(images, to: path)
    let writer = try ShardedStore.Writer(to: path, mode: .append)
    #expect(code { _ = try ShardedStore.Writer(to: path, mode: .append) } == .busy)
    #expect(code { try ShardedStore.removeOrphans(at: path) } == .busy)
    #expect(code { _ = try ShardedStore.Writer(to: path) } == .alreadyExists)
    try writer.finish()
    #expect(try difference(ShardedStore(at: path), images) == nil)
    // What is not all of it ours is not replaced.
    try write([1], "\(path)/notes.txt")
    #expect(code { _ = try ShardedStore.Writer(to: path, mode: .replace) } == .alreadyExists)
    try FileManager.default.removeItem(atPath: "\(path)/notes.txt")
    let replaced = try ShardedStore.write(images.subset(0..<3), to: path, mode: .replace)
    #expect(replaced.count == 3)
    #expect(code { _ = try ShardedStore.Writer(to: path, mode: .append, layout: .encoded) } == .unsupported)
  }

  /// If an upload ends for any reason, no data set appears, and the next one continues from there.
  @Test func uploadsGoOn() throws {
    let images = try makeImages(120)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let objects = try FakeObjects(path)
    func upload() throws {
      var writer = try ShardedStore.Writer(to: objects, shardSize: 4000, classNames: images.classNames)
      try writer.append(contentsOf: images)
      try writer.finish()
    }
    var sent: Set<String> = []
    for round in 2..<6 {
      objects.reset()
      objects.fault.withLock { $0 = { number, _ in number == round ? .fail : nil } }
      #expect(code { try upload() } == .system)
      #expect(try objects.state(of: "manifest.json") == nil)
      #expect(code { _ = try ShardedStore(in: objects) } == .notFound)
      let names = objects.counts.withLock { $0.uploads }
      #expect(sent.isDisjoint(with: names.prefix(round)))
      sent.formUnion(names.prefix(round))
    }
    objects.reset()
    objects.fault.withLock { $0 = { _, _ in nil } }
    try upload()
    let names = objects.counts.withLock { $0.uploads }
    #expect(sent.isDisjoint(with: names) && !names.isEmpty)
    let store = try ShardedStore(in: objects)
    #expect(try difference(store, images) == nil)
    #expect(try ShardedStore.orphans(in: objects) == [])
  }

  @Test func otherThingsAreSaid() throws {
    let images = try makeImages(30)
    try ShardedStore.write(images, to: path, shardSize: 4000)
    let shards = try files(below: path).filter { $0.hasPrefix("shards/") }
    let edited = try ShardedStore.edit(path) { store in
      try store.relabeled(images: [3: 2]).renamingClasses(["cat": "kitten"]).withoutColumns("raw")
    }
    let expected = try images.relabeled(images: [3: 2]).renamingClasses(["cat": "kitten"]).withoutColumns(
      "raw")
    #expect(try difference(edited, expected) == nil)
    #expect(try files(below: path).filter { $0.hasPrefix("shards/") } == shards)
    try edited.verify()
    let fewer = try ShardedStore.remove([0, 7, 29], from: path)
    #expect(fewer.count == 27 && fewer.shardCount > 1)
    try fewer.verify()
  }

  /// Places that are not folders of this machine are written through the protocol alone.
  @Test func objectsAreWritten() throws {
    let images = try makeImages(40)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let folder = try LocalObjectFolder(path)
    func append(_ part: any ImageStore, _ mode: WriteMode) throws {
      var writer = try ShardedStore.Writer(
        to: folder, mode: mode, shardSize: 4000, classNames: part.classNames)
      try writer.append(contentsOf: part)
      try writer.finish()
    }
    try append(images.subset(0..<30), .create)
    #expect(code { try append(images, .create) } == .alreadyExists)
    try append(images.subset(30..<40), .append)
    #expect(try difference(ShardedStore(at: path), images) == nil)
    // One of two that began with the same manifest is too late, and changes nothing.
    var late = try ShardedStore.Writer(to: folder, mode: .append)
    try late.append(contentsOf: images.subset(0..<1))
    let manifest = try contents("\(path)/manifest.json")
    _ = try folder.put(manifest, as: "manifest.json", if: .always)
    do {
      try late.finish()
      Issue.record("a manifest was overwritten")
    } catch {
      #expect(error.code == .busy)
    }
    #expect(try difference(ShardedStore(at: path), images) == nil)
    #expect(try ShardedStore.removeOrphans(in: folder).count == 3)
    // Replacing removes the objects of the data set that was there.
    try append(images.subset(0..<5), .replace)
    #expect(try difference(ShardedStore(at: path), images.subset(0..<5)) == nil)
    #expect(try folder.names(startingWith: "").count == 3)
    #expect(try ShardedStore.otherContents(at: path) == nil)
  }
}
