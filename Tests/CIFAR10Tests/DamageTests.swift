import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import CIFAR10

/// Damaged batches are refused or read as data, and never end the program.
@Suite struct DamageTests {
  /// A batch of two images in the genuine layout's opcodes, without the pixels that make it large.
  static func smallBatch() throws -> [UInt8] {
    try Fixtures.bytes(Fixtures.pickle("good-numpy1-protocol3.pkl"))
  }

  @Test func everyCutIsRefused() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.smallBatch()
    for end in stride(from: 0, to: bytes.count, by: 7) {
      let path = try folder.write("data_batch_1", Array(bytes[..<end]))
      let error = #expect(throws: StoreError.self) { try CIFAR10(at: path) }
      guard let error, error.path == path else {
        Issue.record("cut at \(end): \(String(describing: error))")
        return
      }
    }
  }

  @Test(arguments: 0..<3 as Range<UInt64>)
  func flippedBitsNeverTrap(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let whole = try Self.smallBatch()
    var generator = SplitMix64(seed: seed)
    var refused = 0
    for _ in 0..<150 {
      var bytes = whole
      // What is not pixels is at both ends.
      let edge = Int.random(in: 0..<380, using: &generator)
      bytes[edge < 300 ? edge : whole.count - 1 - (edge - 300)] ^=
        1 << UInt8.random(in: 0..<8, using: &generator)
      let path = try folder.write("data_batch_1", bytes)
      do throws(StoreError) {
        let store = try CIFAR10(at: path).training
        _ = try store.read(0..<store.count)
        for name in store.columnNames { _ = try store.column(name) }
      } catch {
        refused += 1
        #expect(error.path == path, "seed \(seed)")
      }
    }
    #expect(refused > 20, "seed \(seed): only \(refused) were refused")
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func flippedBitsOfArchivesNeverTrap(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var tar = TarWriter()
    tar.add("test_batch", try Self.smallBatch())
    let gzipped = try tar.gzipped()
    var generator = SplitMix64(seed: seed)
    for _ in 0..<100 {
      var bytes = Bool.random(using: &generator) ? tar.finished : gzipped
      bytes[Int.random(in: 0..<min(bytes.count, 1200), using: &generator)] ^=
        1 << UInt8.random(in: 0..<8, using: &generator)
      let path = try folder.write("a.tar", bytes)
      do throws(StoreError) {
        let store = try CIFAR10(at: path).test
        _ = try store.read(0..<store.count)
      } catch {
        #expect(error.path == path, "seed \(seed)")
      }
    }
  }
}
