import FileStore
import ImageStoreCore
import Testing

/// Folders written by Pillow, as the tutorials and torchvision's users arrange them.
@Suite struct ForeignFolderTests {
  private let format = ImageFormat(height: 5, width: 8, channels: 3)

  private func expect(_ store: FileStore, images: [Int]) throws {
    #expect(store.count == images.count)
    #expect(store.format == format)
    for (index, image) in images.enumerated() {
      #expect(try store.pixels(at: index) == fixturePixels(image))
      #expect(try store.label(at: index) == fixtureLabel(image))
    }
  }

  @Test func numberedWithOneTable() throws {
    try expect(FileStore(at: fixture("many")), images: [0, 1, 2, 3, 4, 5])
  }

  @Test func numberedWithATableEach() throws {
    try expect(FileStore(at: fixture("single")), images: [0, 1, 2])
  }

  @Test func aFolderAClass() throws {
    let store = try FileStore(at: fixture("classes"))
    // Labels 1 0 3 2 1 0; within a class, what is in folders comes in its place among the names.
    #expect(store.classNames == ["class 0", "class 1", "class 2", "class 3"])
    #expect(try store.labels() == [0, 0, 1, 1, 2, 3])
    let order = [5, 1, 4, 0, 3, 2]
    #expect(try order.indices.map { try store.pixels(at: $0) } == order.map(fixturePixels))
  }

  @Test func aTableOfPandas() throws {
    let store = try FileStore(at: fixture("table"))
    try expect(store, images: [0, 1, 2, 3, 4, 5])
    #expect(store.columnNames == ["count", "name", "score"])
    #expect(try store.column("count") == .int64([-2, -1, 0, 1, 2, 3]))
    #expect(try store.column("score") == .double([0, 0.25, 0.5, 0.75, 1, 1.25]))
    #expect(try store.column("name") == .string((0..<6).map { "n \"\($0)\"\u{E9}" }))
    try store.verify()
  }

  @Test func aFolderOfManyKinds() throws {
    let store = try FileStore(at: fixture("mixed"))
    let gray = stride(from: 0, to: 120, by: 3).map { fixturePixels(0)[$0] }
    #expect(store.format == nil)
    #expect(try store.labels() == nil)
    #expect(try store.format(at: 1) == ImageFormat(height: 5, width: 8, elementType: .uint16))
    #expect(try store.pixels(at: 0) == gray)
    #expect(try store.pixels(at: 1) == gray.flatMap { [$0, $0] })
    #expect(try store.pixels(at: 2) == gray.map { $0 > 100 ? 1 : 0 })
    #expect(try store.format(at: 3) == format)
    #expect(try store.format(at: 4).channels == 4)
    // All at once: the mixed gather on several threads.
    let batch = try FileStore(at: fixture("mixed"), threads: 3).read([4, 0, 2, 1, 3])
    #expect(try batch.layout.byteCount == (0..<5).reduce(0) { try $0 + store.format(at: $1).byteCount })
  }

  @Test func appendingIsRefused() {
    for name in ["many", "classes", "table"] {
      let error = #expect(throws: StoreError.self) {
        _ = try FileStore.Writer(to: fixture(name), mode: .append)
      }
      #expect(error?.code == .unsupported)
    }
  }
}
