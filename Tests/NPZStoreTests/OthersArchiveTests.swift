import ImageStoreCore
import ImageStoreSupport
import NPZStore
import Testing

/// Archives of other people's layouts, made here entry by entry: nothing is dropped or guessed in silence.
@Suite struct OthersArchiveTests {
  private let folder = TemporaryFolder()

  private func archive(_ entries: [(String, [UInt8])]) throws -> String {
    var zip = ZipBuilder()
    for (name, data) in entries { zip.add(name, data) }
    zip.end()
    return try folder.write(zip.bytes)
  }

  private func description(_ change: (inout StoreDescription) -> Void) -> StoreDescription {
    var description = StoreDescription()
    change(&description)
    return description
  }

  /// Bytes none of which stands for another.
  private func ramp(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) } }

  private func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { little(UInt64($0.bitPattern), 4) }
  }

  /// An array in Fortran order.
  private func fortran(_ descr: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
    var bytes = npy(descr, shape, data)
    let start = bytes.firstRange(of: "False".utf8)!.lowerBound
    bytes.replaceSubrange(start..<start + 5, with: "True ".utf8)
    return bytes
  }

  private func notes(_ store: NPZStore, _ kind: ReadingNote.Kind) -> String {
    store.notes.filter { $0.kind == kind }.map(\.text).joined(separator: "; ")
  }

  @Test func oneUnnamedArrayIsManyImages() throws {
    let store = try NPZStore(at: archive([("arr_0.npy", npy("|u1", "(3, 5, 6)", ramp(90)))]))
    #expect(store.count == 3 && store.format == ImageFormat(height: 5, width: 6))
    #expect(try store.pixels(at: 1) == Array(ramp(90)[30..<60]))
    let color = try NPZStore(at: archive([("picture.npy", npy("|u1", "(6, 5, 3)", ramp(90)))]))
    #expect(color.count == 1 && color.format == ImageFormat(height: 6, width: 5, channels: 3))
    #expect(notes(color, .decided).contains("one image"))
  }

  /// A split alone has the numbers that all have together.
  @Test func classesHaveTheSameNumbersInAllSplits() throws {
    let path = try archive([
      ("x_train.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))),
      ("y_train.npy", npy("|S1", "(3,)", Array("bcd".utf8))),
      ("x_test.npy", npy("|u1", "(2, 5, 6, 1)", ramp(60))),
      ("y_test.npy", npy("|S1", "(2,)", Array("ac".utf8))),
    ])
    let splits = try NPZStore.splits(at: path)
    #expect(try splits[.training]?.labels() == [1, 2, 3] && splits[.test]?.labels() == [0, 2])
    #expect(splits.values.allSatisfy { $0.classNames == ["a", "b", "c", "d"] })
    try splits[.training]?.verify()
  }

  @Test func arraysWithoutNamesGoTogetherByTheirShapes() throws {
    let store = try NPZStore(
      at: archive([
        ("arr_0.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))), ("arr_1.npy", npy("|u1", "(3,)", [4, 1, 4])),
      ]))
    #expect(try store.labels() == [4, 1, 4])
    #expect(notes(store, .decided).contains("arr_1"))
  }

  /// Found labels are read, made columns or named; they never shut out images.
  @Test func foundLabelsOfEveryKind() throws {
    let images = ("images.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90)))
    func open(_ labels: [UInt8]) throws -> NPZStore {
      try NPZStore(at: archive([images, ("labels.npy", labels)]))
    }
    #expect(try open(npy("<f4", "(3,)", floats([2, 0, 1]))).labels() == [2, 0, 1])
    #expect(try open(npy("|u1", "(3, 4)", [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1])).labels() == [1, 0, 3])
    #expect(try open(npy("|u1", "(1, 3)", [5, 6, 7])).labels() == [5, 6, 7])
    let text = try open(npy("|S3", "(3,)", Array("dogcatdog".utf8)))
    #expect(try text.labels() == [1, 0, 1] && text.classNames == ["cat", "dog"])
    let several = try open(npy("|u1", "(3, 2)", [1, 1, 0, 1, 0, 0]))
    #expect(try several.labels() == nil && several.columnNames == ["labels"])
    #expect(
      try several.column("labels") == .int64Vectors(try Column.Vectors([[1, 1], [0, 1], [0, 0]])))
    let halves = try open(npy("<f4", "(3,)", floats([0.5, 1, 2])))
    #expect(try halves.labels() == nil && halves.column("labels") == .double([0.5, 1, 2]))
    for unread in [
      npy("|u1", "(2,)", [1, 2]), npy("|u1", "(3, 5, 6)", ramp(90)), npy("|O", "(3,)", ramp(24)),
    ] {
      let store = try open(unread)
      #expect(try store.count == 3 && store.labels() == nil)
      #expect(notes(store, .notRead).contains("labels"))
      #expect(throws: StoreError.self) { try NPZStore(at: store.path, labels: "labels") }
    }
    let none = try NPZStore(
      at: archive([images, ("labels.npy", labelArray([1, 2, 3]))]),
      description { $0.labels = StoreDescription.Labels.none })
    #expect(try none.labels() == nil && none.notes.isEmpty)
  }

  @Test func whatIsNotReadIsNamed() throws {
    let store = try NPZStore(
      at: archive([
        ("images.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))), ("ids.npy", npy("|u1", "(3,)", [9, 8, 7])),
        ("metadata.npy", npy("|O", "()", ramp(8))), ("mean.npy", npy("|u1", "(5, 6)", ramp(30))),
        ("__MACOSX/._images.npy", ramp(40)),
      ]))
    #expect(try store.columnNames == ["ids"] && store.column("ids") == .int64([9, 8, 7]))
    #expect(
      notes(store, .notRead).contains("metadata") && notes(store, .notRead).contains("mean: the shape (5, 6)")
    )
    #expect(!notes(store, .notRead).contains("MACOSX"))
  }

  /// Arrays of several numbers, of bytes and of text for each image are columns under their names,
  /// whatever these are.
  @Test func furtherArraysAreColumns() throws {
    let doubles = [0.5, 1, 2, 3, 4, 5].flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
    }
    let store = try NPZStore(
      at: archive([
        ("images.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))), ("labels.npy", labelArray([2, 0, 1])),
        ("boxes.npy", npy("|i1", "(3, 2)", [1, 2, 3, 4, 5, 0xFF])),
        ("factors.npy", npy("<f8", "(3, 1, 2)", doubles)),
        ("image.npy", npy("|u1", "(1, 3)", [7, 8, 9])),
        ("a/b.npy", npy("|b1", "(3, 2)", [1, 0, 0, 1, 1, 1])),
        ("hash.npy", npy("|V2", "(3,)", [1, 2, 0, 0, 0xFF, 0])),
        ("code.npy", npy("|S2", "(3,)", [97, 98, 0xFF, 0, 0, 0])),
        ("text.npy", npy("|S2", "(3,)", [97, 98, 99, 0, 0, 0])),
        ("turned.npy", fortran("|u1", "(3, 2)", [1, 3, 5, 2, 4, 6])),
        ("huge.npy", npy("<u8", "(3,)", [UInt8](repeating: 0xFF, count: 24))),
        ("words.npy", npy("|S1", "(3, 2)", Array("abcdef".utf8))),
      ]))
    #expect(try store.labels() == [2, 0, 1])
    let expected: [String: Column] = [
      "boxes": .int64Vectors(try Column.Vectors([[1, 2], [3, 4], [5, -1]])),
      "factors": .doubleVectors(try Column.Vectors([[0.5, 1], [2, 3], [4, 5]])), "image": .int64([7, 8, 9]),
      "a/b": .int64Vectors(try Column.Vectors([[1, 0], [0, 1], [1, 1]])),
      "hash": .bytes(Column.Bytes([[1, 2], [0, 0], [0xFF, 0]])),
      "code": .bytes(Column.Bytes([[97, 98], [0xFF], []])),
      "text": .string(["ab", "c", ""]),
      "turned": .int64Vectors(try Column.Vectors([[1, 2], [3, 4], [5, 6]])),
      "words[0]": .string(["a", "c", "e"]), "words[1]": .string(["b", "d", "f"]),
    ]
    #expect(store.columnNames == expected.keys.sorted())
    for (name, column) in expected { #expect(try store.column(name) == column, "\(name)") }
    #expect(notes(store, .notRead).contains("huge"))
    // The columns of a copy have the same names.
    let path = folder.path + "/copy.npz"
    try NPZStore.write(store, to: path)
    let copy = try NPZStore(at: path)
    for (name, column) in expected { #expect(try copy.column(name) == column, "\(name)") }
    try copy.verify()
  }

  /// The columns of splits have the same names, and one split does not get those of another.
  @Test func columnsOfSplits() throws {
    let splits = try NPZStore.splits(
      at: archive([
        ("x_train.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))), ("y_train.npy", labelArray([2, 0, 1])),
        ("x_test.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90))), ("y_test.npy", labelArray([1, 1, 1])),
        ("box_train.npy", npy("|u1", "(3, 2)", ramp(6))),
        ("test-box.npy", npy("|u1", "(3, 2)", ramp(6).reversed())),
        ("box_test.npy", npy("|u1", "(3, 2)", ramp(6).reversed())),
        ("box_val.npy", npy("|u1", "(3, 2)", ramp(6))),
        ("names.npy", npy("|S1", "(3,)", Array("abc".utf8))),
      ]))
    let (train, test) = (try #require(splits[.training]), try #require(splits[.test]))
    #expect(train.columnNames == ["box", "names"] && test.columnNames == ["box", "box_test", "names"])
    #expect(try train.column("box") != test.column("box"))
    #expect(notes(train, .notRead).contains("box_val") && !notes(train, .notRead).contains("box_test"))
  }

  @Test func namesAreInTheOrderOfTheirNumbers() throws {
    let numbers = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    var entries = numbers.map {
      ("arr_\($0).npy", npy("|u1", "(2, 2)", [UInt8](repeating: UInt8($0), count: 4)))
    }
    entries.append(("labels.npy", labelArray(Array(0..<12))))
    let store = try NPZStore(at: archive(entries))
    #expect(try (0..<12).map { Int(try store.pixels(at: $0)[0]) } == Array(0..<12))
    #expect(try store.labels() == Array(0..<12))
    #expect(try store.column("name") == .string((0..<12).map { "arr_\($0)" }))
    #expect(notes(store, .decided).contains("numbers"))
  }

  @Test func axesAndShapes() throws {
    let planes = try archive([("x.npy", npy("|u1", "(2, 3, 5, 6)", ramp(180)))])
    #expect(throws: StoreError.self) { try NPZStore(at: planes) }
    for said in [
      description { $0.dimensions = "NCHW" },
      description { $0.shape = ImageShape(height: 5, width: 6, channels: 3) },
    ] {
      let store = try NPZStore(at: planes, said)
      #expect(store.format == ImageFormat(height: 5, width: 6, channels: 3))
      let image = Array(ramp(180)[90..<180])
      #expect(try store.pixels(at: 1) == (0..<30).flatMap { p in (0..<3).map { image[$0 * 30 + p] } })
    }
    #expect(throws: StoreError.self) {
      try NPZStore(at: planes, description { $0.shape = ImageShape(height: 9, width: 9) })
    }
    #expect(throws: StoreError.self) { try NPZStore(at: planes, description { $0.elementType = .float32 }) }
    let last = try archive([
      ("X.npy", npy("|u1", "(5, 6, 1, 3)", ramp(90))), ("y.npy", npy("|u1", "(3,)", [1, 2, 3])),
    ])
    #expect(throws: StoreError.self) { try NPZStore(at: last) }
    let store = try NPZStore(at: last, description { $0.dimensions = "HWCN" })
    #expect(try store.labels() == [1, 2, 3] && store.pixels(at: 2)[0] == 14)
    let flat = try archive([("data.npy", npy("|u1", "(3, 30)", ramp(90)))])
    #expect(throws: StoreError.self) { try NPZStore(at: flat) }
    #expect(
      try NPZStore(at: flat, description { $0.shape = ImageShape(height: 5, width: 6) }).pixels(at: 1)
        == Array(ramp(90)[30..<60]))
  }

  /// Entries that nobody reads do no harm; those that are read must be right.
  @Test func unrelatedEntriesDoNotRefuseAnArchive() throws {
    let images = ("images.npy", npy("|u1", "(3, 5, 6, 1)", ramp(90)))
    for other in ["../x.txt", "a\\b.txt", "/etc/x"] {
      let store = try NPZStore(at: archive([images, (other, [1])]))
      #expect(store.count == 3 && notes(store, .notRead).contains(other))
    }
    #expect(try NPZStore(at: archive([images, ("n.txt", [1]), ("n.txt", [2])])).count == 3)
    #expect(code { _ = try NPZStore(at: archive([images, images])) } == .corrupt)
    let others = ["cat", "dog"].map { ("\($0).npy", image(1)) }
    #expect(code { _ = try NPZStore(at: archive(others + [("dog.npy", image(2))])) } == .corrupt)
  }

  @Test func bitsInAnArchive() throws {
    // Masks of 3x10: numpy.packbits along the last axis, and without an axis.
    let mask: (Int, Int, Int) -> UInt8 = { UInt8(($0 + $1 * 3 + $2 * $2) % 3 == 0 ? 1 : 0) }
    func pack(_ bits: [UInt8]) -> [UInt8] {
      stride(from: 0, to: bits.count, by: 8).map { start in
        (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count ? bits[start + $1] : 0) }
      }
    }
    let rows = (0..<4).flatMap { m in (0..<3).map { r in (0..<10).map { mask(m, r, $0) } } }
    let said = description {
      $0.images = "masks"
      $0.shape = ImageShape(height: 3, width: 10)
    }
    for (axis, shape, bytes) in [
      (StoreDescription.PackingAxis.columns, "(4, 3, 2)", rows.flatMap { pack($0) }),
      (.columns, "(4, 1, 3, 2)", rows.flatMap { pack($0) }),
      (.flat, "(15,)", pack(rows.flatMap { $0 })),
      (.flat, "(4, 4)", (0..<4).flatMap { pack(rows[3 * $0..<3 * $0 + 3].flatMap { $0 }) }),
    ] {
      var said = said
      said.axis = axis
      let store = try NPZStore(at: archive([("masks.npy", npy("|u1", shape, bytes))]), said)
      #expect(store.count == 4 && store.format == ImageFormat(height: 3, width: 10, elementType: .bool))
      for index in 0..<4 {
        #expect(try store.pixels(at: index) == rows[3 * index..<3 * index + 3].flatMap { $0 })
      }
      try store.verify()
    }
    var wrong = said
    wrong.axis = .columns
    let path = try archive([("masks.npy", npy("|u1", "(15,)", [UInt8](repeating: 0, count: 15)))])
    #expect(throws: StoreError.self) { try NPZStore(at: path, wrong) }
    wrong.axis = .flat
    wrong.shape?.channels = 3
    #expect(code { _ = try NPZStore(at: path, wrong) } == .unusedOption)
  }
}
