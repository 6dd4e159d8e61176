import ImageStoreCore
import Testing

@Suite struct StoreErrorTests {
  @Test func theLineNamesPlaceFindingAndRemedy() {
    let bare = StoreError(.corrupt, "cut short")
    #expect(bare.description == "cut short")
    #expect(bare.at(path: "a.npz").description == "a.npz: cut short")
    #expect(bare.at(image: 7).description == "image 7: cut short")
    #expect(bare.at(key: "labels").description == "labels: cut short")
    let full = StoreError(
      .corrupt, "cut short", remedy: "copy it again", path: "a.npz", image: 7, key: "ix-000000.npy")
    #expect(full.description == "a.npz: image 7 (ix-000000.npy): cut short; copy it again")
  }

  @Test func placesKnownEarlierAreKept() {
    let error = StoreError(.corrupt, "cut short", path: "inner", image: 1, key: "k")
    #expect(error.at(path: "outer", image: 2, key: "other") == error)
  }

  @Test func namesFromFilesCannotBreakTheLine() {
    let error = StoreError(.notFound, "no \u{1B}[31mfile\u{7}", path: "a\nb\r\u{85}c", key: "k\0")
    #expect(error.description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    #expect(error.description.contains("a\u{FFFD}b"))
  }

  @Test func errorsOfReadingNameTheImage() throws {
    let store = try Samples.store(Samples.uniform(3))
    let index = expectError(.indexOutOfRange) { _ = try store.read([1, 3]) }
    #expect(index?.description == "there is no image 3; the store has 3")
    let region = ImageRegion(row: 3, column: 0, height: 2, width: 1)
    let outside = expectError(.invalidArgument) { _ = try store.read([2], regions: .same(region)) }
    #expect(
      outside?.description == "image 2: the region 2x1 at row 3, column 0 is not within 4x6")
    let column = expectError(.notFound) { _ = try store.column("weight") }
    #expect(column?.description == "weight: there is no such column; the store has none")
  }

  @Test func theNumberSaysWhoseItIs() {
    var error = StoreError(.system, "writing failed", underlying: .init(.posix, 28))
    #expect(error.underlying?.domain == .posix && error.underlying?.code == 28)
    error.underlying = .init(.lmdb, 28)
    #expect(error != StoreError(.system, "writing failed", underlying: .init(.posix, 28)))
  }

  @Test func theCauseFollows() {
    let cause = StoreError(.system, "no space left", remedy: "free some", path: "a.npz")
    let error = StoreError(.corrupt, "cut\nshort", path: "a.npz", cause: cause)
    #expect(error.description == "a.npz: cut\u{FFFD}short (caused by: a.npz: no space left; free some)")
    #expect(error.cause == cause && error.at(image: 3).cause == cause)
    #expect(Set([error, StoreError(.corrupt, "cut\nshort", path: "a.npz")]).count == 2)
  }
}
