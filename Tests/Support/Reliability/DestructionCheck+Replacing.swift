import ImageStoreCatalog
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

extension DestructionCheck {
  /// What is at the destination and is not a store of the writer's kind.
  static let replacing: [DestructionCheck] = [
    DestructionCheck("what is not a store is replaced by force alone") { scene in
      for (what, make) in others {
        try scene.clear(what)
        try make(scene)
        try scene.expectRefused(.create, .alreadyExists)
        try scene.expectRefused(.replace)
        try scene.expectRefused(.append)
        guard FileSystem.kind(of: scene.path) != .other else {
          // A device that lost its name would be lost to the machine.
          try scene.expectRefused(.replaceAnything)
          continue
        }
        try scene.write(.replaceAnything)
        try scene.expect([1])
        try require(
          FileSystem.names(in: scene.folder.path) == [scene.name].sorted(),
          "something is left beside the store")
      }
    },
    DestructionCheck("stores of other kinds are replaced by force alone") { scene in
      for other in Backend.all where other.name.prefix(3) != scene.backend.name.prefix(3) {
        try scene.clear("a store of \(other)")
        try other.write(scene.path, .create, WriterRun(Commits(other, imagesPerCommit: 3).images(of: 0)))
        try scene.expectRefused(.create, .alreadyExists)
        try scene.expectRefused(.replace)
        try scene.expectRefused(.append)
        try scene.write(.replaceAnything)
        try scene.expect([1])
      }
    },
    DestructionCheck("a store with something of the user's in it is not replaced", for: { !isSingleFile($0) })
    { scene in
      let additions: [(String, (String) throws -> Void)] = [
        ("notes.txt", { try Files.write("notes", to: $0) }),
        (".hidden", { try Files.write("hidden", to: $0) }),
        ("mine", { try scene.makeSources(at: $0) }),
        ("empty", { try Files.createFolder($0) }),
        ("link", { try Files.link("/etc/hostname", at: $0) }),
        ("pipe", { try scene.makePipe(at: $0) }),
      ]
      for (name, make) in additions {
        try scene.clear("a store with \(name)")
        try scene.makeStore()
        try make("\(scene.path)/\(name)")
        try scene.expectRefused(.create, .alreadyExists)
        try scene.expectRefused(.replace)
        try scene.expectHarmless(.append, [0, 1], protecting: ["\(scene.name)/\(name)"])
      }
    },
    DestructionCheck("pictures behind the last one stay", for: { $0.name.hasPrefix("files") }) { scene in
      // The user lists the first ones only, and has more of the same kind.
      for name in [
        "3.png", "4.png", "100.png", "00000/3.png", "00000/9.png", "00001/1000.png", "00007/7000.png",
      ] {
        try scene.clear("a picture called \(name)")
        try scene.makeStore()
        let folder = FileSystem.split("\(scene.path)/\(name)").folder
        if FileSystem.kind(of: folder) == nil { try Files.createFolder(folder) }
        try Files.write("the user's", to: "\(scene.path)/\(name)")
        try scene.expectHarmless(.append, [0, 1], protecting: ["\(scene.name)/\(name)"])
        try scene.expectRefused(.replace)
      }
    },
    DestructionCheck("files beside a store stay") { scene in
      for mode in WriteMode.allCases {
        try scene.clear("neighbours")
        if mode != .create { try scene.makeStore() }
        for name in neighbours(of: scene.name) { try Files.write("mine", to: "\(scene.folder.path)/\(name)") }
        try scene.makeSources(at: "\(scene.folder.path)/sources")
        try scene.expectHarmless(mode, mode == .append ? [0, 1] : [1])
        try require(FileSystem.kind(of: scene.path) != nil, "\(mode.rawValue) is refused for its neighbours")
      }
    },
    DestructionCheck("a source within the destination, or around it, is refused") { scene in
      // A folder that holds such images, so that something can be within it.
      let source = scene.backend.entry.holdsMasksAlone ? scene.backend : Backend.onePerKind[0]
      for mode in WriteMode.allCases {
        try scene.clear("a source within the destination")
        try Files.createFolder(scene.path)
        let inner = source.path(in: scene.path)
        try source.write(inner, .create, WriterRun(scene.commits.images(of: 0)))
        try scene.expectRefusedConversion(of: source.open(inner), to: scene.path, mode)

        try scene.clear("a destination within the source")
        let outer = "\(scene.folder.path)/outer"
        try source.write(outer, .create, WriterRun(scene.commits.images(of: 0)))
        try scene.expectRefusedConversion(of: source.open(outer), to: scene.backend.path(in: outer), mode)
      }
    },
  ]

