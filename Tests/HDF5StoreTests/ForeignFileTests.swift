import CImageStoreHDF5
import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import HDF5Store

/// Files that h5py wrote, in every layout it has.
@Suite struct ForeignFileTests {
  @Test(arguments: Fixtures.rows("good.tsv"))
  func opens(_ row: [String]) throws {
    let shape = row[3].split(separator: " ").compactMap { Int($0) }
    let type = try #require(ElementType(rawValue: row[4]))
    for threads in [1, 3] {
      let store = try HDF5Store(
        at: Fixtures.path(row[0]), images: row[1] == "-" ? nil : row[1],
        labels: row[2] == "-" ? nil : row[2], threads: threads)
      #expect(store.count == shape[0])
      let format = ImageFormat(height: shape[1], width: shape[2], channels: shape[3], elementType: type)
      #expect(store.format == format)
      #expect(try store.labels() == (row[5] == "yes" ? Fixtures.labels(shape[0]) : nil))
      let expected = Fixtures.ramp(type, count: shape.reduce(1, *))
      #expect(try store.bytes() == expected)
      try checkGather(store, format, expected)
      try store.verify()
    }
  }

  /// Shuffled indices with repeats, whole and by regions, and borrowed, against slices of the whole.
  private func checkGather(_ store: HDF5Store, _ format: ImageFormat, _ all: [UInt8]) throws {
    var random = SplitMix64(seed: 5)
    let indices = (0..<23).map { _ in Int.random(in: 0..<store.count, using: &random) }
    let size = format.byteCount
    #expect(try store.bytes(indices) == indices.flatMap { all[$0 * size..<($0 + 1) * size] })
    for _ in 0..<8 {
      let height = Int.random(in: 1...format.height, using: &random)
      let width = Int.random(in: 1...format.width, using: &random)
      let region = ImageRegion(
        row: Int.random(in: 0...format.height - height, using: &random),
        column: Int.random(in: 0...format.width - width, using: &random), height: height, width: width)
      let expected = indices.flatMap { index in
        (region.row..<region.row + height).flatMap { row in
          let start = index * size + row * format.bytesPerRow + region.column * format.bytesPerPixel
          return all[start..<start + width * format.bytesPerPixel]
        }
      }
      #expect(try store.bytes(indices, region: region) == expected)
    }
    try store.forEachImage(indices.span) { (position, borrowed, pixels) throws(StoreError) in
      let start = indices[position] * size
      #expect(borrowed == format)
      #expect([UInt8](copied: pixels) == Array(all[start..<start + size]))
    }
  }

