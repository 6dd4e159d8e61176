import Foundation
import ImageStoreCore
import ImageStoreSupport
import NPZStore
import Testing

/// Directories that are damaged, or that other programs wrote to.
@Suite struct DirectoryTests {
  private let format = ImageFormat(height: 6, width: 4, channels: 3)
  /// A name for each label.
  private let classNames = (0..<50).map { "\($0)" }

  private func append(
    _ images: Range<Int>, to path: String, _ mode: WriteMode = .append, classNames: [String]? = nil
  ) throws {
    var writer = try NPZStore.Writer(to: path, mode: mode, classNames: classNames, threads: 1)
    for image in images {
      try unsafe writer.append(
        ramp(image).span.bytes, layout: BatchLayout(format, count: 1),
        labels: ImageLabels(labels: [image * 10], columns: ["name": .string(["image \(image)"])]))
    }
    try writer.finish()
  }

  private func contents(_ path: String) throws -> [UInt8] {
    try FileSystem.contents(of: path, limit: 1 << 24)
  }

  /// All there is to read.
  private struct Everything: Equatable {
    var pixels: [[UInt8]] = []
    var labels: [Int]?
    var names: Column?
    var classNames: [String]?
  }

  private func read(_ path: String) throws -> Everything {
    let store = try NPZStore(at: path, threads: 1)
    var found = Everything(labels: try store.labels(), classNames: store.classNames)
    if store.columnNames.contains("name") { found.names = try store.column("name") }
    for index in 0..<store.count { found.pixels.append(try store.pixels(at: index)) }
    return found
  }

