import FileStore
import HDF5Store
import ImageStoreReliability
import ImageStoreSupport
import LMDBStore
import NPZStore
import PackedBitStore
import Testing

/// `write(to:)` with a closure: a store if it returns, and nothing if it throws.
@Suite struct ScopedWritingTests {
  static let format = ImageFormat(height: 3, width: 5, elementType: .bool)
  static let pixels: [UInt8] = (0..<15).map { $0 % 2 }

  struct OwnError: Error {}

  /// Appends three images, and throws then if told to.
  static func append(_ writer: inout some ImageStoreWriter & ~Copyable, failing: Bool) throws {
    for label in 0..<3 { try writer.append(pixels, format: format, label: label) }
    if failing { throw OwnError() }
  }

  struct Backend: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let write: @Sendable (_ path: String, _ mode: WriteMode, _ failing: Bool) throws -> any ImageStore
    let open: @Sendable (_ path: String) throws -> any ImageStore
  }

  static let names: [String]? = ["a", "b", "c"]
  static let backends = [
    Backend(
      testDescription: "FileStore",
      write: { path, mode, failing in
        try FileStore.write(to: path, mode: mode, classNames: names, threads: 1) {
          try append(&$0, failing: failing)
        }
      }, open: { try FileStore(at: $0) }),
    Backend(
      testDescription: "LMDBStore",
      write: { path, mode, failing in
        try LMDBStore.write(to: path, mode: mode, classNames: names, threads: 1) {
          try append(&$0, failing: failing)
        }
      }, open: { try LMDBStore(at: $0) }),
    Backend(
      testDescription: "HDF5Store",
      write: { path, mode, failing in
        try HDF5Store.write(to: path, mode: mode, classNames: names, threads: 1) {
          try append(&$0, failing: failing)
        }
      }, open: { try HDF5Store(at: $0) }),
    Backend(
      testDescription: "NPZStore",
      write: { path, mode, failing in
        try NPZStore.write(to: path, mode: mode, classNames: names, threads: 1) {
          try append(&$0, failing: failing)
        }
      }, open: { try NPZStore(at: $0) }),
    Backend(
      testDescription: "PackedBitStore",
      write: { path, mode, failing in
        try PackedBitStore.write(to: path, mode: mode, classNames: names, threads: 1) {
          try append(&$0, failing: failing)
        }
      }, open: { try PackedBitStore(at: $0) }),
  ]

  @Test(arguments: backends)
  func writesAndOpens(_ backend: Backend) throws {
    let folder = try WorkFolder()
    let store = try backend.write("\(folder.path)/store", .create, false)
    #expect(try store.labels() == [0, 1, 2] && store.pixels(at: 2) == Self.pixels)
    #expect(store.classNames == Self.names && store.format == Self.format)
    let more = try backend.write("\(folder.path)/store", .append, false)
    #expect(try more.labels() == [0, 1, 2, 0, 1, 2])
  }

  @Test(arguments: backends)
  func leavesNothingOnAThrow(_ backend: Backend) throws {
    let folder = try WorkFolder()
    #expect(throws: OwnError.self) { try backend.write("\(folder.path)/store", .create, true) }
    #expect(try FileSystem.names(in: folder.path) == [])
  }

  @Test(arguments: backends, [WriteMode.replace, .append])
  func leavesWhatWasThereOnAThrow(_ backend: Backend, mode: WriteMode) throws {
    let folder = try WorkFolder()
    let path = "\(folder.path)/store"
    _ = try backend.write(path, .create, false)
    #expect(throws: OwnError.self) { try backend.write(path, mode, true) }
    #expect(try FileSystem.names(in: folder.path) == ["store"])
    #expect(try backend.open(path).labels() == [0, 1, 2])
  }
}
