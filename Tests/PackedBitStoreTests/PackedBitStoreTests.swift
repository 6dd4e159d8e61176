import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting
import PackedBitStore
import Testing

/// A file that its make.py wrote.
private func fixture(_ name: String) -> String {
  "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/packedbit/\(name)"
}

/// The pixel of its masks.
private func pixel(_ mask: Int, _ row: Int, _ column: Int) -> UInt8 {
  (column * column + 3 * row + 5 * mask) % 7 < 3 ? 1 : 0
}

private func crop(_ mask: Int, _ region: ImageRegion) -> [UInt8] {
  var pixels: [UInt8] = []
  for row in region.row..<region.row + region.height {
    for column in region.column..<region.column + region.width { pixels.append(pixel(mask, row, column)) }
  }
  return pixels
}

private let whole = ImageRegion(row: 0, column: 0, height: 11, width: 21)

private func code(_ body: () throws -> Void) -> StoreError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? StoreError)?.code
  }
}

private func bytes(of batch: borrowing ImageBatch) -> [UInt8] {
  let pixels = batch.pixels
  return unsafe pixels.withUnsafeBytes { unsafe Array($0) }
}

final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/packedbit-tests-XXXXXX".utf8CString)
    unsafe mkdtemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct PackedBitStoreTests {
  private static let files = [
    ("rows-big.npy", PackingAxis.rows, BitOrder.big), ("rows-little.npy", .rows, .little),
    ("columns-big.npy", .columns, .big), ("columns-little.npy", .columns, .little),
    ("rows-big.bin", .rows, .big), ("columns-little.bin", .columns, .little),
    ("fortran-rows-big.npy", .rows, .big),
  ]

  @Test(arguments: files)
  func readsWhatNumpyPacks(name: String, axis: PackingAxis, order: BitOrder) throws {
    let layout = try PackedBitLayout(height: 11, width: 21, axis: axis, bitOrder: order)
    let store = try PackedBitStore(file: fixture(name), layout: layout, labels: fixture("labels.npy"))
    #expect(store.count == 3)
    #expect(store.format == ImageFormat(height: 11, width: 21, elementType: .bool))
    #expect(try store.labels() == [7, 8, 9])
    for region in [
      whole, ImageRegion(row: 3, column: 9, height: 8, width: 12),
      .init(row: 10, column: 20, height: 1, width: 1),
    ] {
      let batch = try store.read([2, 0, 2], regions: .same(region))
      #expect(bytes(of: batch) == crop(2, region) + crop(0, region) + crop(2, region))
      #expect(try store.count(in: region, ofImage: 1) == crop(1, region).reduce(0) { $0 + Int($1) })
    }
    #expect(try store.counts(of: [1, 0]) == [1, 0].map { crop($0, whole).reduce(0) { $0 + Int($1) } })
  }

  @Test func readsRegionsOfDifferentSizesInEveryForm() throws {
    let store = try PackedBitStore(
      file: fixture("rows-big.npy"), layout: PackedBitLayout(height: 11, width: 21))
    let regions = [
      ImageRegion(row: 2, column: 5, height: 9, width: 13),
      ImageRegion(row: 0, column: 20, height: 11, width: 1),
      ImageRegion(row: 10, column: 0, height: 1, width: 21),
    ]
    func read(_ indices: [Int], _ regions: [ImageRegion], as form: MaskForm) throws -> [UInt8] {
      let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 64)
      defer { unsafe room.deallocate() }
      var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
      try store.read(indices.span, regions: regions.span, as: form, into: &output)
      let count = unsafe output.finalize(for: room)
      return unsafe Array(room[..<count])
    }
    for form in MaskForm.allCases {
      let single = try zip([1, 2, 0], regions).map { try read([$0], [$1], as: form) }
      #expect(try read([1, 2, 0], regions, as: form) == single.flatMap(\.self))
    }
    #expect(
      try read([1, 2, 0], regions, as: .zeroOne) == crop(1, regions[0]) + crop(2, regions[1])
        + crop(0, regions[2]))
  }

  @Test func readsOtherForms() throws {
    let layout = try PackedBitLayout(height: 11, width: 21)
    let store = try PackedBitStore(file: fixture("rows-big.npy"), layout: layout)
    let region = ImageRegion(row: 2, column: 5, height: 9, width: 13)
    for form in MaskForm.allCases {
      let size = store.byteCount(of: region, as: form)
      var memory = [UInt8](repeating: 0xEE, count: 2 * size + 8)
      let written = try unsafe memory.withUnsafeMutableBytes { buffer in
        let start = (4 - Int(bitPattern: buffer.baseAddress!) & 3) & 3
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + 2 * size])
        var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
        try store.read([1, 2].span, regions: [region].span, as: form, into: &output)
        let count = unsafe output.finalize(for: room)
        return unsafe Array(room[..<count])
      }
      let pixels = crop(1, region) + crop(2, region)
      switch form {
      case .zeroOne: #expect(written == pixels)
      case .zeroFull: #expect(written == pixels.map { $0 * 255 })
      case .float: #expect(written == pixels.flatMap { $0 == 1 ? [0, 0, 0x80, 0x3F] : [0, 0, 0, 0] })
      case .bits:
        let expected = [1, 2].flatMap { mask in
          (0..<2).flatMap { b in
            (0..<13).map { x in
              (0..<8).reduce(UInt8(0)) { byte, k in
                let y = b * 8 + k
                return y < 9 && pixel(mask, 2 + y, 5 + x) == 1 ? byte | 128 >> UInt8(k) : byte
              }
            }
          }
        }
        #expect(written == expected)
      }
    }
  }

  @Test func refusesFilesThatDoNotFit() throws {
    let layout = try PackedBitLayout(height: 11, width: 22)
    #expect(code { _ = try PackedBitStore(file: fixture("rows-big.npy"), layout: layout) } == .corrupt)
    #expect(code { _ = try PackedBitStore(file: fixture("rows-big.bin"), layout: layout) } == .corrupt)
    #expect(code { _ = try PackedBitLayout(height: 0, width: 22) } == .limitExceeded)
    let folder = TemporaryFolder()
    #expect(code { _ = try PackedBitStore(at: folder.path) } == .notFound)
  }

  @Test func makesMasksByAThreshold() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    // Means 100, 101, 100.33, 255.
    let pixels: [UInt8] = [100, 100, 100, 101, 101, 101, 100, 100, 101, 255, 255, 255]
    var writer = try PackedBitStore.Writer(to: path, threshold: 100.25)
    try unsafe writer.append(pixels.span.bytes, format: ImageFormat(height: 2, width: 2, channels: 3))
    try writer.finish()
    #expect(try PackedBitStore(at: path).pixels(at: 0) == [0, 1, 1, 1])
  }

  @Test func namesThePixelThatIsNeither() throws {
    let folder = TemporaryFolder()
    for (type, bad) in [
      (ElementType.uint8, [UInt8(2)]), (.bool, [7]), (.int16, [255, 255]), (.float16, [0, 0x38]),
    ] {
      let format = ImageFormat(height: 3, width: 5, elementType: type)
      var pixels = [UInt8](repeating: 0, count: 2 * format.byteCount)
      let start = format.byteCount + 8 * bad.count
      pixels.replaceSubrange(start..<start + bad.count, with: bad)
      #expect {
        var writer = try PackedBitStore.Writer(to: "\(folder.path)/a.bits")
        try unsafe writer.append(
          pixels.span.bytes, layout: BatchLayout(format, count: 2), labels: ImageLabels())
      } throws: {
        let error = $0 as? StoreError
        return error?.image == 1
          && error?.message.contains(type == .bool ? "at byte 8" : "row 1, column 3") == true
      }
    }
  }

  @Test func takesZeroAndOneOfEveryType() throws {
    let folder = TemporaryFolder()
    let ones: [(ElementType, [UInt8])] = [
      (.uint8, [1]), (.int8, [1]), (.uint16, [1, 0]), (.int32, [1, 0, 0, 0]), (.float16, [0, 0x3C]),
      (.float32, [0, 0, 0x80, 0x3F]), (.float64, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
    ]
    for (type, one) in ones {
      let path = "\(folder.path)/\(type.name).bits"
      let mask: [UInt8] = [1, 0, 0, 1, 1, 0]
      let pixels = mask.flatMap { $0 == 1 ? one : one.map { _ in 0 } }
      var writer = try PackedBitStore.Writer(to: path)
      try unsafe writer.append(pixels.span.bytes, format: ImageFormat(height: 2, width: 3, elementType: type))
      try writer.finish()
      #expect(try PackedBitStore(at: path).pixels(at: 0) == mask, "\(type)")
    }
  }
}

