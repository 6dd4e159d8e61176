import FileStore
import HDF5Store
import ImageStoreReliability
import ImageStoreSupport
import LMDBStore
import NPZStore
import PackedBitStore
import Testing

/// Other labels, columns and class names for images there are; fewer images; commits on the way.
@Suite struct EditingTests {
  @Test(arguments: Backend.all)
  func editsAreWhatAModelSays(_ backend: Backend) throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    let changed = try EditCheck.run(backend, count: 24, seed: seed)
    #expect(changed > 8, "seed \(seed)")
  }

  /// A kind of store in terms of the five types that users see.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let open: @Sendable (_ path: String) throws -> any ImageStore
    let write: @Sendable (_ path: String, _ mode: WriteMode) throws -> Void
    let edit: @Sendable (_ path: String, (any ImageStore) throws -> any ImageStore) throws -> Void
    let remove: @Sendable (_ indices: [Int], _ path: String) throws -> any ImageStore
    let commit: @Sendable (_ path: String, _ mode: WriteMode, _ meanwhile: () throws -> Void) throws -> Void
    let copy: @Sendable (_ source: any ImageStore, _ path: String, _ commitEvery: Int) throws -> Void
  }

  static let format = ImageFormat(height: 3, width: 5, elementType: .bool)
  static let pixels: [UInt8] = (0..<15).map { $0 % 2 }

  static func append(_ labels: [Int], to writer: inout some ImageStoreWriter & ~Copyable) throws {
    for label in labels {
      try writer.append(pixels, format: format, label: label, columns: ["name": .string("\(label).png")])
    }
  }

  static func commit(
    _ writer: consuming some ImageStoreWriter & ~Copyable, _ meanwhile: () throws -> Void
  ) throws {
    try append([0, 1, 2], to: &writer)
    try writer.commit()
    // Nothing new is committed, and that is not an error.
    try writer.commit()
    try append([1], to: &writer)
    #expect(writer.count == 4)
    try meanwhile()
    _ = try writer.finish()
  }

  static func copy(
    _ source: any ImageStore, _ commitEvery: Int, to writer: consuming some ImageStoreWriter & ~Copyable
  ) throws {
    try writer.append(contentsOf: source, commitEvery: commitEvery)
    // Dropped: what came after the last commit is lost.
  }

  static let names: [String]? = ["a", "b", "c"]
  static let kinds = [
    Kind(
      testDescription: "FileStore", open: { try FileStore(at: $0) },
      write: { path, mode in
        try FileStore.write(to: path, mode: mode, classNames: names) { try append([0, 1, 2], to: &$0) }
      },
      edit: { try FileStore.edit($0, $1) }, remove: { try FileStore.remove($0, from: $1) },
      commit: { try commit(FileStore.Writer(to: $0, mode: $1, classNames: names), $2) },
      copy: { try copy($0, $2, to: FileStore.Writer(to: $1, classNames: names)) }),
    Kind(
      testDescription: "LMDBStore", open: { try LMDBStore(at: $0) },
      write: { path, mode in
        try LMDBStore.write(to: path, mode: mode, classNames: names) { try append([0, 1, 2], to: &$0) }
      },
      edit: { try LMDBStore.edit($0, $1) }, remove: { try LMDBStore.remove($0, from: $1) },
      commit: { try commit(LMDBStore.Writer(to: $0, mode: $1, classNames: names), $2) },
      copy: { try copy($0, $2, to: LMDBStore.Writer(to: $1, classNames: names)) }),
    Kind(
      testDescription: "HDF5Store", open: { try HDF5Store(at: $0) },
      write: { path, mode in
        try HDF5Store.write(to: path, mode: mode, classNames: names) { try append([0, 1, 2], to: &$0) }
      },
      edit: { try HDF5Store.edit($0, $1) }, remove: { try HDF5Store.remove($0, from: $1) },
      commit: { try commit(HDF5Store.Writer(to: $0, mode: $1, classNames: names), $2) },
      copy: { try copy($0, $2, to: HDF5Store.Writer(to: $1, classNames: names)) }),
    Kind(
      testDescription: "NPZStore", open: { try NPZStore(at: $0) },
      write: { path, mode in
        try NPZStore.write(to: path, mode: mode, classNames: names) { try append([0, 1, 2], to: &$0) }
      },
      edit: { try NPZStore.edit($0, $1) }, remove: { try NPZStore.remove($0, from: $1) },
      commit: { try commit(NPZStore.Writer(to: $0, mode: $1, classNames: names), $2) },
      copy: { try copy($0, $2, to: NPZStore.Writer(to: $1, classNames: names)) }),
    Kind(
      testDescription: "PackedBitStore", open: { try PackedBitStore(at: $0) },
      write: { path, mode in
        try PackedBitStore.write(to: path, mode: mode, classNames: names) { try append([0, 1, 2], to: &$0) }
      },
      edit: { try PackedBitStore.edit($0, $1) }, remove: { try PackedBitStore.remove($0, from: $1) },
      commit: { try commit(PackedBitStore.Writer(to: $0, mode: $1, classNames: names), $2) },
      copy: { try copy($0, $2, to: PackedBitStore.Writer(to: $1, classNames: names)) }),
  ]

  private let folder: WorkFolder
  private var path: String { "\(folder.path)/store" }
  init() throws { folder = try WorkFolder() }

  @Test(arguments: kinds)
  func otherImagesAreRefused(_ kind: Kind) throws {
    try kind.write(path, .create)
    let other = try InMemoryStore(copying: try kind.open(path))
    for change: (any ImageStore) throws -> any ImageStore in [
      { try $0.subset([0, 1]) }, { try $0.subset([2, 1, 0]) }, { _ in other },
      { try $0.relabeled(images: [0: 1]).filtered(labels: [1]) },
      { try $0.relabeled(images: [3: 1]) },
    ] {
      #expect(throws: StoreError.self) { try kind.edit(path, change) }
    }
    let store = try kind.open(path)
    #expect(try store.labels() == [0, 1, 2])
    #expect(try FileSystem.names(in: folder.path) == ["store"])
    do {
      try kind.edit("\(folder.path)/none", { $0 })
      Issue.record("a store that is not there is edited")
    } catch let error as StoreError {
      #expect(error.code == .notFound && error.path == "\(folder.path)/none")
    }
  }

  @Test(arguments: kinds)
  func aWriterAtWorkIsNotDisturbed(_ kind: Kind) throws {
    guard kind.testDescription != "HDF5Store" else { return }
    try kind.commit(path, .create) {
      #expect(try kind.open(path).labels() == [0, 1, 2])
      for attempt in [
        { try kind.edit(path) { try $0.withoutColumns("name") } }, { _ = try kind.remove([0], path) },
      ] {
        do {
          try attempt()
          Issue.record("a writer is disturbed")
        } catch let error as StoreError {
          #expect(error.code == .busy, "\(error)")
        }
      }
    }
    let store = try kind.open(path)
    try store.verify()
    #expect(try store.labels() == [0, 1, 2, 1] && store.classNames == Self.names)
    guard case .string(let names) = try store.column("name") else { throw Violation("no names") }
    #expect(names == ["0.png", "1.png", "2.png", "1.png"])
  }

  @Test func whatCannotBeCommittedIsRefusedByName() throws {
    let kind = try #require(Self.kinds.first { $0.testDescription == "HDF5Store" })
    do {
      try kind.commit(path, .create) {}
      Issue.record("HDF5 is committed")
    } catch let error as StoreError {
      #expect(error.code == .unsupported && error.description.contains("whole file"), "\(error)")
    }
    #expect(try FileSystem.names(in: folder.path) == [])
    for kind in Self.kinds where kind.testDescription != "HDF5Store" {
      let path = "\(folder.path)/\(kind.testDescription)"
      try kind.write(path, .create)
      do {
        try kind.commit(path, .replace) {}
        Issue.record("a replacement is committed")
      } catch let error as StoreError {
        #expect(error.code == .unsupported, "\(error)")
      }
      #expect(try kind.open(path).count == 3)
    }
  }

  @Test(arguments: kinds)
  func copiesCommitEverySoManyImages(_ kind: Kind) throws {
    guard kind.testDescription != "HDF5Store" else { return }
    let source = try InMemoryStore(classNames: Self.names) { writer in
      for label in 0..<11 { try Self.append([label % 3], to: &writer) }
    }
    try kind.copy(source, path, 4)
    let store = try kind.open(path)
    try store.verify()
    #expect(try store.labels() == [0, 1, 2, 0, 1, 2, 0, 1])
    #expect(try FileSystem.names(in: folder.path) == ["store"])
    #expect(throws: StoreError.self) { try kind.copy(source, "\(folder.path)/x", 0) }
  }

  /// As zlib.crc32 of Python's has them, if a store keeps those of pixels; as they were once images are gone.
  @Test(arguments: kinds)
  func checksumsAreThoseOfPixels(_ kind: Kind) throws {
    try kind.write(path, .create)
    let isKept = ["LMDBStore", "HDF5Store"].contains(kind.testDescription)
    let one: UInt32? = isKept ? 0x98EA_40DF : nil
    #expect(try kind.open(path).checksums() == [one, one, one])
    #expect(try kind.open(path).findDuplicates().duplicateIndices == [1, 2])
    #expect(try kind.remove([1, 2], path).checksums() == [one])
  }

  @Test(arguments: kinds)
  func removalsRefuseWhatWouldBeLost(_ kind: Kind) throws {
    try kind.write(path, .create)
    #expect(throws: StoreError.self) { try kind.remove([3], path) }
    #expect(throws: StoreError.self) { try kind.remove([-1], path) }
    #expect(try kind.remove([], path).count == 3)
    if FileSystem.kind(of: path) == .folder {
      let notes = "\(path)/notes.txt"
      try FileSystem.write(Array("mine".utf8), toNewFile: notes)
      #expect(throws: StoreError.self) { try kind.remove([1], path) }
      // An edit leaves it where it is.
      try kind.edit(path) { try $0.relabeled(images: [0: 2]) }
      #expect(try FileSystem.contents(of: notes, limit: 100) == Array("mine".utf8))
      #expect(try kind.open(path).labels() == [2, 1, 2])
    } else {
      let left = try kind.remove([1, 1], path)
      #expect(try left.labels() == [0, 2] && left.pixels(at: 1) == Self.pixels)
      #expect(try kind.remove([0, 1], path).count == 0)
    }
  }
}
