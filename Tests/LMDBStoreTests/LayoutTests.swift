import Foundation
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreTesting
import LMDBStore
import Testing

@Suite struct LayoutTests {
  private let format = ImageFormat(height: 32, width: 32, channels: 3)

  /// Shape and data of a `.npy` value.
  private func array(_ value: [UInt8]) throws -> (shape: [Int], data: [UInt8]) {
    let header = try unsafe NPYHeader(parsing: value.span.bytes)
    return (header.shape, Array(value[header.dataOffset...].prefix(header.dataByteCount)))
  }

  @Test func packsEqualImagesManyToAValue() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 1)
    let model = images.uniform(format, count: 2000)
    _ = try LMDBStore.write(model, to: "\(folder.path)/s.lmdb")
    let entries = try Database("\(folder.path)/s.lmdb").entries()
    var pixels: [UInt8] = []
    var first = 0
    for entry in entries where entry.key.hasPrefix("images/") {
      #expect(entry.key == "images/" + String(format: "%012d", first))
      let (shape, data) = try array(entry.value)
      #expect(Array(shape.dropFirst()) == [32, 32, 3])
      first += shape[0]
      pixels += data
    }
    #expect(first == 2000)
    #expect(pixels == model.pixels.flatMap { $0 })
    // A value is of some hundred KB, so that no page is wasted.
    #expect(entries.filter { $0.key.hasPrefix("images/") }.count < 2000 / 40)
    let size = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/s.lmdb/data.mdb")[.size]
    #expect((size as! Int) < 2000 * 3072 * 105 / 100)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/s.lmdb").sorted()
        == ["data.mdb", "lock.mdb"])
  }

  @Test func keepsOneImageAValueOnRequestAndWhereSizesDiffer() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 2)
    let equal = images.uniform(ImageFormat(height: 6, width: 4), count: 12)
    _ = try LMDBStore.write(equal, to: "\(folder.path)/equal", layout: .perImage)
    let mixed = images.mixed(format, count: 12)
    _ = try LMDBStore.write(mixed, to: "\(folder.path)/mixed")
    for (name, model) in [("equal", equal), ("mixed", mixed)] {
      let entries = try Database("\(folder.path)/\(name)").entries()
      let values = entries.filter { $0.key.first!.isNumber }
      #expect(values.map(\.key) == (0..<12).map { String(format: "%08d", $0) })
      for (index, entry) in values.enumerated() {
        let (shape, data) = try array(entry.value)
        #expect(shape == model.formats[index].shape)
        #expect(data == model.pixels[index])
      }
    }
  }

  @Test func splitsBlocksWhenASizeDiffers() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 3)
    // More than one transaction of blocks and a part of the next.
    var model = images.uniform(format, count: 3001)
    var writer = try LMDBStore.Writer(to: "\(folder.path)/s")
    try writer.append(model)
    let more = images.mixed(format, count: 5)
    try writer.append(more)
    try writer.finish()
    model.append(contentsOf: more)
    let store = try LMDBStore(at: "\(folder.path)/s")
    #expect(store.format == nil)
    #expect(try store.allPixels() == model.pixels.flatMap { $0 })
    try store.verify()
    let keys = try Database("\(folder.path)/s").entries().map(\.key)
    #expect(keys.filter { $0.first!.isNumber }.count == 3006)
    #expect(!keys.contains { $0.hasPrefix("images/") })
  }

  @Test func everyValueIsAnArray() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 4)
    var model = images.uniform(format, count: 7)
    model.columns = [
      "name": .string((0..<7).map { "image \($0)" }), "score": .double([0, 1, 2, 3, 4, 5, 6]),
    ]
    model.classNames = ["cat", "dog"]
    _ = try LMDBStore.write(model, to: "\(folder.path)/s")
    let entries = try Database("\(folder.path)/s").entries()
    for entry in entries { _ = try unsafe NPYHeader(parsing: entry.value.span.bytes) }
    #expect(
      entries.map(\.key).filter { !$0.hasPrefix("crc32/") } == [
        "class_names", "columns/name/000000000000", "columns/score/000000000000", "images/000000000000",
        "labels/000000000000", "metadata",
      ])
    let labels = entries.first { $0.key == "labels/000000000000" }!.value
    let header = try unsafe NPYHeader(parsing: labels.span.bytes)
    #expect(header.type.description == "<i8" && header.shape == [7])
  }

  @Test func namesImagesPastEightDigits() throws {
    // A store of 100,000,002 images would be large, so only the keys of its last ones are there.
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 5)
    let path = "\(folder.path)/s"
    _ = try LMDBStore.write(images.uniform(format, count: 3), to: path, layout: .perImage)
    let database = try Database(path)
    let value = try database.entries().first { $0.key == "00000002" }!.value
    try database.write([("100000000", value), ("99999999", value)])
    // Both are past the count, left by an append that did not finish: the next one removes them.
    #expect(try LMDBStore(at: path).count == 3)
    let writer = try LMDBStore.Writer(to: path, mode: .append)
    try writer.finish()
    #expect(
      try database.entries().map(\.key).filter { $0.first!.isNumber } == ["00000000", "00000001", "00000002"])
  }

  @Test func opensAMillionImagesByReadingLeavesOnly() throws {
    let folder = try TemporaryFolder()
    let small = ImageFormat(height: 2, width: 2)
    let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var writer = try LMDBStore.Writer(to: "\(folder.path)/s")
    for start in stride(from: 0, to: 1_000_000, by: 250_000) {
      try unsafe writer.append(
        bytes.span.extracting(start * 4..<(start + 250_000) * 4).bytes,
        layout: BatchLayout(small, count: 250_000), labels: ImageLabels())
    }
    try writer.finish()
    let store = try LMDBStore(at: "\(folder.path)/s")
    #expect(store.count == 1_000_000)
    for index in [0, 65_535, 65_536, 777_777, 999_999] {
      #expect(try store.pixels(at: index) == Array(bytes[index * 4..<index * 4 + 4]))
    }
  }
}
