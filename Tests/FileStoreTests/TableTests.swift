import FileStore
import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

/// Text, numbers and paths that go through `labels.csv` and come back, against Python's idea of CSV.
@Suite struct TableTests {
  private static let alphabet: [Character] = [
    "a", "\"", ",", "\n", "\r", "\r\n", " ", "'", ";", "\t", "\u{E9}", "\u{1F600}", "0", "-", "|",
  ]

  @Test(arguments: 0..<20)
  func textComesBack(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let texts = (0..<40).map { _ in
      String((0..<Int(random.next() % 9)).map { _ in Self.alphabet[Int(random.next() % 15)] })
    }
    let numbers = (0..<40).map { _ in Double(bitPattern: random.next()) }.map { $0.isNaN ? 0 : $0 }
    let integers = (0..<40).map { _ in Int64(bitPattern: random.next()) }
    let columns: [String: Column] = [
      "text, \"quoted\"": .string(texts), "number": .double(numbers), "integer": .int64(integers),
    ]
    let labels = integers.map { Int($0) }
    let folder = try TemporaryFolder()
    var writer = try FileStore.Writer(to: "\(folder.path)/s")
    let pixels = [UInt8](repeating: 0, count: 40)
    try unsafe writer.append(
      pixels.span.bytes, layout: BatchLayout(ImageFormat(height: 1, width: 1), count: 40),
      labels: ImageLabels(labels: labels, columns: columns))
    try writer.finish()
    let store = try FileStore(at: "\(folder.path)/s")
    #expect(try store.labels() == labels)
    for (name, column) in columns { #expect(try store.column(name) == column) }
  }

  @Test func textWithANULIsRefused() throws {
    let folder = try TemporaryFolder()
    var writer = try FileStore.Writer(to: "\(folder.path)/s")
    let error = #expect(throws: StoreError.self) {
      try unsafe writer.append(
        [UInt8(0)].span.bytes, layout: BatchLayout(ImageFormat(height: 1, width: 1), count: 1),
        labels: ImageLabels(columns: ["name": .string(["a\0b"])]))
    }
    #expect(error?.code == .unsupported && error?.key == "name" && error?.image == 0)
  }

  /// Random bytes for a table: an error or a store, never a trap.
  @Test(arguments: 0..<300)
  func anyBytes(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let pieces = [
      "file,label\r\n", "0.png", ",", "1", "\"", "\n", "\r", "\0", "\u{FEFF}", "../", "x", "-", " ",
    ]
    var bytes = random.next() % 2 == 0 ? Array("file,label\n".utf8) : []
    for _ in 0..<random.next() % 30 {
      if random.next() % 8 == 0 {
        bytes.append(UInt8(truncatingIfNeeded: random.next()))
      } else {
        bytes += Array(pieces[Int(random.next() % UInt64(pieces.count))].utf8)
      }
    }
    let folder = try TemporaryFolder()
    try folder.write(bytes, to: "labels.csv")
    do {
      let store = try FileStore(at: folder.path)
      for index in 0..<store.count { #expect(throws: StoreError.self) { try store.pixels(at: index) } }
      for name in store.columnNames { _ = try? store.column(name) }
    } catch {
      #expect(error.path?.hasPrefix(folder.path) == true, "seed \(seed): \(error)")
    }
  }

  @Test func thePathsOfBothLayouts() throws {
    for (layout, first, last) in [
      (FileStore.Layout.subfolders, "00000/0.png", "00001/1000.png"), (.flat, "0.png", "1000.png"),
    ] {
      let folder = try TemporaryFolder()
      var writer = try FileStore.Writer(to: "\(folder.path)/s", layout: layout)
      let pixels = (0..<1001).map { UInt8($0 % 251) }
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(ImageFormat(height: 1, width: 1), count: 1001),
        labels: ImageLabels())
      try writer.finish()
      for path in [first, last] {
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/s/\(path)"))
      }
      let table = String(decoding: try contents("\(folder.path)/s/labels.csv"), as: UTF8.self)
      #expect(table.hasPrefix("file,label\r\n\(first),\r\n") && table.hasSuffix("\r\n\(last),\r\n"))
      let store = try FileStore(at: "\(folder.path)/s")
      #expect(try store.labels() == nil)
      #expect(try store.pixels(at: 1000) == [UInt8(1000 % 251)])
    }
  }
}
