import Foundation
import HDF5Store
import ImageStoreCore
import Testing

/// The checksum of what libhdf5 reads.
@Suite struct SealTests {
  @Test(arguments: Compression.allCases)
  func noDamagedMetadataReachesTheLibrary(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(70, to: path, compression)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let pixels = (0..<70).flatMap(WriterTests.image)
    var refused = 0
    // The superblock, the groups and headers after it, and the seal.
    let places = Array(0..<400) + Array(Self.statedEnd(of: whole)..<whole.count)
    for place in places {
      var bytes = whole
      bytes[place] ^= 1 << UInt8(place % 8)
      try Data(bytes).write(to: URL(filePath: path))
      do {
        let store = try HDF5Store(at: path)
        #expect(try store.bytes() == pixels, "byte \(place)")
      } catch let error as StoreError {
        #expect(error.code != .system && error.path == path)
        refused += 1
      }
    }
    // All but the twelve bytes that say that there is a seal.
    #expect(refused == places.count - 12)
  }

  /// libhdf5 cuts off what stands behind the end when another program writes to the file.
  @Test func aFileWithoutASealIsRead() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(10, to: path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    #expect(whole.suffix(12).elementsEqual("image-stores".utf8))
    #expect(Self.statedEnd(of: whole) < whole.count)
    try Data(whole.prefix(Self.statedEnd(of: whole))).write(to: URL(filePath: path))
    let store = try HDF5Store(at: path)
    #expect(try store.bytes() == (0..<10).flatMap(WriterTests.image))
    try store.verify { _ in }
  }

  /// What the superblock has in bytes 40 to 47.
  private static func statedEnd(of file: [UInt8]) -> Int {
    file[40..<48].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
