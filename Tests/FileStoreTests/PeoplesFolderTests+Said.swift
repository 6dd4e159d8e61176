import FileStore
import Foundation
import ImageStoreCore
import Testing

// Descriptions that name things a folder does not have.

extension PeoplesFolderTests {
  @Test func namesOfNothingAreRefused() throws {
    try classes()
    #expect(
      code("'kind'") { _ = try FileStore(at: folder.path, description { $0.labels = .named("kind") }) }
        == .invalidArgument)
    #expect(
      code("'kind'") { _ = try FileStore(at: folder.path, description { $0.images = "kind" }) }
        == .invalidArgument)
    try folder.write("file,kind\ncat/0.png,1\ncat/1.png,2\ndog/0.png,3\ndog/1.png,4\n", to: "kinds.csv")
    let said = description { $0.labels = .named("kind") }
    try expect(FileStore(at: folder.path, said), [0, 1, 2, 3], [1, 2, 3, 4])
    var both = said
    both.classDepth = 1
    #expect(code("--classes-at") { _ = try FileStore(at: folder.path, both) } == .invalidArgument)
  }

  /// Without labels a table decides nothing, whatever it has.
  @Test func noLabelsLeaveTheTableOut() throws {
    for index in 0..<3 { try put(index, "\(index).png") }
    try folder.write("file,label,age\n2.png,5,30\n0.png,6,31\n1.png,7,32\n", to: "table.csv")
    let none = description { $0.labels = StoreDescription.Labels.none }
    for (name, next) in [("table.csv", "labels.csv"), ("labels.csv", "3.csv"), ("3.csv", "4.csv")] {
      let store = try FileStore(at: folder.path, none)
      try expect(store, [0, 1, 2], nil)
      #expect(
        store.columnNames.isEmpty && store.notes.contains(ReadingNote(.notRead, name)), "\(store.notes)")
      try manager.moveItem(atPath: "\(folder.path)/\(name)", toPath: "\(folder.path)/\(next)")
    }
  }

  @Test func aListThatIsNamedIsInTheOrderOfTheNames() throws {
    for (index, name) in ["b", "a", "c"].enumerated() { try put(index, "\(name).png") }
    try folder.write("7\n8\n9\n", to: "labels.csv")
    #expect(code("do not name the pictures") { _ = try FileStore(at: folder.path) } == .invalidArgument)
    let said = description { $0.labels = .named("labels.csv") }
    try expect(FileStore(at: folder.path, said), [1, 0, 2], [7, 8, 9])
  }
}
