import CImageStoreHDF5
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import HDF5Store

/// Groups and names of other people's files, made here by libhdf5.
@Suite struct FoundGroupTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/groups.h5"
  }

  /// Makes datasets of bytes, all of them the number in the table, with the groups they are in.
  private func make(_ datasets: [(name: String, shape: [Int], value: UInt8)], userBlock: Int = 0) throws {
    try LibraryFiles.create(path, userBlock: userBlock) { _, file in
      var groups: Set<String> = []
      for (name, shape, value) in datasets {
        var group = ""
        for part in name.split(separator: "/").dropLast() {
          group += group.isEmpty ? part : "/" + part
          guard groups.insert(group).inserted else { continue }
          H5Gclose(unsafe H5Gcreate2(file, group, CHDF5_default(), CHDF5_default(), CHDF5_default()))
        }
        let dataset = LibraryFiles.dataset(name, file, CHDF5_uint8(), shape: shape)
        LibraryFiles.write([UInt8](repeating: value, count: shape.reduce(1, *)), dataset, CHDF5_uint8())
        H5Dclose(dataset)
      }
    }
  }

  /// Makes a file one that says that MATLAB wrote it.
  private func mark() throws {
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.write(contentsOf: Data("MATLAB 7.3 MAT-file".utf8))
    try file.close()
  }

  private func values(_ store: any ImageStore) throws -> [UInt8] {
    try (0..<store.count).map { try store.pixels(at: $0)[0] }
  }

  private func refusal(_ description: StoreDescription = StoreDescription()) throws -> StoreError {
    try #require(throws: StoreError.self) { _ = try HDF5Format().open(path, description, threads: 1) }
  }

  /// The first image of a class may be called `img_0`, as the image of a sample may be called `img`.
  @Test func classesOfNumberedImages() throws {
    try make([
      ("wolf/img_0", [4, 5], 1), ("wolf/img_1", [4, 5], 2), ("ant/img_0", [4, 5], 3),
      ("ant/img_1", [4, 5], 4),
      ("ant/img_10", [4, 5], 6), ("ant/img_2", [4, 5], 5),
    ])
    let store = try HDF5Store(at: path)
    #expect(try values(store) == [3, 4, 5, 6, 1, 2])
    #expect(try store.labels() == [0, 0, 0, 0, 1, 1] && store.classNames == ["ant", "wolf"])
    try make([
      ("train/b/image1", [4, 5], 1), ("train/a/image1", [4, 5], 2), ("dev/b/image1", [4, 5], 3),
      ("dev/a/image1", [4, 5], 4), ("dev/a/image2", [4, 5], 5),
    ])
    let splits = try HDF5Store.splits(at: path)
    #expect(try splits.mapValues { try values($0) } == [.training: [2, 1], .validation: [4, 5, 3]])
    #expect(try splits.mapValues { try $0.labels() } == [.training: [0, 1], .validation: [0, 0, 1]])
    try make([("s0/img", [4, 5], 7), ("s0/label", [1], 3), ("s1/img", [4, 5], 8), ("s1/label", [1], 2)])
    let samples = try HDF5Store(at: path)
    #expect(try values(samples) == [7, 8] && samples.labels() == [3, 2])
  }

  @Test func namesThatNobodyNumberedAreToldOf() throws {
    try make([("images/zoo", [4, 5], 1), ("images/ant", [4, 5], 2), ("labels", [2], 0)])
    let store = try HDF5Store(at: path)
    #expect(try values(store) == [2, 1])
    #expect(store.notes.contains { $0.kind == .decided && $0.text.contains("order of their names") })
  }

  @Test func furtherGroupsAreSplits() throws {
    try make([
      ("train/images", [2, 4, 5], 1), ("train/labels", [2], 3), ("extra/images", [3, 4, 5], 2),
      ("extra/labels", [3], 4), ("test/images", [1, 4, 5], 5), ("notes/images", [7], 0),
    ])
    let splits = try HDF5Store.splits(at: path)
    #expect(splits.mapValues(\.count) == [.training: 2, .test: 1, Split(rawValue: "extra"): 3])
    #expect(try splits[Split(rawValue: "extra")]?.labels() == [4, 4, 4])
  }

  /// The axes of MATLAB's are turned, unless labels tell that images are in another one.
  @Test func labelsThatContradictTheOrderOfAxes() throws {
    for (shape, letters) in [([3, 7, 5, 6], "CWHN"), ([5, 4, 3, 6], "WHCN"), ([5, 4, 6], "WHN")] {
      try make([("images", shape, 1), ("labels", [1, 6], 0)], userBlock: 512)
      try mark()
      #expect(try refusal().description.contains("--dimensions \(letters),"), "\(shape)")
      var said = StoreDescription()
      said.dimensions = Dimensions(letters)
      #expect(try HDF5Store(at: path, said).count == 6)
    }
    try make([("X", [6, 20], 1), ("y", [1, 6], 0)], userBlock: 512)
    try mark()
    #expect(try refusal().description.contains("--dimensions NWH"))
    for (shape, letters) in [([3, 4, 5, 6], "CHWN"), ([4, 5, 3, 6], "HWCN"), ([4, 5, 6], "HWN")] {
      try make([("images", shape, 1), ("labels", [6], 0)])
      #expect(try refusal().description.contains("--dimensions \(letters),"), "\(shape)")
    }
  }

  @Test func aModelIsNotImages() throws {
    try make([("model_weights/dense/kernel", [3, 3, 4, 5], 1)])
    try LibraryFiles.edit(path) { _, file in LibraryFiles.addAttribute("keras_version", to: "/", file) }
    #expect(try refusal().description.contains("Keras"))
    var said = StoreDescription()
    said.images = "model_weights/dense/kernel"
    said.dimensions = "NHWC"
    #expect(try HDF5Store(at: path, said).count == 3)
  }

  @Test func labelsOfAnotherFileAreNamed() throws {
    try make([("a", [3], 1), ("b", [3], 2)])
    #expect(try HDF5Format().values(named: "b", at: path)?.values == .int64([2, 2, 2]))
    for name in [nil, "c"] {
      let error = try #require(throws: StoreError.self) { _ = try HDF5Format().values(named: name, at: path) }
      #expect(error.description.contains("a (3,), b (3,)"), "\(error)")
    }
  }
}
