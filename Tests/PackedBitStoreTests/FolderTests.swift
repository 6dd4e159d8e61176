import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import PackedBitStore
import Testing

/// A folder of masks whose files others replace, damage or put links in the place of.
@Suite struct FolderTests {
  private let format = ImageFormat(height: 3, width: 5, elementType: .bool)

  private func mask(_ number: Int) -> [UInt8] { (0..<15).map { UInt8((number >> ($0 % 7)) & 1) } }

  /// Appends masks with labels from 0 to 2 and a column.
  private func append(
    _ masks: Range<Int>, to path: String, _ mode: WriteMode = .append, classNames: [String]? = nil
  ) throws {
    var writer = try PackedBitStore.Writer(to: path, mode: mode, classNames: classNames, threads: 1)
    for number in masks {
      try unsafe writer.append(
        mask(number).span.bytes, layout: BatchLayout(format, count: 1),
        labels: ImageLabels(labels: [number % 3], columns: ["name": .string(["mask \(number)"])]))
    }
    try writer.finish()
  }

  private func contents(_ path: String) throws -> [UInt8] {
    try FileSystem.contents(of: path, limit: 1 << 20)
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    try FileSystem.write(bytes, toNewFile: path)
  }

  private func flip(_ path: String, _ offset: Int, _ bit: UInt8 = 1) throws {
    var bytes = try contents(path)
    bytes[offset < 0 ? bytes.count + offset : offset] ^= bit
    try write(bytes, path)
  }

