import ImageStoreCore
import ImageStoreSupport
import Testing

@Suite struct FileTests {
  @Test func aMapHasTheBytesOfItsFile() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try FileSystem.write(bytes, toNewFile: "\(folder.path)/a")
    let map = try MappedFile("\(folder.path)/a")
    #expect(map.byteCount == 10_000)
    #expect(unsafe Array(map.bytes) == bytes)
    #expect(unsafe map.bytes(at: 9_990, count: 10).map { unsafe Array($0) } == Array(bytes[9_990...]))
    #expect(unsafe map.bytes(at: 9_991, count: 10) == nil)
    #expect(unsafe map.bytes(at: -1, count: 2) == nil)
    #expect(unsafe map.bytes(at: 1, count: Int.max) == nil)
    #expect(map.identity == FileIdentity(ofPath: "\(folder.path)/a"))
  }

  @Test func anEmptyFileMaps() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write([], toNewFile: "\(folder.path)/a")
    #expect(try MappedFile("\(folder.path)/a").byteCount == 0)
  }

  @Test func foldersAndMissingFilesAreNotMapped() throws {
    let folder = try TemporaryFolder()
    #expect(#expect(throws: StoreError.self) { _ = try MappedFile(folder.path) }?.code == .unrecognized)
    let missing = #expect(throws: StoreError.self) { _ = try MappedFile("\(folder.path)/no") }
    #expect(missing?.code == .notFound)
    #expect(missing?.description.hasPrefix("\(folder.path)/no: ") == true)
  }

  @Test func contentsAreBounded() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write([1, 2, 3], toNewFile: "\(folder.path)/a")
    #expect(try FileSystem.contents(of: "\(folder.path)/a", limit: 3) == [1, 2, 3])
    let error = #expect(throws: StoreError.self) {
      _ = try FileSystem.contents(of: "\(folder.path)/a", limit: 2)
    }
    #expect(error?.code == .limitExceeded)
  }

  @Test func pathsAreSplit() {
    #expect(FileSystem.split("/a/b.npz") == ("/a", "b.npz"))
    #expect(FileSystem.split("b.npz") == (".", "b.npz"))
    #expect(FileSystem.split("/b/") == ("/", "b"))
    #expect(FileSystem.split("a/b//") == ("a", "b"))
  }
}