@Suite struct PackedBitAppendTests {
  private let format = ImageFormat(height: 11, width: 21, elementType: .bool)

  private func append(_ masks: Range<Int>, to path: String, _ mode: WriteMode) throws {
    var writer = try PackedBitStore.Writer(to: path, mode: mode)
    for mask in masks {
      let pixels = crop(mask, whole)
      try unsafe writer.append(pixels.span.bytes, format: format, label: mask)
    }
    try writer.finish()
  }

  @Test func aKilledAppendIsRolledBack() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    let masks = "\(path)/masks.npy"
    let before = try FileSystem.contents(of: masks, limit: 1 << 20)
    // What a writer leaves that dies before it rewrites the header: masks and labels past the end.
    try append(3..<5, to: path, .append)
    let after = try FileSystem.contents(of: masks, limit: 1 << 20)
    try? FileManager.default.removeItem(atPath: masks)
    try FileSystem.write(Array(before[..<128] + after[128...]), toNewFile: masks)
    let store = try PackedBitStore(at: path)
    #expect(store.count == 3)
    #expect(try store.labels() == [0, 1, 2])
    try store.verify()
    _ = try PackedBitStore.Writer(to: path, mode: .append)
    #expect(try FileSystem.contents(of: masks, limit: 1 << 20) == before)
    try append(3..<4, to: path, .append)
    let grown = try PackedBitStore(at: path)
    #expect(try grown.labels() == [0, 1, 2, 3])
    #expect(try grown.pixels(at: 3) == crop(3, whole))
    try grown.verify()
  }

  @Test func aSecondWriterIsRefused() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<2, to: path, .create)
    let first = try PackedBitStore.Writer(to: path, mode: .append)
    #expect(code { _ = try PackedBitStore.Writer(to: path, mode: .append) } == .busy)
    try first.finish()
  }

  @Test func damageIsFound() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    for name in ["masks.npy", "labels.npy", "checksums.npy", "format.json"] {
      let file = "\(path)/\(name)"
      let whole = try FileSystem.contents(of: file, limit: 1 << 20)
      for count in stride(from: 0, to: whole.count - 1, by: 3) {
        try Data(Array(whole[..<count])).write(to: URL(filePath: file), options: .atomic)
        #expect(throws: StoreError.self, "\(count) bytes of \(name)") {
          try PackedBitStore(at: path).verify()
        }
      }
      if name == "masks.npy" {
        var flipped = whole
        flipped[200] ^= 4
        try Data(flipped).write(to: URL(filePath: file), options: .atomic)
        #expect { try PackedBitStore(at: path).verify() } throws: {
          ($0 as? StoreError)?.code == .corrupt && ($0 as? StoreError)?.image == 1
        }
      }
      try Data(whole).write(to: URL(filePath: file), options: .atomic)
    }
    try PackedBitStore(at: path).verify()
  }
}
