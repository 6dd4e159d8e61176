import Foundation
import ImageStoreCore
import ImageStoreDeflate
import NPZStore
import Testing

/// Images in archives that are neither an array each nor one plain array: PNGs, packed bits by the
/// arrays next to them, large deflated arrays.
@Suite struct ArchiveImagesTests {
  private let folder = TemporaryFolder()

  private func archive(_ entries: [(String, [UInt8])], isDeflated: Bool = false) throws -> String {
    var zip = ZipBuilder()
    for (name, data) in entries {
      if isDeflated {
        zip.add(Array(name.utf8), try deflated(data), byteCount: data.count, checksum: crc32(data))
      } else {
        zip.add(name, data)
      }
    }
    zip.end()
    return try folder.write(zip.bytes)
  }

  /// A PNG of one gray row of stored blocks, written by hand (PNG 1.2; RFC 1950, 1951).
  private func png(_ pixels: [UInt8]) -> [UInt8] {
    func big(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      big(UInt32(data.count)) + Array(name.utf8) + data + big(crc32(Array(name.utf8) + data))
    }
    let row = [0] + pixels
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in row {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    let stored =
      [0x78, 0x01, 0x01] + little(UInt64(row.count), 2) + little(UInt64(~row.count & 0xFFFF), 2) + row
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", big(UInt32(pixels.count)) + big(1) + [8, 0, 0, 0, 0])
      + chunk("IDAT", stored + big(b << 16 | a)) + chunk("IEND", [])
  }

  private func row(_ number: Int, count: Int = 7) -> [UInt8] { (0..<count).map { UInt8(number * 20 + $0) } }

  @Test(arguments: [false, true]) func membersThatArePNGs(isDeflated: Bool) throws {
    let pictures = (0..<11).map { ("img_\($0).png", png(row($0, count: 5 + $0 % 2))) }
    let path = try archive(
      pictures.sorted { $0.0 < $1.0 } + [("labels.npy", labelArray(Array(20..<31)))], isDeflated: isDeflated)
    let store = try NPZStore(at: path)
    #expect(store.count == 11 && store.format == nil)
    #expect(try store.labels() == Array(20..<31))
    for number in 0..<11 { #expect(try store.pixels(at: number) == row(number, count: 5 + number % 2)) }
    let batch = try store.read([10, 2], regions: .same(ImageRegion(row: 0, column: 1, height: 1, width: 2)))
    #expect(bytes(of: batch) == [201, 202, 41, 42])
    #expect(try store.column("name") == .string((0..<11).map { "img_\($0).png" }))
    try store.verify()
    #expect(throws: StoreError.self) {
      var said = StoreDescription()
      said.dimensions = "CHW"
      _ = try NPZStore(at: path, said)
    }
  }

  @Test func foldersOfPNGsAreClasses() throws {
    let names = ["set/dog/1.png", "set/cat/10.png", "set/cat/9.png", "set/dog/0.png"]
    let store = try NPZStore(at: archive(names.enumerated().map { ($1, png(row($0))) }))
    #expect(store.classNames == ["cat", "dog"])
    #expect(try store.labels() == [0, 0, 1, 1])
    #expect(try (0..<4).map { try store.pixels(at: $0) } == [2, 1, 3, 0].map { row($0) })
    let splits = (0..<4).map { number in
      ("\(number < 2 ? "train" : "test")/\(number).png", png(row(number)))
    }
    let error = #expect(throws: StoreError.self) { try NPZStore(at: archive(splits)) }
    #expect(error?.description.contains("unzip") == true)
  }

  @Test(arguments: [false, true]) func bytesOneAfterAnother(isDeflated: Bool) throws {
    let files = (0..<5).map { png(row($0)) }
    let all = npy("|u1", "(\(files.map(\.count).reduce(0, +)),)", files.flatMap { $0 })
    var ends = [0]
    for file in files { ends.append(ends.last! + file.count) }
    let beside = [
      ("offsets.npy", ends), ("starts.npy", Array(ends.dropLast())), ("lengths.npy", files.map(\.count)),
    ]
    for (name, numbers) in beside {
      let store = try NPZStore(
        at: archive(
          [("data.npy", all), (name, labelArray(numbers)), ("y.npy", labelArray([3, 1, 4, 1, 5]))],
          isDeflated: isDeflated))
      #expect(store.count == 5 && store.format == ImageFormat(height: 1, width: 7))
      #expect(try [4, 0, 4].map { try store.pixels(at: $0) } == [4, 0, 4].map { row($0) })
      #expect(try store.labels() == [3, 1, 4, 1, 5])
      try store.verify()
    }
    // Numbers that do not tell the bytes apart say nothing.
    #expect(throws: StoreError.self) {
      try NPZStore(at: archive([("data.npy", all), ("offsets.npy", labelArray([0, 9, 5]))]))
    }
  }

