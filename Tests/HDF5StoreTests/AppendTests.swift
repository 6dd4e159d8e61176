import CImageStoreHDF5
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import HDF5Store

/// What an append keeps of a file, and what it refuses since it would lose it.
@Suite struct AppendTests {
  /// Changes to a store of this package, or to a file of others like it, that an append would undo:
  /// each with words that the refusal has.
  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var userBlock = 0
    var isLatest = false
    let make: @Sendable (borrowing HDF5Session, hid_t) throws -> Void

    init(
      _ words: String, userBlock: Int = 0, isLatest: Bool = false,
      _ make: @escaping @Sendable (borrowing HDF5Session, hid_t) throws -> Void
    ) {
      testDescription = words
      self.userBlock = userBlock
      self.isLatest = isLatest
      self.make = make
    }
  }

  static let changesOfOurs = [
    Change("attribute note of columns") { _, file in LibraryFiles.addAttribute("note", to: "columns", file) },
    Change("attribute unit of columns/half") { _, file in
      LibraryFiles.addAttribute("unit", to: "columns/half", file)
    },
    Change("attribute by of checksums") { _, file in LibraryFiles.addAttribute("by", to: "checksums", file) },
    Change("attribute scale of images") { _, file in LibraryFiles.addAttribute("scale", to: "images", file) },
    Change("attribute title of the root") { _, file in LibraryFiles.addAttribute("title", to: "/", file) },
    Change("meta beside labels") { _, file in
      #expect(unsafe H5Ldelete(file, "meta", CHDF5_default()) >= 0)
      H5Dclose(LibraryFiles.dataset("meta", file, CHDF5_int64(), shape: [9]))
    },
    Change("other links to columns/half") { _, file in
      #expect(
        unsafe H5Lcreate_hard(file, "columns/half", file, "columns/too", CHDF5_default(), CHDF5_default())
          >= 0)
    },
    Change("soft link columns/soft") { _, file in
      #expect(unsafe H5Lcreate_soft("/labels", file, "columns/soft", CHDF5_default(), CHDF5_default()) >= 0)
    },
    Change("boxes") { _, file in
      H5Dclose(LibraryFiles.dataset("boxes", file, CHDF5_int64(), shape: [9, 4]))
    },
    Change("shape (9, 4, 2) of columns/boxes") { _, file in
      H5Dclose(LibraryFiles.dataset("columns/boxes", file, CHDF5_int64(), shape: [9, 4, 2]))
    },
    Change("the comment of images") { _, file in
      #expect(unsafe H5Oset_comment_by_name(file, "images", "drawn by hand", CHDF5_default()) >= 0)
    },
  ]

  @Test(arguments: changesOfOurs)
  func whatOthersAddedToAStoreIsNotLost(_ change: Change) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HeldTests.write(9, to: path)
    try LibraryFiles.edit(path, change.make)
    try expectRefusal(path, change.testDescription)
    // Nor is it thrown away by a replacement.
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .replace) }
    #expect(error.code == .alreadyExists && error.description.contains(change.testDescription), "\(error)")
  }

  /// Creates `/images` and `/labels` in place of those that are there.
  private static func replaceImages(
    _ file: hid_t, _ type: hid_t = CHDF5_uint8(), shape: [Int] = [3, 4, 5], most: [Int?]? = nil,
    chunk: [Int]? = nil, change: (_ creation: hid_t) -> Void = { _ in }
  ) {
    #expect(unsafe H5Ldelete(file, "images", CHDF5_default()) >= 0)
    let images = LibraryFiles.dataset(
      "images", file, type, shape: shape, most: most, chunk: chunk, change: change)
    LibraryFiles.write([UInt8](repeating: 1, count: 60), images, CHDF5_uint8())
    H5Dclose(images)
  }

  static let changesOfOthers = [
    Change("a user block of 512 bytes", userBlock: 512) { _, _ in },
    Change("version", isLatest: true) { _, _ in },
    Change("the chunks of images") { _, file in
      replaceImages(file, most: [nil, 4, 5], chunk: [2, 4, 5]) { H5Pset_deflate($0, 1) }
    },
    Change("the filters of images") { _, file in
      replaceImages(file, most: [nil, 4, 5], chunk: [204, 4, 5]) {
        H5Pset_deflate($0, 1)
        H5Pset_fletcher32($0)
      }
    },
    Change("the layout of images") { _, file in replaceImages(file, chunk: [3, 4, 5]) },
    Change("the layout of images") { _, file in replaceImages(file) { H5Pset_layout($0, H5D_COMPACT) } },
    Change("how images may grow") { _, file in
      replaceImages(file, chunk: [204, 4, 5].map { min($0, 3) }) { _ in }
      #expect(unsafe H5Ldelete(file, "images", CHDF5_default()) >= 0)
      let images = LibraryFiles.dataset(
        "images", file, CHDF5_uint8(), shape: [3, 4, 5], most: [9, 4, 5], chunk: [3, 4, 5])
      H5Dclose(images)
    },
    Change("the byte order of images") { session, file in
      let type = try session.copy(CHDF5_uint16())
      #expect(H5Tset_order(type.id, H5T_ORDER_BE) >= 0)
      replaceImages(file, type.id)
    },
    Change("the shape (3, 4, 5, 1) of images") { _, file in replaceImages(file, shape: [3, 4, 5, 1]) },
    Change("the fill value of images") { _, file in
      replaceImages(file) { creation in
        var value: UInt8 = 3
        #expect(unsafe H5Pset_fill_value(creation, CHDF5_uint8(), &value) >= 0)
      }
    },
    Change("the order of attributes of images") { _, file in
      // H5P_CRT_ORDER_TRACKED
      replaceImages(file) { #expect(H5Pset_attr_creation_order($0, 1) >= 0) }
    },
    Change("the type of images") { session, file in
      let type = try session.copy(CHDF5_uint8())
      #expect(
        unsafe H5Tcommit2(file, "images_type", type.id, CHDF5_default(), CHDF5_default(), CHDF5_default())
          >= 0)
      replaceImages(file, type.id)
      #expect(unsafe H5Ldelete(file, "images_type", CHDF5_default()) >= 0)
    },
    Change("the layout of labels") { _, file in
      #expect(unsafe H5Ldelete(file, "labels", CHDF5_default()) >= 0)
      let labels = LibraryFiles.dataset("labels", file, CHDF5_int64(), shape: [3], chunk: [2])
      LibraryFiles.write([Int64(1), 2, 3], labels, CHDF5_int64())
      H5Dclose(labels)
    },
    Change("the shape (3, 1) of labels") { _, file in
      #expect(unsafe H5Ldelete(file, "labels", CHDF5_default()) >= 0)
      H5Dclose(LibraryFiles.dataset("labels", file, CHDF5_int64(), shape: [3, 1]))
    },
    Change("the order of what is in columns") { _, file in
      let creation = H5Pcreate(CHDF5_group_creation())
      // H5P_CRT_ORDER_TRACKED
      #expect(H5Pset_link_creation_order(creation, 1) >= 0)
      let group = unsafe H5Gcreate2(file, "columns", CHDF5_default(), creation, CHDF5_default())
      #expect(group >= 0)
      H5Gclose(group)
      H5Pclose(creation)
    },
    Change("the dataset class_names") { session, file in
      let type = try session.type(of: StoredText(form: .fixed(byteCount: 3, .zeros), isASCII: false))
      H5Dclose(LibraryFiles.dataset("class_names", file, type.id, shape: [3]))
    },
  ]

  @Test(arguments: changesOfOthers)
  func whatOthersHaveOtherwiseIsNotLost(_ change: Change) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try LibraryFiles.create(path, isLatest: change.isLatest, userBlock: change.userBlock) { session, file in
      LibraryFiles.plain(file)
      try change.make(session, file)
    }
    try expectRefusal(path, change.testDescription)
  }

  private func expectRefusal(_ path: String, _ words: String) throws {
    let before = try Data(contentsOf: URL(filePath: path))
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(error.code == .unsupported && error.description.contains(words), "\(error)")
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  /// Types of values that are not this package's stay as they are.
  @Test func typesOfValuesAreKept() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let ascii = StoredText(form: .fixed(byteCount: 8, .zeros), isASCII: true)
    let long = StoredText(form: .variable, isASCII: false)
    let float = StoredType(kind: .float, byteCount: 4, isBigEndian: true)
    let short = StoredType(kind: .unsigned, byteCount: 2, isBigEndian: true)
    try LibraryFiles.create(path) { session, file in
      LibraryFiles.plain(file)
      #expect(unsafe H5Ldelete(file, "labels", CHDF5_default()) >= 0)
      let group = unsafe H5Gcreate2(file, "columns", CHDF5_default(), CHDF5_default(), CHDF5_default())
      H5Gclose(group)
      let labels = LibraryFiles.dataset("labels", file, CHDF5_uint8(), shape: [3])
      LibraryFiles.write([UInt8(2), 1, 0], labels, CHDF5_uint8())
      H5Dclose(labels)
      for (name, type) in try [
        ("columns/ascii", session.type(of: ascii).leaked()),
        ("columns/long", session.type(of: long).leaked()),
        ("columns/float", session.type(of: float).leaked()),
        ("columns/short", session.type(of: short).leaked()),
      ] {
        H5Dclose(LibraryFiles.dataset(name, file, type, shape: [3]))
        H5Tclose(type)
      }
    }
    func append(_ label: Int, _ ascii: String, _ float: Double, _ short: Int64) throws {
      var writer = try HDF5Store.Writer(to: path, mode: .append)
      let pixels = [UInt8](repeating: 9, count: 20)
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(ImageFormat(height: 4, width: 5), count: 1),
        labels: ImageLabels(
          labels: [label],
          columns: [
            "ascii": .string([ascii]), "long": .string(["\u{E9} of any length"]), "float": .double([float]),
            "short": .int64([short]),
          ]))
      try writer.finish()
    }
    // Twice, since the second finds a file of this package.
    try append(255, "12345678", 0.25, 65_535)
    try append(3, "", -1, 7)
    for (label, ascii, value, number) in [
      (256, "", 0.0, Int64(0)), (-1, "", 0, 0), (0, "123456789", 0, 0), (0, "\u{E9}", 0, 0), (0, "", 0.1, 0),
      (0, "", 0, -1), (0, "", 0, 65_536),
    ] {
      let error = try #require(throws: StoreError.self) { try append(label, ascii, value, number) }
      #expect(error.code == .unsupported && error.description.contains("convert"))
    }
    let store = try HDF5Store(at: path)
    #expect(store.count == 5)
    #expect(try store.labels() == [2, 1, 0, 255, 3])
    #expect(try store.column("ascii") == .string(["", "", "", "12345678", ""]))
    #expect(
      try store.column("long") == .string(["", "", "", "\u{E9} of any length", "\u{E9} of any length"]))
    #expect(try store.column("float") == .double([0, 0, 0, 0.25, -1]))
    #expect(try store.column("short") == .int64([0, 0, 0, 65_535, 7]))
    try store.verify()
    let forms = try store.valueForms()
    #expect(forms.labels == StoredType(kind: .unsigned, byteCount: 1, isBigEndian: false))
    func form(_ name: String) -> (number: StoredType?, text: StoredText?) {
      switch forms.columns[name] {
      case .number(let number)?: (number, nil)
      case .text(let text)?: (nil, text)
      default: (nil, nil)
      }
    }
    #expect(form("ascii").text == ascii && form("long").text == long)
    #expect(form("float").number == float && form("short").number == short)
  }

  /// Labels are translated by name before it is asked whether the file has room for them, and names
  /// that no longer fit an attribute become a dataset.
  @Test func classNamesGrowBeyondAnAttribute() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let names = (0..<7_000).map { "class \($0)" }
    func append(_ classNames: [String], _ label: Int) throws {
      try HDF5Store.write(to: path, mode: .append, classNames: classNames) { writer in
        try writer.append(WriterTests.image(0), format: WriterTests.format, label: label)
        #expect(writer.count == 1)
      }
    }
    try append(["b", "a"], 1)
    try append(["a"] + names, 0)
    try append(Array(names.reversed()), 0)
    let store = try HDF5Store(at: path)
    #expect(store.classNames == ["b", "a"] + names)
    #expect(try store.labels() == [1, 1, 7_001])
    try store.verify()
    try LibraryFiles.create(path) { _, file in
      LibraryFiles.plain(file)
      #expect(unsafe H5Ldelete(file, "labels", CHDF5_default()) >= 0)
      H5Dclose(LibraryFiles.dataset("labels", file, CHDF5_uint8(), shape: [3]))
    }
    let format = ImageFormat(height: 4, width: 5)
    func extend(_ classNames: [String], _ label: Int) throws {
      try HDF5Store.write(to: path, mode: .append, classNames: classNames) { writer in
        try writer.append([UInt8](repeating: 1, count: 20), format: format, label: label)
      }
    }
    try extend(Array(names[..<200]), 199)
    let error = try #require(throws: StoreError.self) { try extend(Array(names[200..<300]), 60) }
    #expect(error.code == .unsupported && error.description.contains("uint8"), "\(error)")
    #expect(try HDF5Store(at: path).labels() == [0, 0, 0, 199])
  }

  @Test func theLevelOfCompressionIsKept() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(500, to: path, .small)
    var writer = try HDF5Store.Writer(to: path, mode: .append)
    try WriterTests.append(500..<501, &writer)
    try writer.finish()
    #expect(try HDF5Store(at: path).valueForms().level == 9)
  }

  @Test(arguments: ["labels", "columns/half", "columns/short", "columns/long", "checksums"])
  func damageIsNotGivenAChecksum(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HeldTests.write(50, to: path)
    let store = try HDF5Store(at: path)
    let values =
      name == "labels"
      ? store.records.labels
      : name == "checksums"
        ? store.records.checksums : store.records.columns[String(name.dropFirst(8))]?.values
    guard case .mapped(let offset)? = values?.place else { throw StoreError(.notFound, name) }
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[offset + 1] ^= 1
    try bytes.write(to: URL(filePath: path))
    #expect(throws: StoreError.self) { try HDF5Store(at: path).verify() }
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(error.code == .corrupt, "\(error)")
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
  }

  /// Times are compared, not the file's identity alone.
  @Test func anEditMeanwhileIsNotLost() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(9, to: path)
    var writer = try HDF5Store.Writer(to: path, mode: .append)
    try WriterTests.append(9..<10, &writer)
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 100] ^= 1
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.write(contentsOf: bytes)
    try file.close()
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
    do throws(StoreError) {
      try writer.finish()
      Issue.record("the edit is lost")
    } catch {
      #expect(error.code == .busy)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.h5"])
  }

  @Test func theLibraryRefusesToWriteMeanwhile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try WriterTests.write(9, to: path)
    var writer = try HDF5Store.Writer(to: path, mode: .append)
    #expect(throws: StoreError.self) { try LibraryFiles.edit(path) { _, _ in } }
    try WriterTests.append(9..<10, &writer)
    // Others read it.
    #expect(try HDF5Store(at: path).count == 9)
    try writer.finish()
    try LibraryFiles.edit(path) { _, _ in }
  }

  @Test func modeAndLinksAreKept() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let link = "\(folder.path)/link.h5"
    try WriterTests.write(3, to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "store.h5")
    var writer = try HDF5Store.Writer(to: link, mode: .append)
    try WriterTests.append(3..<4, &writer)
    try writer.finish()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "store.h5")
    #expect(try HDF5Store(at: path).count == 4)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o640)
    try FileManager.default.linkItem(atPath: path, toPath: "\(folder.path)/hard.h5")
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store.Writer(to: path, mode: .append) }
    #expect(error.code == .unsupported && error.description.contains("hard links"))
  }
}

extension HDF5Handle {
  /// The identifier, which the caller closes.
  consuming func leaked() -> hid_t {
    H5Iinc_ref(id)
    return id
  }
}
