import ImageStoreCore
import ImageStoreSupport
import NPZStore
import Testing

/// Small archives that say they hold very much.
@Suite struct LimitTests {
  /// Adds an array of so many zeros, which deflate makes small.
  private func addZeros(
    _ count: Int, _ descr: String, _ shape: String, as name: String, to zip: inout ZipBuilder
  ) throws {
    let array = npy(descr, shape, []) + [UInt8](repeating: 0, count: count)
    zip.add(
      Array(name.utf8), try deflated(array), byteCount: array.count,
      checksum: unsafe CRC32.checksum(of: array.span.bytes))
  }

  @Test func labelsAreCountedBeforeTheyAreInflated() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    for number in 0..<2 { zip.add("ix-00000\(number).npy", image(number)) }
    try addZeros(1 << 24, "|u1", "(16777216,)", as: "labels.npy", to: &zip)
    zip.end()
    let store = try NPZStore(at: folder.write(zip.bytes))
    #expect(try store.labels() == nil && store.notes.contains { $0.text.contains("labels") })
    #expect(code { _ = try NPZStore(at: store.path, labels: "labels") } == .invalidArgument)
  }

  /// One image of one pixel for each label: what is stored is far less than the labels would take.
  @Test func labelsInProportionToTheFile() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    try addZeros(1 << 24, "|u1", "(16777216, 1, 1)", as: "images.npy", to: &zip)
    try addZeros(1 << 24, "|u1", "(16777216,)", as: "labels.npy", to: &zip)
    zip.end()
    let store = try NPZStore(at: folder.write(zip.bytes))
    #expect(store.count == 1 << 24)
    #expect(try store.labels() == nil && store.notes.contains { $0.text.contains("labels") })
    #expect(code { _ = try NPZStore(at: store.path, labels: "labels") } == .limitExceeded)
  }

  @Test func moreClassNamesThanThereAreClasses() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    zip.add("ix-000000.npy", image(0))
    try addZeros(4 << 21, "<U1", "(2097152,)", as: "class_names.npy", to: &zip)
    zip.end()
    #expect(code { _ = try NPZStore(at: folder.write(zip.bytes)) } == .limitExceeded)
  }

  /// The columns of these two are inflated a piece at a time.
  @Test func wideTextIsReadAPieceAtATime() throws {
    let folder = TemporaryFolder()
    let width = 1 << 20
    var array = npy("<U\(width)", "(10,)", [])
    let start = array.count
    array += [UInt8](repeating: 0, count: 40 * width)
    for row in 0..<10 {
      array[start + row * 4 * width] = UInt8(0x61 + row)
      array[start + row * 4 * width + 400_000] = 0x7A
    }
    for damage in [false, true] {
      var zip = ZipBuilder()
      for number in 0..<10 { zip.add("ix-00000\(number).npy", image(number)) }
      let checksum = unsafe CRC32.checksum(of: array.span.bytes) ^ (damage ? 1 : 0)
      zip.add(
        Array("columns/text.npy".utf8), try deflated(array), byteCount: array.count, checksum: checksum)
      zip.end()
      let store = try NPZStore(at: folder.write(zip.bytes))
      guard !damage else {
        #expect(code { _ = try store.column("text") } == .corrupt)
        continue
      }
      guard case .string(let values) = try store.column("text") else { throw StoreError(.corrupt, "no text") }
      for (row, value) in values.enumerated() {
        #expect(value.utf8.count == 100_001)
        #expect(value.utf8.first == UInt8(0x61 + row) && value.utf8.last == 0x7A)
      }
    }
  }

  /// The first image is opened by its header alone.
  @Test func aLargeImageIsNotInflatedOnOpening() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    let array = npy("|u1", "(5000, 5000)", []) + [UInt8](repeating: 0, count: 25_000_000)
    var stream = try deflated(array)
    // Damage that only inflating the whole of it finds.
    stream[stream.count - 8] ^= 0x55
    zip.add(Array("ix-000000.npy".utf8), stream, byteCount: array.count, checksum: 1)
    zip.end()
    let store = try NPZStore(at: folder.write(zip.bytes))
    #expect(store.format == ImageFormat(height: 5000, width: 5000))
    #expect(code { try store.verify() } == .corrupt)
  }

  @Test func endRecordsWithoutNumber() throws {
    let folder = TemporaryFolder()
    var bytes: [UInt8] = [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26)
    let record =
      little(0x0605_4B50, 4) + little(0, 4) + little(1, 2) + little(1, 2) + little(46, 4) + little(0, 4) + [
        255, 255,
      ]
    for _ in 0..<100_000 { bytes += record }
    #expect(code { _ = try NPZStore(at: folder.write(bytes)) } == .corrupt)
  }
}
