import ImageStoreCore
import ImageStoreTesting
import Testing

/// Stores with other labels, names and columns, whose pixels stay.
@Suite struct AnnotatedStoreTests {
  /// Six images of three classes, and columns of every kind that sorts.
  private static func animals() throws -> InMemoryStore {
    var images = Samples.uniform(6)
    images.labels = [0, 1, 2, 1, -1, 0]
    images.classNames = ["cat", "dog", "ant"]
    images.columns = [
      "name": .string(["a", "b", "c", "d", "e", "f"]), "size": .double([2, .nan, 1, 2, 0.5, 3]),
      "night": .int64([0, 1, 1, 0, 0, 1]),
    ]
    return try Samples.store(images)
  }

  static let factories: [StoreFactory] = [
    .shelf("relabeled as before") { store in
      guard let labels = store.labels() else { return try store.unlabeled() }
      return try store.relabeled(with: labels)
    },
    .shelf("with the columns it has") { store in
      var columns: [String: Column] = [:]
      for name in store.columnNames { columns[name] = try store.column(name) }
      return try store.withColumns(columns)
    },
    .shelf("filtered, sorted and filled up") { store in
      let odd = try store.subset((0..<store.count).filter { $0 % 2 == 1 })
      let even = try store.subset((0..<store.count).filter { $0 % 2 == 0 })
      let order = (0..<store.count).map { $0 % 2 == 0 ? $0 / 2 : even.count + $0 / 2 }
      return try even.merging(odd).subset(order).withColumns([:])
    },
  ]

  @Test(arguments: factories)
  func conforms(factory: StoreFactory) throws {
    var factory = factory
    factory.capabilities.manyImages = 300
    try checkConformance(of: factory, seed: 1)
  }

  @Test func labelsByImageByLabelAndByClosure() throws {
    let store = try Self.animals()
    #expect(try store.relabeled(images: [3: 0, 5: -1]).labels() == [0, 1, 2, 0, -1, -1])
    #expect(try store.relabeled(labels: [0: 1, 1: 0]).labels() == [1, 0, 2, 0, -1, 1])
    let byColumn = try store.relabeled { try $0["name"] == "f" ? 2 : $0.className == "dog" ? 0 : $0.label! }
    #expect(try byColumn.labels() == [0, 0, 2, 0, -1, 2])
    #expect(byColumn.classNames == store.classNames && byColumn.columnNames == store.columnNames)
    #expect(try byColumn.read([5, 1]).labels == [2, 0])
    #expect(try Samples.bytes(of: byColumn.read([5, 1])) == Samples.bytes(of: store.read([5, 1])))
    let named = try store.relabeled(with: [0, 0, 0, 1, 1, 1], classNames: ["low", "high"])
    #expect(named.classNames == ["low", "high"])
    let none = try store.relabeled(with: nil, classNames: nil)
    #expect(try none.labels() == nil && none.classNames == nil)
    #expect(try none.relabeled { $0.index % 2 }.labels() == [0, 1, 0, 1, 0, 1])
  }

  @Test func labelsThatMeanNothingAreRefused() throws {
    let store = try Self.animals()
    expectError(.invalidArgument) { _ = try store.relabeled(images: [0: 3]) }
    expectError(.indexOutOfRange) { _ = try store.relabeled(images: [6: 0]) }
    expectError(.indexOutOfRange) { _ = try store.relabeled(images: [-1: 0]) }
    expectError(.invalidArgument) { _ = try store.relabeled(with: [0, 1]) }
    expectError(.notFound) { _ = try store.relabeled { try $0["nome"] == "f" ? 1 : 0 } }
    expectError(.invalidArgument) { _ = try store.unlabeled().relabeled(images: [0: 0]) }
    expectError(.invalidArgument) { _ = try store.unlabeled().relabeled(labels: [0: 0]) }
    // A label that had no name before may stay.
    let odd = try store.relabeled(with: [9, 1, 2, 1, -1, 0], classNames: store.classNames)
    #expect(try odd.relabeled(images: [1: 0]).labels()?[0] == 9)
  }