  @Test func everyFlippedBitOfTheDirectoryIsFoundOnOpening() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create, classNames: classNames)
    try append(3..<5, to: path)
    let whole = try contents(path)
    let directory = try #require(EndRecord(of: whole)).directory
    for bit in directory.lowerBound * 8..<directory.upperBound * 8 {
      var damaged = whole
      damaged[bit / 8] ^= 1 << (bit % 8)
      let file = try folder.write(damaged)
      #expect(code { _ = try NPZStore(at: file) } == .corrupt, "bit \(bit - directory.lowerBound * 8)")
    }
  }

  /// Of an archive without a checksum of its directory: names decide what is an image, and which,
  /// and what is a label.
  @Test(arguments: [nil, "swift-image-stores uniform"])
  func everyFlippedBitOfANameIsFoundOnOpening(mark: String?) throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    for number in 0..<4 { zip.add("ix-00000\(number).npy", image(number)) }
    zip.add("labels.npy", labelArray([0, 10, 20, 30]))
    zip.add("columns/name.npy", npy("<U1", "(4,)", [97, 0, 0, 0, 98, 0, 0, 0, 99, 0, 0, 0, 100, 0, 0, 0]))
    zip.end(comment: Array((mark ?? "").utf8))
    let whole = zip.bytes
    let expected = try read(folder.write(whole))
    #expect(expected.pixels == (0..<4).map { ramp($0) } && expected.labels == [0, 10, 20, 30])
    let directory = try #require(EndRecord(of: whole)).directory
    for bit in directory.lowerBound * 8..<directory.upperBound * 8 {
      var damaged = whole
      damaged[bit / 8] ^= 1 << (bit % 8)
      let file = try folder.write(damaged)
      do {
        let found = try read(file)
        #expect(found == expected, "bit \(bit - directory.lowerBound * 8)")
      } catch {
        #expect(error is StoreError)
      }
    }
  }

  /// What an append repeats, it has checked.
  @Test(arguments: [true, false])
  func damageStopsAnAppendOrIsNotRepeated(isOwn: Bool) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create, classNames: classNames)
    var whole = try contents(path)
    if !isOwn {
      // As numpy leaves it: no comment.
      let end = try #require(EndRecord(of: whole))
      whole = Array(whole[..<(end.offset + 20)]) + [0, 0]
    }
    try append(3..<4, to: folder.write(whole, "b.npz"))
    let expected = try read("\(folder.path)/b.npz")
    #expect(expected.pixels.count == 4 && expected.classNames == classNames)
    for byte in stride(from: 0, to: whole.count, by: 2) {
      var damaged = whole
      damaged[byte] ^= 1 << UInt8(byte % 8)
      let file = try folder.write(damaged, "b.npz")
      do {
        try append(3..<4, to: file)
      } catch {
        #expect(error is StoreError)
        continue
      }
      // Damage that the append passed is still found, or changes nothing.
      guard (try? NPZStore(at: file).verify()) != nil else { continue }
      let found = try read(file)
      #expect(found == expected, "byte \(byte) of \(whole.count)")
    }
  }

  @Test func anAppendKeepsTheCommentOfSomebodyElse() throws {
    let folder = TemporaryFolder()
    for comment in [
      Array("holiday, \u{00E9}\n1999".utf8), [UInt8](repeating: 0x41, count: 3000), [0, 255, 10],
    ] {
      var zip = ZipBuilder()
      for number in 0..<3 { zip.add("ix-00000\(number).npy", image(number)) }
      zip.end(comment: comment)
      let path = try folder.write(zip.bytes)
      for count in 4...6 {
        var writer = try NPZStore.Writer(to: path, mode: .append)
        try unsafe writer.append(ramp(count - 1).span.bytes, format: format)
        try writer.finish()
        let found = try #require(EndRecord(of: contents(path)))
        #expect(found.comment.suffix(comment.count).elementsEqual(comment))
        #expect(found.comment.count < comment.count + 100)
        #expect(
          found.offset % 512 + 22 + found.comment.count - comment.count <= 512,
          "the record is in one sector")
        #expect(try NPZStore(at: path).count == count)
      }
      #expect(try NPZStore.otherContents(at: path) != nil)
    }
    var zip = ZipBuilder()
    zip.add("ix-000000.npy", image(0))
    zip.end(comment: [UInt8](repeating: 0x41, count: 0xFFFF))
    let path = try folder.write(zip.bytes)
    #expect(code { try append(1..<2, to: path) } == .unsupported)
    #expect(try contents(path) == zip.bytes)
  }

  /// Other programs' entries stay as they are, and so do the mode and comment of an entry that is
  /// written again.
  @Test func anAppendKeepsWhatOthersSayOfEntries() throws {
    let folder = TemporaryFolder()
    let extra = little(0x7875, 2) + little(11, 2) + [1, 4, 1, 2, 3, 4, 4, 5, 6, 7, 8]
    var zip = ZipBuilder()
    zip.add("ix-000000.npy", image(0))
    zip.add(
      Array("notes.txt".utf8), Array("hello".utf8), extra: extra, comment: [7, 8], attributes: 0o640 << 16 | 1
    )
    zip.add(
      Array("labels.npy".utf8), labelArray([5]), extra: extra, comment: Array("mine".utf8),
      attributes: 0o644 << 16)
    zip.end()
    let path = try folder.write(zip.bytes)
    let notes = try #require(record("notes.txt", in: zip.bytes))
    for _ in 0..<2 {
      var writer = try NPZStore.Writer(to: path, mode: .append)
      try unsafe writer.append(ramp(1).span.bytes, format: format, label: 6)
      try writer.finish()
    }
    let after = try contents(path)
    #expect(record("notes.txt", in: after) == notes)
    let labels = try #require(record("labels.npy", in: after))
    #expect(Array(labels[38..<42]) == little(0o644 << 16, 4))
    #expect(Array(labels.suffix(extra.count + 4)) == extra + Array("mine".utf8))
    #expect(try NPZStore(at: path).labels() == [5, 6, 6])
  }

  /// An entry's record in the directory.
  private func record(_ name: String, in bytes: [UInt8]) -> [UInt8]? {
    guard let directory = EndRecord(of: bytes)?.directory else { return nil }
    var position = directory.lowerBound
    while position < directory.upperBound {
      let sizes = [28, 30, 32].map { Int(bytes[position + $0]) | Int(bytes[position + $0 + 1]) << 8 }
      let size = 46 + sizes.reduce(0, +)
      if bytes[position + 46..<position + 46 + sizes[0]].elementsEqual(name.utf8) {
        return Array(bytes[position..<position + size])
      }
      position += size
    }
    return nil
  }

  @Test func namesThatAreNotUTF8HinderNoWriter() throws {
    let folder = TemporaryFolder()
    var zip = ZipBuilder()
    zip.add("ix-000000.npy", image(0))
    // Two names that differ in one byte, which UTF-8 does not have: e acute and a grave of code page 437.
    zip.add([0x63, 0x82, 0x2E, 0x74], [1])
    zip.add([0x63, 0x85, 0x2E, 0x74], [2])
    zip.add(Array("columns/".utf8) + [0x82] + Array(".npy".utf8), npy("<i8", "(1,)", little(4, 8)))
    // One letter in two spellings is two names.
    zip.add("e\u{301}.txt", [3])
    zip.add("\u{E9}.txt", [4])
    zip.end()
    let path = try folder.write(zip.bytes)
    for count in 2...4 {
      var writer = try NPZStore.Writer(to: path, mode: .append)
      try unsafe writer.append(
        ramp(count - 1).span.bytes, layout: BatchLayout(format, count: 1),
        labels: ImageLabels(columns: ["\u{E9}": .int64([Int64(count)])]))
      try writer.finish()
      let store = try NPZStore(at: path)
      #expect(store.columnNames == ["\u{E9}"])
      #expect(try store.column("\u{E9}") == .int64([4] + (2...count).map { Int64($0) }))
      try store.verify()
    }
    let after = try contents(path)
    #expect(after.firstRange(of: [0x63, 0x85, 0x2E, 0x74]) != nil)
  }

  /// Programs that add an entry keep the comment, which then tells of another directory.
  @Test func anArchiveThatAnotherProgramChangedIsReadAndAppendedTo() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    let whole = try contents(path)
    let end = try #require(EndRecord(of: whole))
    #expect(try NPZStore.otherContents(at: path) == nil)
    // As Python's zipfile does: the entry over the directory, then the directory with one record more.
    let data = Array("hello".utf8)
    var zip = ZipBuilder()
    zip.skip(end.directory.lowerBound)
    zip.add("notes.txt", data)
    let start = zip.bytes.count
    let added = Array(zip.bytes[end.directory.lowerBound...])
    zip.end()
    let newRecord = Array(zip.bytes[start..<zip.bytes.count - 22])
    let directory = Array(whole[end.directory]) + newRecord
    let count = UInt64(whole[end.offset + 8]) + 1
    let changed =
      Array(whole[..<end.directory.lowerBound]) + added + directory + little(0x0605_4B50, 4) + little(0, 4)
      + little(count, 2) + little(count, 2) + little(UInt64(directory.count), 4) + little(UInt64(start), 4)
      + little(UInt64(end.comment.count), 2) + end.comment
    try? FileManager.default.removeItem(atPath: path)
    try FileSystem.write(changed, toNewFile: path)
    #expect(try NPZStore(at: path).count == 3)
    #expect(try NPZStore.otherContents(at: path) != nil)
    try append(3..<4, to: path)
    let store = try NPZStore(at: path)
    #expect(try store.labels() == [0, 10, 20, 30])
    try store.verify()
    #expect(record("notes.txt", in: try contents(path)) == newRecord)
    let own = try #require(EndRecord(of: contents(path))).comment
    #expect(own.count < 2 * end.comment.count, "the comment of before is not kept as somebody else's")
  }

  @Test func onlyAnArchiveOfOursIsReplaced() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create, classNames: classNames)
    try append(3..<4, to: path)
    #expect(try NPZStore.otherContents(at: path) == nil)
    try append(0..<1, to: path, .replace)
    #expect(try NPZStore(at: path).count == 1)
    for name in ["stored", "keras", "other-names", "bad-crc", "bad-no-zip"] {
      let file = try folder.write(FileSystem.contents(of: fixture(name), limit: 1 << 20))
      let before = try contents(file)
      #expect(code { try append(0..<1, to: file, .replace) } == .alreadyExists, "\(name)")
      #expect(try contents(file) == before)
      try append(0..<1, to: file, .replaceAnything)
      #expect(try NPZStore(at: file).count == 1)
    }
    try FileSystem.createFolder("\(folder.path)/folder")
    #expect(try NPZStore.otherContents(at: "\(folder.path)/folder") != nil)
  }
}
