import ImageStoreCore
import Testing

@testable import HDF5Store

/// What else other programs have in a file with a value for each image:
/// `make_hdf5_found_fixtures.py` says what there is.
@Suite struct FurtherColumnTests {
  private static let expected: [String: Column] = {
    func vectors<Number>(_ rows: [[Number]]) -> Column.Vectors<Number> {
      do throws(StoreError) {
        return try Column.Vectors(rows)
      } catch {
        preconditionFailure("\(error)")
      }
    }
    return [
      "age": .double([0.5, 1, 2, 4]),
      "bbox": .int64Vectors(vectors((0..<4).map { row in (0..<4).map { Int64(4 * row + $0) } })),
      "half": .doubleVectors(vectors([[0.5, 1], [2, 3], [4, 5], [6, 7]])),
      "flags": .int64Vectors(vectors([[1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]])),
      "row": .int64([0, 1, 2, 3]),
      "record": .string(["{\"a\": 1}", "", "\u{E9}", "[]"]),
      "blob": .bytes(Column.Bytes([[0, 1], [], [0xFF, 0xD8], Array("abc".utf8)])),
      "hash": .bytes(Column.Bytes([[1, 2, 3], [0, 0, 0], [0xFF, 0, 0], Array("abc".utf8)])),
      "code": .bytes(Column.Bytes([Array("ab".utf8), [0xFF], [], Array("c".utf8)])),
      "id": .int64([1, 2, 3, 1 << 62]),
      "meta/weight": .double([0, 0.125, 0.25, 0.375]),
      "size": .int64([0, 1, 2, 3]), "100%": .int64([0, 1, 2, 3]), "packed": .int64([0, 3, 6, 9]),
    ]
  }()

  @Test func furtherDatasetsAreColumns() throws {
    let store = try HDF5Store(at: Fixtures.path("found-splits/further.h5"))
    #expect(try store.labels() == [2, 0, 1, 2])
    #expect(store.columnNames == Self.expected.keys.sorted())
    for (name, column) in Self.expected {
      #expect(try store.column(name) == column, "\(name)")
      #expect(try store.column(name) == column, "\(name), once more")
    }
    let notes = store.notes.filter { $0.kind == .notRead }.map(\.text).joined(separator: "; ")
    for unread in [
      "huge (4,)", "mean (5,)", "cube (4, 2, 2)", "wide (4, 4097)", "pairs (4, 2)", "complex (4,)",
      "masks/ of 4",
      "the attribute made_by", "the attribute unit of age",
    ] { #expect(notes.contains(unread), "\(unread): \(notes)") }
    for (name, _) in Self.expected { #expect(!notes.contains("\(name) ("), "\(name): \(notes)") }
    try store.verify()
  }

  @Test func labelsThatAreNotWantedAreNoColumn() throws {
    let path = Fixtures.path("found-splits/further.h5")
    var description = StoreDescription()
    description.labels = StoreDescription.Labels.none
    let store = try HDF5Store(at: path, description)
    #expect(try store.labels() == nil && !store.columnNames.contains("y"))
    // Of those that are named the others are columns.
    let named = try HDF5Store(at: path, images: "images", labels: "id")
    #expect(try named.labels()?.first == 1 && named.column("y") == .int64([2, 0, 1, 2]))
  }

  /// The columns of all splits have the same names.
  @Test func columnsOfSplits() throws {
    let splits = try HDF5Store.splits(at: Fixtures.path("found-splits/further-splits.h5"))
    #expect(splits.count == 2)
    for (split, count) in [(Split.training, 3), (.test, 2)] {
      let store = try #require(splits[split])
      #expect(try store.columnNames == ["bbox", "weight"] && store.labels() == Array(0..<count))
      #expect(try store.column("bbox").kind == .int64Vectors(width: 4) && store.column("bbox").count == count)
      #expect(try store.column("weight") == .double((0..<count).map { Double($0) / 2 }))
      #expect(store.notes.contains { $0.text.hasPrefix("weight_val") }, "\(store.notes)")
    }
    let all = ConcatenatedStore([splits[.training]!, splits[.test]!])
    #expect(all.columnNames == ["bbox", "weight"])
  }

  /// What is kept of a file of another program is kept by a copy of it.
  @Test func theyGoAlong() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/copy.h5"
    try HDF5Store.write(HDF5Store(at: Fixtures.path("found-splits/further.h5")), to: path)
    let copy = try HDF5Store(at: path)
    #expect(copy.columnNames == Self.expected.keys.sorted())
    for (name, column) in Self.expected { #expect(try copy.column(name) == column, "\(name)") }
    try copy.verify()
    try HDF5Store.write(copy, to: path, mode: .append)
    #expect(try HDF5Store(at: path).column("blob").count == 8)
  }
}
