import Foundation
import ImageStoreCore
import ImageStoreSupport
import Synchronization
import Testing

@Suite struct LocalObjectFolderTests {
  private let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  private var path: String { temporary.path }

  private func makeFolder() throws -> LocalObjectFolder { try LocalObjectFolder(path) }

  /// What a fetch delivers.
  private func fetched(
    _ range: Range<Int>, of name: String, from folder: LocalObjectFolder, expecting state: ObjectState? = nil
  ) throws -> [UInt8] {
    let memory = try PixelMemory(capacity: range.count)
    let done = DispatchSemaphore(value: 0)
    let failure = Mutex<StoreError?>(nil)
    folder.fetch(range, of: name, expecting: state, into: memory) { error in
      failure.withLock { $0 = error }
      done.signal()
    }
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    return [UInt8](copying: memory.span)
  }

  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }

  @Test func objectsAreWrittenAndRead() throws {
    let folder = try makeFolder()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    let written = try folder.put(bytes, as: "shards/0/a.npz", if: .always)
    #expect(written.byteCount == bytes.count)
    #expect(try folder.state(of: "shards/0/a.npz") == written)
    let found = try #require(try folder.contents(of: "shards/0/a.npz", limit: 100_000))
    #expect(found.bytes == bytes && found.state == written)
    #expect(code { _ = try folder.contents(of: "shards/0/a.npz", limit: 99_999) } == .limitExceeded)
    for range in [0..<0, 0..<1, 5..<70_000, 99_999..<100_000, 0..<100_000] {
      #expect(
        try fetched(range, of: "shards/0/a.npz", from: folder, expecting: written) == Array(bytes[range]))
    }
    #expect(code { _ = try fetched(99_999..<100_001, of: "shards/0/a.npz", from: folder) } == .corrupt)
    #expect(code { _ = try fetched(0..<1, of: "shards/0/b.npz", from: folder) } == .notFound)
    #expect(code { _ = try fetched(0..<1, of: "other/b.npz", from: folder) } == .notFound)
    #expect(try folder.state(of: "none") == nil && folder.state(of: "no/folder/either") == nil)
    #expect(try folder.contents(of: "none", limit: 1) == nil)
    _ = try folder.put([1], as: "shards/0/a.npz", if: .always)
    #expect(
      code { _ = try fetched(0..<1, of: "shards/0/a.npz", from: folder, expecting: written) } == .corrupt)
  }

  @Test func manyFetchesAreUnderWayAtOnce() throws {
    let folder = try makeFolder()
    let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 / 16) }
    _ = try folder.put(bytes, as: "a", if: .always)
    let done = DispatchGroup()
    let wrong = Atomic(0)
    for number in 0..<500 {
      let range = number * 8..<number * 8 + 8
      let memory = try PixelMemory(capacity: 8)
      done.enter()
      folder.fetch(range, of: "a", expecting: nil, into: memory) { error in
        if error != nil || [UInt8](copying: memory.span) != Array(bytes[range]) {
          wrong.add(1, ordering: .relaxed)
        }
        done.leave()
      }
    }
    done.wait()
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test func conditionsHold() throws {
    let folder = try makeFolder()
    let first = try folder.put([1], as: "a", if: .absent)
    #expect(code { _ = try folder.put([2], as: "a", if: .absent) } == .alreadyExists)
    let second = try folder.put([2, 3], as: "a", if: .unchanged(first))
    #expect(code { _ = try folder.put([4], as: "a", if: .unchanged(first)) } == .busy)
    #expect(code { _ = try folder.put([4], as: "b", if: .unchanged(first)) } == .busy)
    #expect(try folder.contents(of: "a", limit: 9)?.bytes == [2, 3])
    #expect(try folder.state(of: "a") == second)
    // Nothing is left of what was refused.
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["a"])
  }

  /// Of many that see an object as it was, one writes it.
  @Test func oneOfManyWritersWins() throws {
    let folder = try makeFolder()
    let before = try folder.put([0], as: "a", if: .always)
    let winners = Mutex<[UInt8]>([])
    let path = path
    DispatchQueue.concurrentPerform(iterations: 16) { number in
      guard let other = try? LocalObjectFolder(path) else { return }
      let byte = UInt8(number + 1)
      if (try? other.put([byte], as: "a", if: .unchanged(before))) != nil {
        winners.withLock { $0.append(byte) }
      }
    }
    let won = winners.withLock { $0 }
    #expect(won.count == 1)
    #expect(try folder.contents(of: "a", limit: 1)?.bytes == won)
  }

  @Test func namesAreListedAndRemoved() throws {
    let folder = try makeFolder()
    for name in ["b", "a/2", "a/10", "a/b/c", "ab", "A"] { _ = try folder.put([0], as: name, if: .always) }
    // What is neither a file nor a folder is not an object.
    try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "b")
    #expect(try folder.names(startingWith: "") == ["A", "a/10", "a/2", "a/b/c", "ab", "b"])
    #expect(try folder.names(startingWith: "a") == ["a/10", "a/2", "a/b/c", "ab"])
    #expect(try folder.names(startingWith: "a/") == ["a/10", "a/2", "a/b/c"])
    #expect(try folder.names(startingWith: "a/b/") == ["a/b/c"])
    #expect(try folder.names(startingWith: "x/") == [])
    try folder.remove("a/2")
    try folder.remove("a/2")
    try folder.remove("none/2")
    #expect(code { try folder.remove("a") } == .unrecognized)
    #expect(try folder.names(startingWith: "a/") == ["a/10", "a/b/c"])
  }

  @Test(arguments: [
    "", "/", "/etc/x", "..", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "a\0b", ".put-1-1.partial",
  ]) func namesDoNotLeadOut(name: String) throws {
    let folder = try makeFolder()
    #expect(code { _ = try folder.put([1], as: name, if: .always) } == .invalidArgument)
    #expect(code { _ = try folder.contents(of: name, limit: 1) } == .invalidArgument)
    #expect(code { _ = try folder.state(of: name) } == .invalidArgument)
    #expect(code { try folder.remove(name) } == .invalidArgument)
    #expect(code { _ = try fetched(0..<1, of: name, from: folder) } == .invalidArgument)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
  }

  @Test func linksDoNotLeadOut() throws {
    let outside = try TemporaryFolder()
    try Data([7]).write(to: URL(filePath: "\(outside.path)/secret"))
    try FileManager.default.createSymbolicLink(atPath: "\(path)/folder", withDestinationPath: outside.path)
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/file", withDestinationPath: "\(outside.path)/secret")
    let folder = try makeFolder()
    for name in ["folder/secret", "file"] {
      #expect(code { _ = try folder.contents(of: name, limit: 9) } != nil)
      #expect(code { _ = try fetched(0..<1, of: name, from: folder) } != nil)
      #expect(code { _ = try folder.put([1], as: name, if: .always) } != nil)
      #expect(code { try folder.remove(name) } != nil)
    }
    #expect(try folder.names(startingWith: "") == [])
    #expect(try Data(contentsOf: URL(filePath: "\(outside.path)/secret")) == Data([7]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["secret"])
  }

  @Test func filesAreUploadedOnce() throws {
    let source = "\(path)/source.bin"
    let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 999) }
    try Data(bytes).write(to: URL(filePath: source))
    try FileManager.default.createDirectory(atPath: "\(path)/objects", withIntermediateDirectories: false)
    let folder = try LocalObjectFolder("\(path)/objects")
    let steps = Mutex<[Int]>([])
    try folder.upload(source, as: "shards/a") { count in steps.withLock { $0.append(count) } }
    #expect(steps.withLock { $0 } == [4 << 20, bytes.count])
    let state = try folder.state(of: "shards/a")
    #expect(try folder.contents(of: "shards/a", limit: bytes.count)?.bytes == bytes)
    try folder.upload(source, as: "shards/a") { _ in }
    #expect(try folder.state(of: "shards/a") == state)
    #expect(code { try folder.upload("\(path)/none", as: "b") { _ in } } == .notFound)
  }

  @Test func whatDeadWritersLeftIsRemoved() throws {
    let folder = try makeFolder()
    _ = try folder.put([1], as: "a/b", if: .always)
    for name in [".put-1-1.partial", "a/.put-99-7.partial"] {
      try Data([1]).write(to: URL(filePath: "\(path)/\(name)"))
    }
    #expect(try folder.names(startingWith: "") == ["a/b"])
    // What is being written is locked.
    let alive = try File("\(path)/.put-1-2.partial", .create)
    try alive.lockForWriting()
    try folder.removeLeftovers(besidesIn: ["a"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [".put-1-2.partial", "a"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/a") == ["b"])
    withExtendedLifetime(alive) {}
  }
}