  @Test func columnsComeAndGo() throws {
    let store = try Self.animals()
    let more = try store.withColumns([
      "id": .int64([1, 2, 3, 4, 5, 6]), "night": .string(Array("abcdef").map(String.init)),
    ])
    #expect(more.columnNames == ["id", "name", "night", "size"])
    #expect(try more.column("night").kind == .string && more.column("name") == store.column("name"))
    let less = try more.withoutColumns("size", "id")
    #expect(less.columnNames == ["name", "night"])
    expectError(.notFound) { _ = try less.column("id") }
    expectError(.notFound) { _ = try store.withoutColumns("id") }
    expectError(.invalidArgument) { _ = try store.withColumns(["id": .int64([1])]) }
    expectError(.invalidArgument) { _ = try store.withColumns(["": .int64([1, 2, 3, 4, 5, 6])]) }
    #expect(
      try less.withColumns(["id": .int64(Array(repeating: 0, count: 6))]).columnNames == [
        "id", "name", "night",
      ])
  }

  @Test func classesAreRenamedMergedAndKept() throws {
    let store = try Self.animals()
    let renamed = try store.renamingClasses(["cat": "dog", "dog": "cat"])
    #expect(renamed.classNames == ["dog", "cat", "ant"])
    #expect(try renamed.labels() == store.labels())
    let pets = try store.mergingClasses(["dog", "cat"], into: "pet")
    #expect(pets.classNames == ["pet", "ant"])
    #expect(try pets.labels() == [0, 0, 1, 0, -1, 0])
    let last = try store.mergingClasses(["ant", "dog"], into: "ant")
    #expect(last.classNames == ["cat", "ant"])
    #expect(try last.labels() == [0, 1, 1, 1, -1, 0])
    let kept = try store.keepingClasses(["ant", "cat"])
    #expect(kept.classNames == ["ant", "cat"])
    #expect(try kept.labels() == [1, 0, 1])
    #expect(try kept.column("name") == .string(["a", "c", "f"]))
    let numbered = try store.relabeled(with: [5, 7, 5, 0, 0, 9], classNames: nil).keepingClasses([9, 5])
    #expect(try numbered.labels() == [1, 1, 0] && numbered.classNames == nil)
    expectError(.invalidArgument) { _ = try store.renamingClasses(["cow": "bull"]) }
    expectError(.invalidArgument) { _ = try store.renamingClasses(["cat": "dog"]) }
    expectError(.invalidArgument) { _ = try store.mergingClasses(["cat", "dog"], into: "ant") }
    expectError(.invalidArgument) { _ = try store.mergingClasses([], into: "ant") }
    expectError(.invalidArgument) { _ = try store.keepingClasses(["cat", "cat"]) }
    expectError(.invalidArgument) { _ = try store.keepingClasses([3]) }
    expectError(.invalidArgument) { _ = try store.unlabeled().keepingClasses(["cat"]) }
    expectError(.invalidArgument) { _ = try store.namingClasses(["cat", "dog"]) }
    #expect(try store.namingClasses(["x", "y", "z"]).classNames == ["x", "y", "z"])
  }

  @Test func imagesAreChosenByWhatIsSaidOfThem() throws {
    let store = try Self.animals()
    func names(_ store: some ImageStore) throws -> [String] {
      guard case .string(let names) = try store.column("name") else { return [] }
      return names
    }
    #expect(try names(store.filtered(labels: [1, -1])) == ["b", "d", "e"])
    #expect(try names(store.filtered(classes: ["ant", "cat"])) == ["a", "c", "f"])
    #expect(try store.filtered(classes: ["ant"]).classNames == store.classNames)
    #expect(try names(store.filtered(column: "night", in: [1])) == ["b", "c", "f"])
    #expect(try names(store.filtered(column: "size", in: [2, 0.5])) == ["a", "d", "e"])
    #expect(try names(store.filtered(column: "name", in: ["d", "z"])) == ["d"])
    #expect(try names(store.filtered { try $0.number("size") > 1 && $0.index > 0 }) == ["d", "f"])
    #expect(try store.filtered { try $0.text("name") == "z" }.count == 0)
    expectError(.invalidArgument) { _ = try store.filtered(column: "name", in: [1]) }
    expectError(.notFound) { _ = try store.filtered(column: "nome", in: ["a"]) }
    expectError(.notFound) { _ = try store.filtered { try $0["nome"] == "a" } }
    expectError(.invalidArgument) { _ = try store.filtered { try $0.number("name") > 1 } }
    expectError(.invalidArgument) { _ = try store.filtered { try $0.text("size") == "1" } }
    expectError(.invalidArgument) { _ = try store.filtered(classes: ["cow"]) }
    expectError(.invalidArgument) { _ = try store.unlabeled().filtered(labels: [0]) }

    #expect(try names(store.sorted(by: .label)) == ["e", "a", "f", "b", "d", "c"])
    #expect(try names(store.sorted(by: .label, descending: true)) == ["c", "b", "d", "a", "f", "e"])
    #expect(try names(store.sorted(by: .column("size"))) == ["e", "c", "a", "d", "f", "b"])
    #expect(try names(store.sorted(by: .column("size"), descending: true)) == ["f", "a", "d", "c", "e", "b"])
    #expect(try names(store.sorted(by: .column("name"), descending: true)) == ["f", "e", "d", "c", "b", "a"])
    expectError(.notFound) { _ = try store.sorted(by: .column("nome")) }
    expectError(.invalidArgument) { _ = try store.unlabeled().sorted(by: .label) }
    let vectors = try store.withColumns([
      "v": .int64Vectors(.init([1, 2, 1, 1, 0, 9, 1, 1, 0, 9, 5, 5], width: 2))
    ])
    #expect(try names(vectors.sorted(by: .column("v"))) == ["c", "e", "b", "d", "a", "f"])
  }

  /// A gather through everything reaches the store once, with its own indices, and labels are not read again.
  @Test func aGatherThroughAllCallsTheStoreOnce() throws {
    let probe = Probe(try Self.animals())
    let store = try probe.relabeled(labels: [1: 0]).withColumns(["id": .int64([1, 2, 3, 4, 5, 6])])
      .filtered { $0.label == 0 }.withoutColumns("night").sorted(by: .column("name"), descending: true)
    let before = probe.calls.labels
    let batch = try store.read([1, 0, 3])
    #expect(probe.calls.reads == [[3, 5, 0]])
    #expect(batch.labels == [0, 0, 0])
    _ = try store.read([2])
    #expect(probe.calls.labels == before)
    #expect(
      try store.subset([0]).isLocating == false && Self.animals().withColumns([:]).subset([0]).isLocating)
  }

  @Test func classesAreMatchedWhenStoresAreMerged() throws {
    func store(_ labels: [Int]?, _ names: [String]?, seed: UInt64 = 1) throws -> InMemoryStore {
      var images = Samples.uniform(labels?.count ?? 2, seed: seed)
      images.labels = labels
      images.classNames = names
      return try Samples.store(images)
    }
    let first = try store([0, 1, -1], ["cat", "dog"])
    let second = try store([0, -1, 2], ["ant", "dog", "cat"], seed: 2)
    let both = try first.merging(second)
    #expect(both.classNames == ["cat", "dog", "ant"])
    #expect(try both.labels() == [0, 1, -1, 2, -1, 0])
    #expect(
      both.notes.map(\.text) == ["classes are matched by name, 3 in all: of part 2, ant 0 is 2, cat 2 is 0"])
    #expect(both.notes.map(\.kind) == [.decided])
    #expect(try first.merging(first).notes.isEmpty)
    let longer = try store([2], ["cat", "dog", "cow"])
    #expect(try first.merging(longer).labels() == [0, 1, -1, 2])
    #expect(try first.merging(longer).notes.map(\.text) == ["classes are matched by name, 3 in all"])
    #expect(try store([7], nil).merging(store([8], nil)).labels() == [7, 8])
    #expect(try store(nil, nil).merging(store(nil, ["cat"])).labels() == nil)
    expectError(.invalidArgument) { _ = try first.merging(store([0], nil)) }
    expectError(.invalidArgument) { _ = try first.merging(store(nil, ["cat"])) }
    expectError(.invalidArgument) { _ = try first.merging(store([5], ["ant", "dog"])) }
    // The first has a label that the second would give a name to.
    expectError(.invalidArgument) { _ = try store([2], ["cat", "dog"]).merging(longer) }
    expectError(.invalidArgument) { _ = try first.merging(store([0], ["ant", "ant"])) }
    #expect(try first.merging(store([0], nil).namingClasses(["dog"])).labels() == [0, 1, -1, 1])

    for place in 0...3 {
      let grown = try first.inserting(second, at: place)
      var labels = [0, 1, -1]
      labels.insert(contentsOf: [2, -1, 0], at: place)
      #expect(try grown.labels() == labels && grown.classNames == ["cat", "dog", "ant"])
      #expect(try grown.pixels(at: place) == second.pixels(at: 0))
    }
    expectError(.indexOutOfRange) { _ = try first.inserting(second, at: 4) }
    expectError(.indexOutOfRange) { _ = try first.inserting(second, at: -1) }
  }
}