  private static func isSingleFile(_ backend: Backend) -> Bool {
    backend.name.hasPrefix("npz") || backend.name.hasPrefix("hdf5")
  }

  private static func neighbours(of name: String) -> [String] {
    [
      ".\(name)", "\(name).bak", "\(name)~", ".\(name).new", ".\(name).partial.old", ".\(name).partial~",
      "replaced",
      "labels.csv", ".labels.csv.new", "data.mdb", "0.png", "new", "store.metadata",
    ].filter { $0 != name }
  }

  /// What other people have where a store is to be.
  private static let others: [(String, @Sendable (Scene) throws -> Void)] = [
    ("a folder of sources", { try $0.makeSources(at: $0.path) }),
    (
      "a folder of photographs",
      { scene in
        try Files.createFolder(scene.path)
        let pictures = "\(scene.folder.path)/pictures"
        try Backend.named("files-flat").append(0..<1, to: pictures, imagesPerCommit: 2)
        for number in 0..<2 {
          try Files.rename("\(pictures)/\(number).png", to: "\(scene.path)/IMG_\(number).png")
        }
        try Files.remove(pictures)
        try Files.write("not decoded", to: "\(scene.path)/holiday.jpg")
      }
    ),
    (
      "a folder of folders of photographs",
      { scene in
        try Files.createFolder(scene.path)
        let pictures = "\(scene.folder.path)/pictures"
        try Backend.named("files-flat").append(0..<1, to: pictures, imagesPerCommit: 2)
        for (number, name) in ["cats", "dogs"].enumerated() {
          try Files.createFolder("\(scene.path)/\(name)")
          try Files.rename("\(pictures)/\(number).png", to: "\(scene.path)/\(name)/\(number).png")
        }
        try Files.remove(pictures)
      }
    ),
    ("a file of text", { try Files.write("my thesis\n", to: $0.path) }),
    (
      "somebody's archive",
      { try Files.write(StoredArchive.bytes(["thesis.txt": Array("my thesis".utf8)]), to: $0.path) }
    ),
    (
      "somebody's database",
      { scene in
        try Files.createFolder(scene.path)
        try Files.write(
          DatabaseOfOneValue.bytes(key: Array("key".utf8), value: Array("value".utf8)),
          to: "\(scene.path)/data.mdb")
      }
    ),
    (
      "somebody's arrays",
      { scene in
        try Files.createFolder(scene.path)
        try Files.write("\u{93}NUMPY", to: "\(scene.path)/masks.npy")
        try Files.write("0,1,2", to: "\(scene.path)/labels.npy")
      }
    ),
    (
      "a table of somebody's",
      { scene in
        try Files.createFolder(scene.path)
        try Files.write("name,price\nbread,3\n", to: "\(scene.path)/labels.csv")
      }
    ),
    ("a pipe", { try $0.makePipe(at: $0.path) }),
  ]
}

extension Scene {
  /// Checks that a store is not written into what it is made of, or around it.
  func expectRefusedConversion(of source: any ImageStore, to path: String, _ mode: WriteMode) throws {
    let before = try Surroundings(of: folder.path)
    var refusal: StoreError?
    do { try backend.convert(source, path, mode) } catch let error as StoreError { refusal = error }
    if let difference = before.difference(from: try Surroundings(of: folder.path)) {
      throw Violation(
        "\(mode.rawValue): \(difference); \(refusal.map { "it is refused: \($0)" } ?? "it is not refused")")
    }
    try require(refusal != nil, "\(mode.rawValue) is not refused")
  }
}

/// A zip archive of stored entries, made without the code that is checked.
///
/// Format: PKWARE's APPNOTE, 4.3.7, 4.3.12 and 4.3.16.
enum StoredArchive {
  static func bytes(_ entries: [String: [UInt8]]) -> [UInt8] {
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    for (name, bytes) in entries.sorted(by: { $0.key < $1.key }) {
      let checksum = Int(unsafe CRC32.checksum(of: bytes.span.bytes))
      let common =
        number(20, 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(33, 2) + number(checksum, 4)
        + number(bytes.count, 4) + number(bytes.count, 4) + number(name.utf8.count, 2) + number(0, 2)
      directory +=
        Array("PK\u{1}\u{2}".utf8) + number(20, 2) + common + number(0, 10) + number(file.count, 4)
        + name.utf8
      file += Array("PK\u{3}\u{4}".utf8) + common + name.utf8 + bytes
    }
    let (start, count) = (file.count, entries.count)
    return file + directory + Array("PK\u{5}\u{6}".utf8) + number(0, 4) + number(count, 2) + number(count, 2)
      + number(directory.count, 4) + number(start, 4) + number(0, 2)
  }
}