  @Test func bitsByTheShapeBesideThem() throws {
    // Two masks of 3x10: pixel p of all is set if p % 3 is 0.
    let pixels = (0..<60).map { UInt8($0 % 3 == 0 ? 1 : 0) }
    func packed(_ rows: [[UInt8]]) -> [UInt8] {
      var bytes: [UInt8] = []
      for row in rows {
        for start in stride(from: 0, to: row.count, by: 8) {
          var byte: UInt8 = 0
          for place in start..<min(start + 8, row.count) { byte |= row[place] << UInt8(7 - place % 8) }
          bytes.append(byte)
        }
      }
      return bytes
    }
    let columns = packed((0..<6).map { Array(pixels[$0 * 10..<$0 * 10 + 10]) })
    for (shape, data) in [("(2, 3, 2)", columns), ("(8,)", packed([pixels]))] {
      for (name, numbers) in [("shape.npy", [2, 3, 10]), ("masks_shape.npy", [3, 10])] {
        let store = try NPZStore(
          at: archive([("masks.npy", npy("|u1", shape, data)), (name, labelArray(numbers))]))
        #expect(store.count == 2 && store.format == ImageFormat(height: 3, width: 10, elementType: .bool))
        #expect(try (0..<2).flatMap { try store.pixels(at: $0) } == pixels)
        #expect(store.notes.contains { $0.kind == .decided && $0.text.contains("packed bits") })
        #expect(!store.notes.contains { $0.kind == .notRead })
      }
    }
    let error = #expect(throws: StoreError.self) {
      try NPZStore(at: archive([("packed.npy", npy("|u1", "(2, 3, 8)", (0..<48).map { $0 * 5 }))]))
    }
    #expect(error?.description.contains("packed bits") == true)
  }

  /// An array that is not brought to memory whole when it is read in order.
  @Test func aLargeDeflatedArray() throws {
    let (count, size) = (36, 1 << 20)
    func pixels(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: size) }
    var data = npy("|u1", "(\(count), 1024, 1024)", [])
    data.reserveCapacity(data.count + count * size)
    for number in 0..<count { data += pixels(number) }
    var zip = ZipBuilder()
    let checksum = unsafe data.withUnsafeBytes { unsafe ImageStoreDeflate.crc32($0) }
    zip.add(Array("images.npy".utf8), try deflated(data), byteCount: data.count, checksum: checksum)
    zip.end()
    let path = try folder.write(zip.bytes)
    let store = try NPZStore(at: path)
    for order in [Array(0..<count), [0, 1, 30, 31], [5, 3, 35, 0, 5]] {
      for start in stride(from: 0, to: order.count, by: 4) {
        let part = Array(order[start..<min(start + 4, order.count)])
        let batch = try store.read(part)
        #expect(bytes(of: batch) == part.flatMap { pixels($0) })
      }
    }
    try store.verify()
    try store.verifyingReads().withImage(at: 35) { (_, image) throws(StoreError) in
      #expect(image.byteCount == size)
    }
    var damaged = ZipBuilder()
    damaged.add(Array("images.npy".utf8), try deflated(data), byteCount: data.count, checksum: checksum ^ 1)
    damaged.end()
    let wrong = try NPZStore(at: folder.write(damaged.bytes, "damaged.npz"))
    #expect(try wrong.read([0, 1]).count == 2)
    #expect(code { _ = try wrong.read([count - 1]) } == .corrupt)
    #expect(code { try wrong.verify() } == .corrupt)
  }
}
