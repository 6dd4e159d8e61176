import CImageStoreHDF5
import Foundation
import ImageStoreCore
import Testing

@testable import HDF5Store

/// What a store says that it has checksums of, and whether it then finds damage.
@Suite struct ChecksumCoverageTests {
  /// Ten images in chunks of three with a Fletcher-32.
  private static func write(
    _ path: String, written: Int = 10, chunk: [Int] = [3, 4, 5],
    _ change: (_ creation: hid_t) -> Void = { _ in }
  ) throws {
    try LibraryFiles.create(path) { _, file in
      let images = LibraryFiles.dataset(
        "images", file, CHDF5_uint8(), shape: [10, 4, 5], chunk: chunk
      ) { creation in
        change(creation)
        #expect(H5Pset_fletcher32(creation) >= 0)
      }
      if written > 0 {
        LibraryFiles.write(
          (0..<written * 20).map { UInt8(truncatingIfNeeded: $0) }, images, CHDF5_uint8(), from: [0, 0, 0],
          count: [written, 4, 5])
      }
      H5Dclose(images)
    }
  }

  @Test func storesOfThisPackageHaveThemOfAllImages() throws {
    let folder = try TemporaryFolder()
    for compression in Compression.allCases {
      let path = "\(folder.path)/\(compression).h5"
      try WriterTests.write(5, to: path, compression)
      #expect(try HDF5Store(at: path).checksumCoverage == .allImages)
    }
    #expect(try HDF5Store(at: Fixtures.path("uint8.h5")).checksumCoverage == .noImages)
  }

  @Test func chunksWithAFletcher32AreCovered() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/fletcher.h5"
    try Self.write(path)
    let store = try HDF5Store(at: path)
    #expect(store.checksumCoverage == .allImages)
    try store.verify([9, 0, 9].span)
    guard case .chunked(let pixels, _) = store.images else { throw StoreError(.notFound, "chunks") }
    var bytes = try Data(contentsOf: URL(filePath: path))
    // Image 4 is in the second chunk.
    bytes[pixels.table.entries[1].offset + 25] ^= 1
    try bytes.write(to: URL(filePath: path))
    let damaged = try HDF5Store(at: path)
    try damaged.verify([0, 1, 2, 6, 9].span)
    for verify in [
      { try damaged.verify([0, 4].span) }, { try damaged.verify() },
      { _ = try damaged.verifyingReads().read([4]) },
    ] {
      let error = try #require(throws: StoreError.self) { try verify() }
      #expect(error.code == .corrupt && error.description.contains("Fletcher-32"), "\(error)")
    }
    #expect(throws: StoreError.self) { try damaged.verify([10].span) }
  }

  @Test func someAreCovered() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/some.h5"
    // What was never written has no checksum.
    try Self.write(path, written: 3)
    #expect(try HDF5Store(at: path).checksumCoverage == .someImages)
    try Self.write(path, written: 0)
    #expect(try HDF5Store(at: path).checksumCoverage == .noImages)
    // Chunks that cut images apart must all have one.
    try Self.write(path, chunk: [3, 2, 5])
    #expect(try HDF5Store(at: path).checksumCoverage == .allImages)
    // A filter that only the library has.
    try Self.write(path) { #expect(H5Pset_scaleoffset($0, H5Z_SO_INT, 0) >= 0) }
    let store = try HDF5Store(at: path)
    #expect(store.checksumCoverage == .someImages)
    try store.verify([0, 9].span)
  }

  /// An image with a dataset of its own can be opened alone; the checksums are those of all.
  @Test func oneImageOfAStore() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/mixed.h5"
    try DamageTests.write(.mixed, to: path)
    let store = try HDF5Store(at: URL(filePath: path), images: "images/00000001")
    #expect(store.count == 1 && store.checksumCoverage == .noImages)
    try store.verify([0].span)
    try store.verify()
  }

  @Test func imagesWithADatasetEach() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/each.h5"
    try LibraryFiles.create(path) { _, file in
      H5Gclose(unsafe H5Gcreate2(file, "images", CHDF5_default(), CHDF5_default(), CHDF5_default()))
      // One chunk, several chunks, and none.
      for (name, chunk) in [("images/a", [4, 5]), ("images/b", [2, 5]), ("images/c", nil)] {
        let image = LibraryFiles.dataset(name, file, CHDF5_uint8(), shape: [4, 5], chunk: chunk) { creation in
          if chunk != nil { #expect(H5Pset_fletcher32(creation) >= 0) }
        }
        LibraryFiles.write((0..<20).map { UInt8($0) }, image, CHDF5_uint8())
        H5Dclose(image)
      }
    }
    let store = try HDF5Store(at: path)
    #expect(store.checksumCoverage == .someImages)
    #expect(try store.bytes() == (0..<60).map { UInt8($0 % 20) })
    try store.verify([2, 1, 0].span)
    try LibraryFiles.edit(path) { _, file in
      #expect(unsafe H5Ldelete(file, "images/c", CHDF5_default()) >= 0)
    }
    #expect(try HDF5Store(at: path).checksumCoverage == .allImages)
  }
}
