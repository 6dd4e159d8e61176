import ImageStoreCore
import ImageStoreCorpora
import ImageStoreSupport
import ImageStoreTesting
import NPZStore
import Testing

/// Archives that are broken or lie: always a typed error, never a trap or other pixels.
@Suite struct HostileArchiveTests {
  /// Opens an archive and reads everything.
  private func readAll(_ path: String) throws -> [[UInt8]] {
    let store = try NPZStore(at: path, threads: 2)
    _ = try store.labels()
    for name in store.columnNames { _ = try store.column(name) }
    // What is small enough to be a test's.
    let images = try (0..<min(store.count, 100)).map { index in
      try store.format(at: index).byteCount < 1 << 20 ? store.pixels(at: index) : []
    }
    if store.format.map({ $0.byteCount < 1 << 20 }) ?? false { _ = try store.read(0..<min(store.count, 100)) }
    try store.verify()
    return images
  }

  @Test(arguments: [
    ("bad-twice", StoreError.Code.corrupt), ("bad-twice-labels", .corrupt), ("bad-absolute", .corrupt),
    ("bad-parent", .corrupt), ("bad-backslash", .corrupt), ("bad-method", .unsupported),
    ("bad-encrypted", .unsupported), ("bad-objects", .unsupported), ("bad-crc", .corrupt),
    ("bad-stored-size", .corrupt), ("bad-bomb", .limitExceeded), ("bad-beyond", .corrupt),
    ("bad-count", .corrupt), ("bad-overlap", .corrupt), ("bad-same-place", .corrupt),
    ("bad-inflates-to-more", .corrupt), ("bad-inflates-to-less", .corrupt),
    ("bad-short-array", .corrupt), ("bad-empty", .unrecognized),
    ("bad-no-zip", .unrecognized), ("bad-no-arrays", .unrecognized),
  ])
  func refuses(name: String, expected: StoreError.Code) {
    #expect(code { _ = try readAll(fixture(name)) } == expected)
  }

  @Test(arguments: ["stored", "training", "keras"])
  func everyCutIsAnError(name: String) throws {
    let whole = try FileSystem.contents(of: fixture(name), limit: 1 << 20)
    let folder = TemporaryFolder()
    for count in stride(from: 0, to: whole.count, by: name == "stored" ? 7 : 3) {
      let path = try folder.write(Array(whole[..<count]))
      #expect(throws: StoreError.self, "\(count) bytes of \(name)") { try readAll(path) }
    }
  }

  @Test(arguments: ["stored", "training"])
  func flippedBitsAreErrorsOrChangeNothing(name: String) throws {
    let whole = try FileSystem.contents(of: fixture(name), limit: 1 << 20)
    let expected = try readAll(fixture(name))
    let folder = TemporaryFolder()
    var generator = SplitMix64(seed: 3)
    for _ in 0..<600 {
      var damaged = whole
      let position = Int.random(in: 0..<whole.count, using: &generator)
      damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      let path = try folder.write(damaged)
      do {
        // A flipped bit of a date or an attribute changes nothing.
        let images = try readAll(path)
        #expect(images == expected, "byte \(position) of \(name)")
      } catch {
        #expect(error is StoreError, "byte \(position) of \(name)")
      }
    }
  }

  @Test(
    .enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"),
    arguments: ["cpython-zip", "libzip-regress", "picklescan", "numpy-npy"])
  func othersCorpora(corpus: String) throws {
    let folder = try #require(Corpora.folder(corpus))
    var count = 0
    for path in try files(below: folder) {
      count += 1
      do {
        _ = try readAll(path)
      } catch {
        #expect(error is StoreError, "\(path)")
      }
    }
    #expect(count > 0)
  }
}
