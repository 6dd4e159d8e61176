import Foundation
import ImageStoreCatalog
import ImageStoreTesting
import Testing

/// Folders of `.npy` files, as people have them.
@Suite struct ArrayFolderTests {
  private let files: ArrayFiles
  init() throws { files = try ArrayFiles() }

  private func pixels(_ number: Int, count: Int = 60) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 31 * number) }
  }

  private func open(_ change: (inout StoreDescription) -> Void = { _ in }) throws -> any ImageStore {
    try StoreCatalog.open(at: files.path, files.description(change))
  }

  private func expectImages(
    _ store: any ImageStore, _ numbers: [Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(store.count == numbers.count, sourceLocation: sourceLocation)
    for (index, number) in numbers.enumerated() {
      #expect(try store.pixels(at: index) == pixels(number), sourceLocation: sourceLocation)
    }
  }

  private func notes(_ store: any ImageStore, _ kind: ReadingNote.Kind) -> String {
    store.notes.filter { $0.kind == kind }.map(\.text).joined(separator: "; ")
  }

  @Test func anArrayForEachImage() throws {
    for number in 0..<12 { try files.array([4, 5, 3], pixels(number), "img_\(number).npy") }
    let store = try open()
    try expectImages(store, Array(0..<12))
    #expect(store.format == ImageFormat(height: 4, width: 5, channels: 3))
    #expect(try store.labels() == nil)
    #expect(try store.column("name") == .string((0..<12).map { "img_\($0).npy" }))
    #expect(notes(store, .decided).contains("numbers"))
    let batch = try store.read(
      [3, 11, 3], regions: .same(ImageRegion(row: 1, column: 2, height: 1, width: 1)))
    let found = try batch.samples(as: UInt8.self)
    #expect(found.indices.map { found[$0] } == [3, 11, 3].flatMap { pixels($0)[21..<24] })
    try files.array([12, 1], (0..<12).map { UInt8($0 % 3) }, "labels.npy")
    #expect(try open().labels() == (0..<12).map { $0 % 3 })
    #expect(try open { $0.labels = StoreDescription.Labels.none }.labels() == nil)
  }

  @Test func foldersAreClassesOrSplits() throws {
    for (number, name) in ["b/2", "b/10", "a/0", "c/1"].enumerated() {
      try files.array([4, 5, 3], pixels(number), "\(name).npy")
    }
    let store = try open()
    try expectImages(store, [2, 0, 1, 3])
    #expect(try store.labels() == [0, 1, 1, 2] && store.classNames == ["a", "b", "c"])
    let divided = try ArrayFiles()
    for split in ["test", "train"] {
      try divided.array([2, 4, 5, 3], pixels(split == "train" ? 1 : 3) + pixels(2), "\(split)/X.npy")
      try divided.array([2], split == "train" ? [4, 5] : [6, 7], "\(split)/y.npy")
    }
    let both = try StoreCatalog.open(at: divided.path)
    try expectImages(both, [1, 2, 3, 2])
    #expect(try both.labels() == [4, 5, 6, 7])
  }

  @Test func arraysThatBelongTogether() throws {
    try files.array([2, 4, 5, 3], pixels(0) + pixels(1), "X_train.npy")
    try files.array([2], [8, 9], "y_train.npy")
    try files.array([1, 4, 5, 3], pixels(2), "X_test.npy")
    try files.array([1], [7], "y_test.npy")
    try files.array([3, 3], Array(0..<9), "other.npy")
    let store = try open()
    try expectImages(store, [0, 1, 2])
    #expect(try store.labels() == [8, 9, 7])
    #expect(notes(store, .notRead).contains("other.npy (3, 3)"))
    try expectImages(open { $0.images = "X_test" }, [2])
    #expect(throws: StoreError.self) { try open { $0.images = "X_val" } }
  }

  /// Labels that were found keep no image from being read.
  @Test func labelsThatAreNone() throws {
    try files.array([2, 4, 5, 3], pixels(0) + pixels(1), "images.npy")
    try files.array([2, 4, 5], Array(repeating: 1, count: 40), "labels.npy")
    let store = try open()
    try expectImages(store, [0, 1])
    #expect(try store.labels() == nil && store.columnNames.isEmpty)
    #expect(notes(store, .notRead).contains("labels.npy"))
    #expect(throws: StoreError.self) { try open { $0.labels = .named("labels") } }
    try files.array([2, 2], [1, 1, 0, 1], "labels.npy")
    #expect(try open().column("labels") == .int64Vectors(Column.Vectors([1, 1, 0, 1], width: 2)))
  }

  @Test func whatHasTwoReadings() throws {
    for number in 0..<3 { try files.array([3, 8, 10], pixels(number, count: 240), "\(number).npy") }
    let error = #expect(throws: StoreError.self) { try open() }
    #expect(error?.description.contains("0.npy") == true && error?.description.contains("NHW") == true)
    #expect(try open { $0.dimensions = "CHW" }.format == ImageFormat(height: 8, width: 10, channels: 3))
    #expect(try open { $0.dimensions = "NHW" }.count == 9)
    // A file that cannot be read is named.
    try files.write([0x93, 0x4E], "3.npy")
    let broken = #expect(throws: StoreError.self) { try open { $0.dimensions = "CHW" } }
    #expect(broken?.description.contains("3.npy") == true)
  }
}
