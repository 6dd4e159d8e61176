import Foundation
import ImageStoreCore
import Testing

@testable import HDF5Store

/// The checksum of what libhdf5 reads.
@Suite struct MetadataChecksumTests {
  @Test(arguments: Compression.allCases)
  func noDamagedMetadataReachesTheLibrary(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(70, to: path, compression)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    // The superblock, the groups and headers after it, and the checksum with its end.
    let places = Array(0..<400) + Array(Self.statedEnd(of: whole)..<whole.count)
    for place in places {
      var bytes = whole
      bytes[place] ^= 1 << UInt8(place % 8)
      try Data(bytes).write(to: URL(filePath: path))
      for open in [{ _ = try HDF5Store(at: path) }, { _ = try HDF5Store.splits(at: path) }] {
        let error = try #require(throws: StoreError.self, "byte \(place)") { try open() }
        #expect(error.code != .system && error.path == path, "byte \(place)")
      }
    }
  }

  /// Files of releases before the mark near the start are known by the names in them.
  @Test func aChecksumWithoutAnEndIsMissed() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(70, to: path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let mark = try #require((0..<2000).first { whole[$0...].starts(with: MetadataChecksum.magic) })
    for isOld in [false, true] {
      var bytes = whole
      if isOld { bytes[mark] = 0 }
      bytes[bytes.count - 3] = 0
      try Data(bytes).write(to: URL(filePath: path))
      let error = try #require(throws: StoreError.self) { _ = try HDF5Store(at: path) }
      #expect(error.code == .corrupt && error.description.contains("checksum"))
    }
  }

  /// libhdf5 cuts off the bytes after the end when another program writes to the file.
  @Test func aFileWithoutAChecksumIsRead() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(10, to: path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    #expect(whole.suffix(12).elementsEqual("image-stores".utf8))
    #expect(Self.statedEnd(of: whole) < whole.count)
    try LibraryFiles.edit(path) { _, _ in }
    let edited = try [UInt8](Data(contentsOf: URL(filePath: path)))
    #expect(edited.count == Self.statedEnd(of: whole))
    let store = try HDF5Store(at: path)
    #expect(try store.bytes() == (0..<10).flatMap(WriterTests.image))
    try store.verify { _ in }
  }

  /// What the superblock has in bytes 40 to 47.
  private static func statedEnd(of file: [UInt8]) -> Int {
    file[40..<48].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
