import CImageStoreHDF5
import Foundation
import HDF5Store
import ImageStoreCore
import Testing

/// Chunked datasets in the forms that release 1.10 of the library writes on request.
@Suite struct ChunkIndexTests {
  /// Which dimension grows, and how far the others may.
  static let limits: [[Int?]] = [
    [nil, 6, 5], [4, nil, 5], [4, 6, nil], [10, nil, 5], [nil, nil, 5], [nil, nil, nil], [4, 6, 5],
    [4, 12, 5],
    [9, 6, 8],
  ]

  @Test(arguments: limits, [false, true])
  func whateverDimensionGrows(_ most: [Int?], _ isFiltered: Bool) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/grows.h5"
    let all = (1...120).map(UInt8.init)
    // All of it; and only the first rows of each image, then the rest of the first.
    for isPartial in [false, true] {
      var expected = all
      try LibraryFiles.create(path, isLatest: true) { _, file in
        let images = LibraryFiles.dataset(
          "images", file, CHDF5_uint8(), shape: [4, 6, 5], most: most, chunk: [2, 3, 5]
        ) { creation in
          if isFiltered { #expect(H5Pset_deflate(creation, 4) >= 0) }
        }
        if isPartial {
          expected = all.indices.map { $0 % 30 < 15 ? all[$0] : 0 }
          let upper = all.indices.filter { $0 % 30 < 15 }.map { all[$0] }
          LibraryFiles.write(upper, images, CHDF5_uint8(), from: [0, 0, 0], count: [4, 3, 5])
        } else {
          LibraryFiles.write(all, images, CHDF5_uint8())
        }
        H5Dclose(images)
      }
      let store = try HDF5Store(at: path)
      #expect(try store.bytes() == expected)
      #expect(try store.bytes([3, 0]) == Array(expected[90...]) + Array(expected[..<30]))
    }
  }

  @Test(arguments: ["s", "g", "f", "sg", "gf", "sgf"])
  func edgesThatAreLeftUnfiltered(_ filters: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/edges.h5"
    let all = (0..<48).map { UInt16($0 * 1001) }
    try LibraryFiles.create(path, isLatest: true) { _, file in
      let images = LibraryFiles.dataset("images", file, CHDF5_uint16(), shape: [3, 4, 4], chunk: [2, 4, 4]) {
        creation in
        // H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS
        #expect(H5Pset_chunk_opts(creation, 2) >= 0)
        if filters.contains("s") { #expect(H5Pset_shuffle(creation) >= 0) }
        if filters.contains("g") { #expect(H5Pset_deflate(creation, 6) >= 0) }
        if filters.contains("f") { #expect(H5Pset_fletcher32(creation) >= 0) }
      }
      LibraryFiles.write(all, images, CHDF5_uint16())
      H5Dclose(images)
    }
    let expected = all.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    #expect(try HDF5Store(at: path).bytes() == expected)
  }
}
