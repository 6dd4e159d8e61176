import FileStore
import Foundation
import ImageStoreCore
import Testing

/// Stores that are open while others change what is at their path, and files that are none.
@Suite struct HeldTests {
  private let folder: TemporaryFolder
  private let path: String
  private let manager = FileManager.default

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/store"
  }

  private func write(_ values: [UInt8], mode: WriteMode) throws {
    try FileStore.write(to: path, mode: mode) { writer in
      for value in values {
        try unsafe writer.append(
          [value].span.bytes, layout: BatchLayout(ImageFormat(height: 1, width: 1), count: 1),
          labels: ImageLabels(
            labels: [Int(value)], columns: ["name": .string(["n\(value)"]), "value": .int64([Int64(value)])]))
      }
    }
  }

  @Test func anOpenStoreKeepsWhatItHad() throws {
    try write([1, 2], mode: .create)
    let store = try FileStore(at: path)
    try write([3], mode: .append)
    #expect(try store.column("name") == .string(["n1", "n2"]))
    try write([7, 8, 9], mode: .replace)
    #expect(store.count == 2)
    #expect(try store.labels() == [1, 2])
    #expect(try store.column("value") == .int64([1, 2]))
    // Its images are gone; those of the new store are not taken for them.
    let error = #expect(throws: StoreError.self) { try store.pixels(at: 0) }
    #expect(error?.code == .notFound)
  }

  @Test func aTableEditedInItsPlaceIsNoticed() throws {
    for text in [
      "", "file,label\r\n", "file,label,name,value\r\n00000/0.png,1,n1,5\r\n00000/1.png,2,n2,6\r\n",
    ] {
      try write([1, 2], mode: .replaceAnything)
      let store = try FileStore(at: path)
      // In the same file, as many editors do.
      let handle = try #require(FileHandle(forWritingAtPath: "\(path)/labels.csv"))
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(text.utf8))
      try handle.close()
      let error = #expect(throws: StoreError.self) { try store.column("name") }
      #expect(error?.code == .corrupt && error?.path == "\(path)/labels.csv")
    }
  }

  @Test func pipesAreNotWaitedFor() throws {
    let png = try contents("\(fixture("many"))/0.png")
    for (pipe, others) in [
      ("labels.csv", []), ("store.json", ["labels.csv"]), ("0.csv", ["0.png"]), ("1.csv", ["0.png"]),
      ("0.png", []),
    ] {
      try? manager.removeItem(atPath: path)
      try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
      for other in others {
        if other == "0.png" {
          try folder.write(png, to: "store/0.png")
        } else {
          try folder.write("file,label\n", to: "store/\(other)")
        }
      }
      let result = unsafe mkfifo("\(path)/\(pipe)", 0o644)
      try #require(result == 0)
      #expect(throws: StoreError.self, "\(pipe)") {
        let store = try FileStore(at: path)
        _ = try store.pixels(at: 0)
      }
    }
  }

  /// 4,000 columns take one pass each no more; 20,000 are refused.
  @Test func tablesOfManyColumns() throws {
    func table(_ count: Int) -> String {
      let names = (0..<count).map { "c\($0)" }.joined(separator: ",")
      let values = (0..<count).map { "\($0)" }.joined(separator: ",")
      return "file,label,\(names)\n0.png,0,\(values)\n"
    }
    try folder.write(contents("\(fixture("many"))/0.png"), to: "store/0.png")
    try folder.write(table(4_000), to: "store/labels.csv")
    let store = try FileStore(at: path)
    #expect(store.columnNames.count == 4_000)
    for index in [17, 3_999, 0, 2_000] { #expect(try store.column("c\(index)") == .int64([Int64(index)])) }
    try store.verify()
    try folder.write(table(20_000), to: "store/labels.csv")
    let error = #expect(throws: StoreError.self) { try FileStore(at: path) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func textBeforeThePixelsMayBeLong() throws {
    var png = try contents("\(fixture("many"))/0.png")
    // A text chunk of 200,000 bytes behind IHDR. Its CRC is that of the standard's example code.
    let payload = Array("Comment".utf8) + [0] + [UInt8](repeating: UInt8(ascii: "x"), count: 199_992)
    var crc: UInt32 = .max
    let checked = Array("tEXt".utf8) + payload
    for byte in checked {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
    func big(_ number: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }
    png.insert(contentsOf: big(UInt32(payload.count)) + checked + big(~crc), at: 33)
    try folder.write(png, to: "store/0.png")
    let store = try FileStore(at: path)
    #expect(store.format == ImageFormat(height: 5, width: 8, channels: 3))
    #expect(try store.pixels(at: 0) == fixturePixels(0))
    try store.verify()
  }
}
