import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

/// A file that grows, of a made-up format: its first byte says how many bytes count.
@Suite struct AppendableFileTests {
  private typealias Target = AppendableFile<InMemoryStore>

  private func open(_ path: String, _ mode: WriteMode, file name: String? = nil) throws -> Target {
    try Target.open(path, file: name, mode: mode, otherContents: { _ in nil }) {
      (path, file) throws(StoreError) in
      let store = try InMemoryStore.Writer().finish()
      let end = Int(try file.contents(limit: 100).first ?? 0)
      return Target.Old(store, file: try file.identity(), end: end)
    }
  }

  private func write(_ text: String, to target: Target, at offset: Int) throws {
    try unsafe target.write(Array(text.utf8).span.bytes, at: offset)
  }

  private func contents(_ path: String) throws -> String {
    String(decoding: try FileSystem.contents(of: path, limit: 100).dropFirst(), as: UTF8.self)
  }

  /// Makes a store of the text `one`.
  private func create(_ path: String, file name: String? = nil) throws {
    let target = try open(path, .create, file: name)
    #expect(target.old == nil)
    try write("one", to: target, at: 1)
    #expect(FileSystem.kind(of: path) == nil)
    try target.commit([4], at: 0)
  }

  @Test(arguments: [nil, "images"])
  func whatIsAppendedCountsOnceItIsCommitted(name: String?) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store"
    let file = name.map { "\(path)/\($0)" } ?? path
    try create(path, file: name)
    #expect(try contents(file) == "one")
    do {
      let target = try open(path, .append, file: name)
      #expect(target.old?.end == 4)
      try write("two", to: target, at: 4)
      #expect(throws: StoreError.self) { _ = try open(path, .append, file: name) }
    }
    #expect(try contents(file) == "one", "a dropped writer's bytes are cut off")
    let target = try open(path, .append, file: name)
    try write("three", to: target, at: 4)
    var isDone = false
    try target.commit([9], at: 0, then: { isDone = true })
    #expect(try isDone && contents(file) == "onethree")
  }

  @Test func onlyWhatAWriterOfOursLeftIsCutOff() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store"
    try create(path)
    try? FileManager.default.removeItem(atPath: path)
    try FileSystem.write([4] + Array("onedead".utf8), toNewFile: path)
    let target = try open(path, .append)
    #expect {
      try target.removeLeftovers { $0 != 4..<8 }
    } throws: {
      ($0 as? StoreError)?.code == .unsupported
    }
    #expect(try contents(path) == "onedead")
    try target.removeLeftovers { $0 == 4..<8 }
    #expect(try contents(path) == "one")
  }

  @Test func whatAnotherProgramWroteStays() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store"
    try create(path)
    do {
      let target = try open(path, .append)
      try write("two", to: target, at: 4)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("theirs".utf8))
      #expect {
        try target.commit([7], at: 0)
      } throws: {
        ($0 as? StoreError)?.code == .busy
      }
    }
    #expect(try contents(path) == "onetwotheirs", "neither counted nor cut off")
  }

  @Test func whatIsNotWrittenMustBeAsItWas() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store"
    try create(path)
    do {
      let target = try open(path, .append)
      try write("two", to: target, at: 4)
      #expect(throws: StoreError.self) { try target.commit([7], at: 0, isUnchanged: { false }) }
    }
    #expect(try contents(path) == "one")
  }
}