  private func check(_ store: PackedBitStore, _ masks: Range<Int>) throws {
    #expect(store.count == masks.count)
    #expect(try store.labels() == masks.map { $0 % 3 })
    #expect(try store.column("name") == .string(masks.map { "mask \($0)" }))
    for (index, number) in masks.enumerated() { #expect(try store.pixels(at: index) == mask(number)) }
    try store.verify()
  }

  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? StoreError)?.code
    }
  }

  /// The header of `masks.npy` says how many masks count, and whose class names.
  @Test func masksAndTheirClassNamesComeTogether() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create, classNames: ["cat", "dog", "owl"])
    let header = try Array(contents("\(path)/masks.npy")[..<128])
    try append(3..<5, to: path, classNames: ["cat", "dog", "owl", "cow"])
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "owl", "cow"])
    // What a writer leaves that dies before it rewrites the header.
    let after = try contents("\(path)/masks.npy")
    try write(header + after[128...], "\(path)/masks.npy")
    let store = try PackedBitStore(at: path)
    #expect(store.classNames == ["cat", "dog", "owl"])
    try check(store, 0..<3)
    try append(3..<4, to: path)
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "owl"])
    try check(PackedBitStore(at: path), 0..<4)
    // Names alone.
    try append(4..<4, to: path, classNames: ["cat", "dog", "owl", "hen"])
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "owl", "hen"])
    try check(PackedBitStore(at: path), 0..<4)
  }

  @Test func namesThatCameWithMasksThatDoNotCountAreNone() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<2, to: path, .create)
    let header = try Array(contents("\(path)/masks.npy")[..<128])
    try append(2..<5, to: path, classNames: ["a", "b"])
    #expect(try PackedBitStore(at: path).classNames == ["a", "b"])
    try write(header + contents("\(path)/masks.npy")[128...], "\(path)/masks.npy")
    #expect(try PackedBitStore(at: path).classNames == nil)
  }

  @Test func namesThatAreChangedByHandCount() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create, classNames: ["cat", "dog", "owl"])
    let text = String(decoding: try contents("\(path)/format.json"), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let edited = lines.filter { !$0.contains("crc32\"") }.joined(separator: "\n")
    // The names are twice: in the description first, in its state after.
    try write(Array(edited.replacing("owl", with: "eagle", maxReplacements: 1).utf8), "\(path)/format.json")
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "eagle"])
    try check(PackedBitStore(at: path), 0..<3)
    try append(3..<4, to: path)
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "eagle"])
  }

  /// The names of states are new; before, the description had those of the newest alone.
  @Test func aDescriptionOfAnEarlierVersionIsRead() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create, classNames: ["x", "y", "z"])
    // As Python's zlib.crc32 makes them of the labels 0, 1, 2 as <i8, and of the names with a zero
    // byte after each.
    let earlier = """
      {
        "axis" : "rows", "bitOrder" : "big", "classNames" : [ "cat", "dog", "owl" ], "format" : "packed-bits",
        "formatVersion" : 1, "height" : 3, "width" : 5,
        "states" : [ { "checksums" : { "columns/name" : 3463799764, "labels" : 1334598860 }, "count" : 3 } ]
      }
      """
    try write(Array(earlier.utf8), "\(path)/format.json")
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "owl"])
    try check(PackedBitStore(at: path), 0..<3)
    try append(3..<4, to: path)
    #expect(try PackedBitStore(at: path).classNames == ["cat", "dog", "owl"])
    try check(PackedBitStore(at: path), 0..<4)
  }

  @Test func anOpenStoreKeepsItsLabelsAndColumns() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    let (first, second) = (try PackedBitStore(at: path), try PackedBitStore(at: path))
    try append(3..<9, to: path)
    try check(first, 0..<3)
    try append(20..<23, to: path, .replace)
    try check(second, 0..<3)
    try check(PackedBitStore(at: path), 20..<23)
  }

  /// What an append repeats, it has checked.
  @Test(arguments: ["labels.npy", "columns/name.npy", "checksums.npy", "format.json", "masks.npy"])
  func damageStopsAnAppendOrIsNotRepeated(name: String) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    let file = "\(path)/\(name)"
    try append(0..<3, to: path, .create, classNames: ["a", "b", "c"])
    let whole = try contents(file)
    for offset in 0..<whole.count {
      try append(0..<3, to: path, .replaceAnything, classNames: ["a", "b", "c"])
      var damaged = whole
      damaged[offset] ^= 1 << UInt8(offset % 8)
      try write(damaged, file)
      do {
        try append(3..<4, to: path)
      } catch {
        #expect(error is StoreError)
        continue
      }
      guard let store = try? PackedBitStore(at: path), (try? store.verify()) != nil else { continue }
      try check(store, 0..<4)
      #expect(store.classNames == ["a", "b", "c"], "byte \(offset) of \(name)")
    }
  }

  /// A checksum that is made later would vouch for whatever is there.
  @Test func masksWithoutChecksumsGetNone() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    try? FileManager.default.removeItem(atPath: "\(path)/checksums.npy")
    #expect(try PackedBitStore(at: path).pixels(at: 2) == mask(2))
    #expect(try PackedBitStore(at: path).checksumCoverage == .noImages)
    #expect(code { try PackedBitStore(at: path).verify() } == .corrupt)
    #expect(code { try append(3..<4, to: path) } == .corrupt)
    // Masks of other programs never had any.
    let description =
      #"{"format":"packed-bits","formatVersion":1,"height":3,"width":5,"axis":"rows","bitOrder":"big"}"#
    try write(Array(description.utf8), "\(path)/format.json")
    #expect(try PackedBitStore(at: path).checksumCoverage == .noImages)
    try append(3..<5, to: path)
    let store = try PackedBitStore(at: path)
    try check(store, 0..<5)
    #expect(store.checksumCoverage == .someImages)
    try flip("\(path)/masks.npy", -1)
    #expect(code { try PackedBitStore(at: path).verify() } == .corrupt)
    try flip("\(path)/masks.npy", -1)
    let checksums = try contents("\(path)/checksums.npy")
    #expect(Array(checksums[128..<152]) == [UInt8](repeating: 0xFF, count: 24))
    #expect(Array(checksums[156..<160]) == [0, 0, 0, 0])
  }

  /// Users that may read the masks may read their description, and nobody else may.
  @Test func filesThatAnAppendAddsHaveTheModesOfTheirNeighbors() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    func mode(_ name: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
    }
    try PackedBitStore.Writer(to: path, threads: 1).finish()
    try FileManager.default.setAttributes([.posixPermissions: 0o710], ofItemAtPath: path)
    for (name, mode) in [("masks.npy", 0o640), ("format.json", 0o604)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(path)/\(name)")
    }
    try append(0..<2, to: path)
    try check(PackedBitStore(at: path), 0..<2)
    #expect(try mode("columns") == 0o710 && mode("format.json") == 0o604)
    for name in ["masks.npy", "labels.npy", "columns/name.npy"] {
      #expect(try mode(name) == 0o640, "\(name)")
    }
  }

  @Test func anAppendToNoMasksThatDiedLeavesNone() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<0, to: path, .create)
    let empty = try contents("\(path)/masks.npy")
    try append(0..<2, to: path)
    try write(Array(empty + contents("\(path)/masks.npy")[128...]), "\(path)/masks.npy")
    let store = try PackedBitStore(at: path)
    #expect(store.count == 0 && store.format == nil && store.columnNames == [])
    #expect(try store.labels() == nil)
    try store.verify()
    // Another size, and other columns.
    var writer = try PackedBitStore.Writer(to: path, mode: .append)
    let pixels: [UInt8] = [1, 0, 1, 1]
    try unsafe writer.append(
      pixels.span.bytes, format: ImageFormat(height: 2, width: 2, elementType: .bool), label: 7)
    try writer.finish()
    let grown = try PackedBitStore(at: path)
    #expect(try grown.pixels(at: 0) == pixels)
    #expect(try grown.labels() == [7])
    try grown.verify()
  }

  @Test func bytesThatNoWriterLeftAreNotCutOff() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    let description =
      #"{"format":"packed-bits","formatVersion":1,"height":3,"width":5,"axis":"rows","bitOrder":"big"}"#
    try write(Array(description.utf8), "\(path)/format.json")
    let masks = try contents("\(path)/masks.npy") + Array("somebody's notes".utf8)
    try write(masks, "\(path)/masks.npy")
    #expect(code { try append(3..<4, to: path) } == .unsupported)
    #expect(try contents("\(path)/masks.npy") == masks)
  }

  @Test func neitherPipesNorLinksAreFollowed() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    for name in ["format.json", "masks.npy", "labels.npy", "checksums.npy", "columns/name.npy"] {
      for isPipe in [true, false] {
        try append(0..<3, to: path, .replaceAnything)
        let (file, elsewhere) = ("\(path)/\(name)", "\(folder.path)/elsewhere")
        try? FileManager.default.removeItem(atPath: elsewhere)
        try FileManager.default.moveItem(atPath: file, toPath: elsewhere)
        let before = try contents(elsewhere)
        _ = unsafe isPipe ? mkfifo(file, 0o600) : symlink(elsewhere, file)
        #expect(code { _ = try PackedBitStore(at: path) } == .unrecognized, "\(name)")
        #expect(code { try append(3..<4, to: path) } == .unrecognized, "\(name)")
        #expect(code { try append(3..<4, to: path, .replace) } == .alreadyExists, "\(name)")
        #expect(try contents(elsewhere) == before)
      }
    }
  }

  @Test func onlyAStoreOfOursIsReplaced() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    try append(3..<4, to: path)
    #expect(try PackedBitStore.otherContents(at: path) == nil)
    try append(0..<1, to: path, .replace)
    #expect(try PackedBitStore.otherContents(at: path) == nil)
    for other in ["notes.txt", "columns/other.npy", ".hidden", "columns/notes.txt"] {
      try write([1], "\(path)/\(other)")
      #expect(try PackedBitStore.otherContents(at: path)?.contains(other) == true)
      #expect(code { try append(0..<2, to: path, .replace) } == .alreadyExists, "\(other)")
      #expect(try contents("\(path)/\(other)") == [1])
      try? FileManager.default.removeItem(atPath: "\(path)/\(other)")
    }
    try flip("\(path)/format.json", 30)
    #expect(try PackedBitStore.otherContents(at: path) != nil)
    #expect(try PackedBitStore.otherContents(at: folder.path) != nil)
    #expect(try PackedBitStore.otherContents(at: "\(path)/masks.npy") != nil)
  }

  @Test func editsOfOthersAreNotOverwritten() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    var writer = try PackedBitStore.Writer(to: path, mode: .append, threads: 1)
    try unsafe writer.append(
      mask(3).span.bytes, layout: BatchLayout(format, count: 1),
      labels: ImageLabels(labels: [0], columns: ["name": .string(["mask 3"])]))
    try flip("\(path)/labels.npy", 128)
    let edited = try contents("\(path)/labels.npy")
    do {
      try writer.finish()
      Issue.record("the edit is lost")
    } catch {
      #expect(error.code == .busy)
    }
    #expect(try contents("\(path)/labels.npy") == edited)
  }

  /// A writer died once its edit was in place; since then the folder's name belongs to another
  /// program.
  @Test func anotherFolderThatIsCalledAsThatOfAnEditStays() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    for others in [["notes.txt"], ["columns/name.npy", "columns/notes.txt"], ["masks/a.npy"], []] {
      try append(0..<3, to: path, .replaceAnything)
      let text = String(decoding: try contents("\(path)/format.json"), as: UTF8.self)
      let lines = text.split(separator: "\n").filter { !$0.contains("crc32\"") }
      let died = lines.joined(separator: "\n").replacing("{", with: "{\"edit\":[],", maxReplacements: 1)
      try write(Array(died.utf8), "\(path)/format.json")
      for name in others + (others.isEmpty ? ["columns/name.npy"] : []) {
        let place = URL(filePath: "\(path)/.edit/\(name)").deletingLastPathComponent()
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try write([1], "\(path)/.edit/\(name)")
      }
      try append(3..<4, to: path)
      try check(PackedBitStore(at: path), 0..<4)
      for name in others { #expect(try contents("\(path)/.edit/\(name)") == [1]) }
      #expect((FileSystem.kind(of: "\(path)/.edit") == nil) == others.isEmpty)
      #expect((try PackedBitStore.otherContents(at: path) == nil) == others.isEmpty)
      guard !others.isEmpty else { continue }
      #expect(throws: StoreError.self) { try PackedBitStore.edit(path) { try $0.withoutColumns("name") } }
      for name in others { #expect(try contents("\(path)/.edit/\(name)") == [1]) }
    }
  }

  /// Names that no column can have, of folders whose description names none.
  @Test func namesOfColumnsThatAreNotUTF8AreLeftAlone() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    let description =
      #"{"format":"packed-bits","formatVersion":1,"height":3,"width":5,"axis":"rows","bitOrder":"big"}"#
    try write(Array(description.utf8), "\(path)/format.json")
    let name = Array("\(path)/columns/".utf8CString.dropLast()) + [-23, 46, 110, 112, 121, 0]
    let file = unsafe open(name, O_CREAT | O_WRONLY, 0o600)
    try #require(file >= 0)
    close(file)
    #expect(try PackedBitStore(at: path).columnNames == ["name"])
    try append(3..<4, to: path)
    try check(PackedBitStore(at: path), 0..<4)
    #expect(unsafe access(name, F_OK) == 0)
  }

  /// A height that is one bit away may fit the file as well; a caller that asks for verified reads
  /// gets no other pixels than were written.
  @Test func aHeightThatIsAnotherIsFoundByVerifiedReads() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.bits"
    try append(0..<3, to: path, .create)
    let text = String(decoding: try contents("\(path)/format.json"), as: UTF8.self)
    let damaged = text.replacing("\"height\" : 3", with: "\"height\" : 2")
    #expect(damaged != text)
    try write(Array(damaged.utf8), "\(path)/format.json")
    let store = try PackedBitStore(at: path)
    #expect(throws: StoreError.self) { try store.verify() }
    #expect(throws: StoreError.self) { try store.verifyingReads().pixels(at: 0) }
  }
}
