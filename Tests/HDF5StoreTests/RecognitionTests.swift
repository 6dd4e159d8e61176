import CImageStoreHDF5
import Foundation
import ImageStoreCore
import ImageStorePlatform
import Testing

@testable import HDF5Store

/// What is taken for a file of this package, which a replacement may throw away.
@Suite struct RecognitionTests {
  @Test(arguments: Compression.allCases)
  func storesAreKnownHoweverDamaged(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(70, to: path, compression)
    #expect(try HDF5Store.otherContents(at: path) == nil)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    for place in Array(stride(from: 0, to: whole.count, by: 37)) + Array(whole.count - 12..<whole.count) {
      var bytes = whole
      bytes[place] ^= 0x10
      try Data(bytes).write(to: URL(filePath: path))
      #expect(try HDF5Store.otherContents(at: path) == nil, "byte \(place)")
    }
    for length in [whole.count - 1, whole.count / 2, 2000] {
      try Data(whole[..<length]).write(to: URL(filePath: path))
      #expect(try HDF5Store.otherContents(at: path) == nil, "\(length) bytes")
    }
  }

  @Test func whatIsNoStoreOfThisPackageIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/other"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(try HDF5Store.otherContents(at: path) == "a folder")
    try FileManager.default.removeItem(atPath: path)
    for contents in ["", "a letter", String(repeating: "x", count: 10_000)] {
      try Data(contents.utf8).write(to: URL(filePath: path))
      #expect(try HDF5Store.otherContents(at: path) == "not an HDF5 file")
    }
    try LibraryFiles.create(path) { _, file in LibraryFiles.plain(file) }
    #expect(try HDF5Store.otherContents(at: path) == "an HDF5 file that this package did not write")
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .replace) }
    #expect(error.code == .alreadyExists && error.description.contains("did not write"))
    var writer = try HDF5Store.Writer(to: path, mode: .replaceAnything)
    try WriterTests.append(0..<2, &writer)
    try writer.finish()
    #expect(try HDF5Store(at: path).count == 2)
  }

  /// A library that writes to a file cuts its checksum off; with nothing else changed it is still a store.
  @Test func aStoreThatOthersOpenedIsStillOne() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HeldTests.write(9, to: path)
    try LibraryFiles.edit(path) { _, _ in }
    #expect(try !LibraryFile(path).hasMetadataChecksum)
    #expect(try HDF5Store.otherContents(at: path) == nil)
    try HeldTests.write(1, to: path, .append, from: 9)
    #expect(try LibraryFile(path).hasMetadataChecksum)
    try LibraryFiles.edit(path) { _, file in
      let labels = unsafe H5Dopen2(file, "labels", CHDF5_default())
      LibraryFiles.write((0..<10).map { Int64($0 + 1) }, labels, CHDF5_int64())
      H5Dclose(labels)
    }
    let found = try HDF5Store.otherContents(at: path)
    #expect(found?.contains("another program has changed") == true)
  }

  /// A later version of this package may write another layout, which this one must not take for its
  /// own; files of others may have a version of something else.
  @Test func aLaterVersionIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HeldTests.write(9, to: path)
    func setVersion() throws {
      try LibraryFiles.edit(path) { session, file in
        let root = try session.handle(unsafe H5Gopen2(file, "/", CHDF5_default()), "opening the root")
        unsafe H5Adelete(root.id, DatasetNames.formatVersion)
        try session.writeAttribute(DatasetNames.formatVersion, of: root, UInt32(2))
      }
    }
    try setVersion()
    for open in [
      { _ = try HDF5Store(at: path) }, { _ = try HDF5Store(at: path, images: "images") },
      { _ = try HDF5Store.Writer(to: path, mode: .append) },
    ] {
      let error = try #require(throws: StoreError.self) { try open() }
      #expect(error.code == .unsupported && error.path == path, "\(error)")
      #expect(error.description.contains("version 2") && error.description.contains("reads version 1"))
    }
    try LibraryFiles.create(path) { _, file in LibraryFiles.plain(file) }
    try setVersion()
    let store = try HDF5Store(at: path)
    #expect(store.count == 3 && store.checksumCoverage == .noImages)
    try store.verify()
  }

  @Test func whatIsNoPlainFileIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/pipe.h5"
    #expect(unsafe mkfifo(path, 0o600) == 0)
    for refused in [path, folder.path, "/dev/null", "/dev/zero"] {
      for error in [
        try #require(throws: StoreError.self) { _ = try HDF5Store(at: refused) },
        try #require(throws: StoreError.self) { _ = try HDF5Store.splits(at: refused) },
      ] {
        #expect(error.code == .unrecognized && error.path == refused)
      }
    }
    #expect(try HDF5Store.otherContents(at: path) == "neither a file nor a folder")
    #expect(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .replace) }
  }
}