  @Test(arguments: Fixtures.rows("bad.tsv"))
  func refuses(_ row: [String]) throws {
    let error = try #require(throws: StoreError.self) {
      _ = try HDF5Store(at: Fixtures.path(row[0]), images: row[1] == "-" ? nil : row[1])
    }
    #expect(error.code.rawValue == row[2], "\(error)")
    #expect(row[3].isEmpty || error.description.contains(row[3]), "\(error)")
    #expect(error.description.contains(row[0]) && !error.description.contains("\n"))
    #expect((error.underlying?.domain == .hdf5) == error.description.contains("libhdf5 says"), "\(error)")
  }

  @Test func columnsAndClassNames() throws {
    let store = try HDF5Store(at: Fixtures.path("columns.h5"))
    #expect(store.columnNames == ["count", "fixed", "name", "size"])
    #expect(store.classNames == ["zero", "\u{E9}in", "two"])
    #expect(try store.column("size") == .double((0..<10).map { Double($0) * 1.5 }))
    #expect(try store.column("count") == .int64((0..<10).map { $0 - 5 }))
    #expect(try store.column("name") == .string((0..<10).map { "n\u{E4}me \($0)" }))
    #expect(try store.column("fixed") == .string((0..<10).map { String(repeating: "ab", count: $0) }))
  }

  /// What others have in a group called columns need not be meant as columns.
  @Test func whatIsNotAColumnIsLeftOut() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/others.h5"
    let notUTF8: [CChar] = Array("columns/".utf8CString.dropLast()) + [-1, 0]
    try LibraryFiles.create(path) { session, file in
      LibraryFiles.plain(file)
      for name in ["columns", "columns/group"] {
        H5Gclose(unsafe H5Gcreate2(file, name, CHDF5_default(), CHDF5_default(), CHDF5_default()))
      }
      let half = try session.type(of: ElementType.float16)
      let pair = H5Tcreate(H5T_COMPOUND, 8)
      #expect(unsafe H5Tinsert(pair, "only", 0, CHDF5_int64()) >= 0)
      for (name, type, shape) in [
        ("columns/good", CHDF5_int64(), [3]), ("columns/fewer", CHDF5_int64(), [2]),
        ("columns/half", half.id, [3]), ("columns/pair", pair, [3]),
      ] {
        H5Dclose(LibraryFiles.dataset(name, file, type, shape: shape))
      }
      H5Tclose(pair)
      #expect(
        unsafe H5Lcreate_external(
          "other.h5", "labels", file, "columns/external", CHDF5_default(), CHDF5_default()) >= 0)
      #expect(
        unsafe H5Lcreate_soft("/nowhere", file, "columns/dangling", CHDF5_default(), CHDF5_default()) >= 0)
      #expect(
        unsafe H5Lcreate_hard(file, "labels", file, notUTF8, CHDF5_default(), CHDF5_default()) >= 0)
    }
    let store = try HDF5Store(at: path)
    #expect(store.columnNames == ["good", "half"])
    #expect(try store.column("good") == .int64([0, 0, 0]) && store.column("half") == .double([0, 0, 0]))
    #expect(try store.labels() == [0, 1, 2])
    #expect(try store.bytes() == (0..<60).map { UInt8($0) })
    try store.verify()
    // But an append, which would lose them, is refused.
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(error.code == .unsupported && error.description.contains("columns/"), "\(error)")
  }

  /// In a file of this package a column that cannot be read is damage.
  @Test func aColumnOfOursIsNotLeftOut() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HeldTests.write(9, to: path)
    try LibraryFiles.edit(path) { _, file in
      #expect(unsafe H5Ldelete(file, "columns/half", CHDF5_default()) >= 0)
      H5Gclose(unsafe H5Gcreate2(file, "columns/half", CHDF5_default(), CHDF5_default(), CHDF5_default()))
    }
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store(at: path) }
    #expect(error.key == "columns/half", "\(error)")
  }

  @Test func whatWasNeverWrittenIsTheFillValue() throws {
    for name in ["unwritten.h5", "unwritten-user-block.h5"] {
      let store = try HDF5Store(at: Fixtures.path(name))
      #expect(store.format == ImageFormat(height: 6, width: 5, channels: 3, elementType: .uint16))
      #expect(try store.bytes() == (0..<900).flatMap { _ in [UInt8(2), 1] })
    }
    let store = try HDF5Store(at: Fixtures.path("partly-written.h5"))
    let ramp = Fixtures.ramp(.uint8, count: 900)
    let nines = [UInt8](repeating: 9, count: 360)
    #expect(try store.bytes() == nines + Array(ramp[360..<540]) + nines)
  }

  @Test func trainingAndTestImages() throws {
    let splits = try HDF5Store.splits(at: Fixtures.path("splits.h5"))
    #expect(Set(splits.keys) == [.training, .test])
    let test = try #require(splits[.test])
    #expect(splits[.training]?.count == 10 && test.count == 4)
    #expect(try test.labels() == Fixtures.labels(4))
    #expect(try test.bytes() == Fixtures.ramp(.uint8, count: 360))
    #expect(try HDF5Store.splits(at: Fixtures.path("uint8.h5")).isEmpty)
  }

  /// The images of each split, and whether they have labels.
  @Test(arguments: [
    (["trainX", "trainY", "testX"], [Split.training: true, .test: false]),
    (["train_set_x", "train_set_y", "list_classes"], [.training: true]),
    (
      ["train/images", "train/labels", "valid/images", "valid/labels"], [.training: true, .validation: true]
    ),
    (["images/train", "labels/train", "images/test"], [.training: true, .test: false]),
    (["dev_images", "other", "dev_labels"], [.validation: true]),
    (["images", "labels"], [:]),
    (["train", "test"], [:]),
  ])
  func splitsByTheNamesThatArraysHave(_ names: [String], _ expected: [Split: Bool]) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/splits.h5"
    let labels = ["Y", "y", "labels", "classes"]
    try LibraryFiles.create(path) { _, file in
      for group in Set(names.filter { $0.contains("/") }.map { String($0.split(separator: "/")[0]) }) {
        H5Gclose(unsafe H5Gcreate2(file, group, CHDF5_default(), CHDF5_default(), CHDF5_default()))
      }
      for name in names {
        let isLabels = labels.contains { name.contains($0) }
        H5Dclose(LibraryFiles.dataset(name, file, CHDF5_uint8(), shape: isLabels ? [6] : [6, 4, 5]))
      }
    }
    let splits = try HDF5Store.splits(at: path)
    #expect(try splits.mapValues { try $0.labels() != nil } == expected)
    #expect(splits.values.allSatisfy { $0.count == 6 })
  }

  /// A split whose images have a dataset each, and a group of something else that is called like one.
  @Test func splitsOfGroups() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/groups.h5"
    try LibraryFiles.create(path) { _, file in
      for group in ["test_images", "train_data"] {
        H5Gclose(unsafe H5Gcreate2(file, group, CHDF5_default(), CHDF5_default(), CHDF5_default()))
      }
      for (name, shape) in [
        ("test_images/0", [4, 5]), ("test_images/1", [3, 2]), ("test_labels", [2]),
        ("train_data/raw", [6, 9, 9, 3]),
      ] {
        H5Dclose(LibraryFiles.dataset(name, file, CHDF5_uint8(), shape: shape))
      }
    }
    let splits = try HDF5Store.splits(at: path)
    #expect(Set(splits.keys) == [.test])
    #expect(splits[.test]?.count == 2)
    #expect(try splits[.test]?.labels() == [0, 0])
  }

  @Test func namesThatAreNotThere() throws {
    let missing = try #require(throws: StoreError.self) {
      _ = try HDF5Store(at: Fixtures.path("uint8.h5"), images: "pictures")
    }
    #expect(missing.code == .notFound && missing.description.contains("images (10, 6, 5, 3), labels (10,)"))
    let labels = try #require(throws: StoreError.self) {
      _ = try HDF5Store(at: Fixtures.path("uint8.h5"), images: nil, labels: "classes")
    }
    #expect(labels.code == .notFound)
    for name in ["", "/", "..", "images/x"] {
      #expect(throws: StoreError.self) { _ = try HDF5Store(at: Fixtures.path("uint8.h5"), images: name) }
    }
    #expect(throws: StoreError.self) { _ = try HDF5Store(at: Fixtures.path("nowhere.h5")) }
    #expect(throws: StoreError.self) { _ = try HDF5Store(at: Fixtures.path("good.tsv")) }
  }
}
