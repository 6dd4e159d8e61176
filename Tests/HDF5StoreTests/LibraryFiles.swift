import CImageStoreHDF5
import Foundation
import ImageStoreCore
import Testing

@testable import HDF5Store

/// Files that the tests make with libhdf5 itself, under the package's lock.
enum LibraryFiles {
  /// Constants that are macros with a call in them.
  private static let readAndWrite: UInt32 = 1
  private static let truncate: UInt32 = 2

  /// Creates a file, or replaces one, and fills it.
  ///
  /// - Parameters:
  ///   - isLatest: whether in the newest form that release 1.10 writes, with its own kinds of index.
  ///   - userBlock: bytes before the superblock.
  static func create(
    _ path: String, isLatest: Bool = false, userBlock: Int = 0,
    _ body: (borrowing HDF5Session, _ file: hid_t) throws -> Void
  ) throws {
    try run(path) { _ in
      let access = H5Pcreate(CHDF5_file_access())
      defer { H5Pclose(access) }
      if isLatest { #expect(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0) }
      let creation = H5Pcreate(CHDF5_file_creation())
      defer { H5Pclose(creation) }
      #expect(H5Pset_userblock(creation, hsize_t(userBlock)) >= 0)
      return unsafe H5Fcreate(path, truncate, creation, access)
    } body: {
      try body($0, $1)
    }
  }

  /// Writes to a file that is there, as any program may that uses the library.
  static func edit(_ path: String, _ body: (borrowing HDF5Session, _ file: hid_t) throws -> Void) throws {
    try run(path) { _ in
      unsafe H5Fopen(path, readAndWrite, CHDF5_default())
    } body: {
      try body($0, $1)
    }
  }

  private static func run(
    _ path: String, open: (borrowing HDF5Session) -> hid_t,
    body: (borrowing HDF5Session, hid_t) throws -> Void
  ) throws {
    var failure: (any Error)?
    try HDF5Session.run { (session) throws(StoreError) in
      let file = open(session)
      guard file >= 0 else { throw session.error("opening \(path)") }
      do {
        try body(session, file)
      } catch {
        failure = error
      }
      #expect(H5Fclose(file) >= 0)
    }
    if let failure { throw failure }
  }

  /// Creates a dataset.
  ///
  /// - Parameters:
  ///   - most: the most of each extent, nil for no limit.
  ///   - chunk: the extents of its chunks.
  ///   - change: changes its properties.
  static func dataset(
    _ name: String, _ file: hid_t, _ type: hid_t, shape: [Int], most: [Int?]? = nil, chunk: [Int]? = nil,
    change: (_ creation: hid_t) -> Void = { _ in }
  ) -> hid_t {
    let extents = shape.map(hsize_t.init)
    let limits = most?.map { $0.map(hsize_t.init) ?? hsize_t.max } ?? extents
    let space =
      shape.isEmpty ? H5Screate(H5S_SCALAR) : unsafe H5Screate_simple(Int32(shape.count), extents, limits)
    let creation = H5Pcreate(CHDF5_dataset_creation())
    if let chunk { #expect(unsafe H5Pset_chunk(creation, Int32(chunk.count), chunk.map(hsize_t.init)) >= 0) }
    change(creation)
    let dataset = unsafe H5Dcreate2(file, name, type, space, CHDF5_default(), creation, CHDF5_default())
    #expect(dataset >= 0)
    H5Sclose(space)
    H5Pclose(creation)
    return dataset
  }

  /// Writes all elements, or those of a box.
  static func write<Value: BitwiseCopyable>(
    _ values: [Value], _ dataset: hid_t, _ type: hid_t, from start: [Int]? = nil, count: [Int] = []
  ) {
    guard let start else {
      #expect(unsafe H5Dwrite(dataset, type, CHDF5_all(), CHDF5_all(), CHDF5_default(), values) >= 0)
      return
    }
    let space = H5Dget_space(dataset)
    let extents = count.map(hsize_t.init)
    #expect(
      unsafe H5Sselect_hyperslab(space, H5S_SELECT_SET, start.map(hsize_t.init), nil, extents, nil) >= 0)
    let memory = unsafe H5Screate_simple(Int32(count.count), extents, nil)
    #expect(unsafe H5Dwrite(dataset, type, memory, space, CHDF5_default(), values) >= 0)
    H5Sclose(space)
    H5Sclose(memory)
  }

  /// Images of bytes and labels of 64 bits, as this package has them but for all else it writes.
  static func plain(_ file: hid_t, count: Int = 3) {
    let images = dataset("images", file, CHDF5_uint8(), shape: [count, 4, 5])
    write((0..<count * 20).map { UInt8(truncatingIfNeeded: $0) }, images, CHDF5_uint8())
    H5Dclose(images)
    let labels = dataset("labels", file, CHDF5_int64(), shape: [count])
    write((0..<count).map(Int64.init), labels, CHDF5_int64())
    H5Dclose(labels)
  }

  /// Gives an object an attribute.
  static func addAttribute(_ name: String, to object: String, _ file: hid_t) {
    let space = H5Screate(H5S_SCALAR)
    let attribute = unsafe H5Acreate_by_name(
      file, object, name, CHDF5_int64(), space, CHDF5_default(), CHDF5_default(), CHDF5_default())
    #expect(attribute >= 0)
    H5Aclose(attribute)
    H5Sclose(space)
  }
}
