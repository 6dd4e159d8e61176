#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import ObjectStorage

/// What holds of a folder of any engine.
enum FolderCheck {
  static func all(_ folder: any ObjectFolder, partsAtLeast count: Int = 3) throws {
    try objects(folder)
    try conditions(folder)
    try lists(folder)
    try uploads(folder, count)
  }

  private static func objects(_ folder: any ObjectFolder) throws {
    let bytes = patternedBytes(300_000)
    // Whatever a name has.
    for name in ["a.bin", "shards/00000-1f3a9c.npz", "with space/+&=?#%~(1).bin", "\u{e9}/\u{1F600}.bin"] {
      #expect(try folder.state(of: name) == nil)
      #expect(try folder.contents(of: name, limit: 100) == nil)
      let written = try folder.put(bytes, as: name, if: .always)
      #expect(written.byteCount == bytes.count)
      let state = try #require(try folder.state(of: name))
      #expect(state == written)
      let (found, same) = try #require(try folder.contents(of: name, limit: bytes.count))
      #expect(found == bytes)
      #expect(same == state)
      for range in [0..<1, 0..<bytes.count, 299_999..<300_000, 1000..<200_000, 77..<77] {
        #expect(try folder.read(range, of: name, expecting: state) == Array(bytes[range]))
        #expect(try folder.read(range, of: name) == Array(bytes[range]))
      }
      let error = #expect(throws: StoreError.self) { try folder.contents(of: name, limit: bytes.count - 1) }
      #expect(error?.code == .limitExceeded)
      #expect(error?.description.contains(name) == true)
      #expect(throws: StoreError.self) { try folder.read(0..<300_001, of: name, expecting: state) }
      try folder.remove(name)
      #expect(try folder.state(of: name) == nil)
      try folder.remove(name)
    }
    #expect(try folder.put([], as: "empty", if: .always).byteCount == 0)
    #expect(try folder.contents(of: "empty", limit: 0)?.bytes == [])
    try folder.remove("empty")
    // One that has changed, and one that is gone.
    let first = try folder.put(bytes, as: "changing", if: .always)
    _ = try folder.put(bytes.reversed(), as: "changing", if: .always)
    let changed = #expect(throws: StoreError.self) {
      try folder.read(0..<10, of: "changing", expecting: first)
    }
    let isRemote = folder.localPath == nil
    #expect(
      !isRemote || changed?.description.contains("removed or changed") == true,
      "\(String(describing: changed))")
    try folder.remove("changing")
    let gone = #expect(throws: StoreError.self) { try folder.read(0..<10, of: "changing", expecting: first) }
    #expect(
      !isRemote || gone?.description.contains("removed or changed") == true, "\(String(describing: gone))")
  }

  private static func conditions(_ folder: any ObjectFolder) throws {
    let name = "manifest.json"
    let first = try folder.put([1], as: name, if: .absent)
    #expect(
      #expect(throws: StoreError.self) { try folder.put([2], as: name, if: .absent) }?.code == .alreadyExists)
    #expect(try folder.contents(of: name, limit: 9)?.bytes == [1])
    let second = try folder.put([2, 2], as: name, if: .unchanged(first))
    #expect(
      #expect(throws: StoreError.self) { try folder.put([3], as: name, if: .unchanged(first)) }?.code == .busy
    )
    #expect(try folder.contents(of: name, limit: 9)?.bytes == [2, 2])
    try folder.remove(name)
    #expect(
      #expect(throws: StoreError.self) { try folder.put([3], as: name, if: .unchanged(second)) }?.code
        == .busy)
    #expect(try folder.state(of: name) == nil)
  }

  private static func lists(_ folder: any ObjectFolder) throws {
    #expect(try folder.names(startingWith: "") == [])
    let names = (0..<11).map { "shards/\($0)&<\u{e9}>.npz" } + ["shards-x", "a"]
    for name in names { _ = try folder.put([0], as: name, if: .always) }
    let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(try folder.names(startingWith: "") == sorted)
    #expect(try folder.names(startingWith: "shards/") == sorted.filter { $0.hasPrefix("shards/") })
    #expect(try folder.names(startingWith: "shards/1") == sorted.filter { $0.hasPrefix("shards/1") })
    #expect(try folder.names(startingWith: "none") == [])
    for name in names { try folder.remove(name) }
  }

  private static func uploads(_ folder: any ObjectFolder, _ parts: Int) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "upload-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    for count in [0, 1000, (8 << 20) * (parts - 1) + 12_345] {
      let bytes = patternedBytes(count, seed: UInt64(count))
      #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
      let progress = Progress()
      try folder.upload(path, as: "shards/\(count)") { progress.set($0) }
      #expect(progress.last == count)
      #expect(try folder.contents(of: "shards/\(count)", limit: count)?.bytes == bytes)
      // It is there: nothing is sent.
      try folder.upload(path, as: "shards/\(count)") { progress.set($0) }
      try folder.remove("shards/\(count)")
    }
  }

  private final class Progress: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func set(_ value: Int) { lock.withLock { count = max(count, value) } }
    var last: Int { lock.withLock { count } }
  }
}
#endif
