import Foundation
import HDF5Store
import ImageStoreCore
import ImageStoreTesting
import Testing

/// Damaged and lying files: read or refused, never a crash.
///
/// They are opened in child processes, since libhdf5 itself is not proof against damage; a file
/// that ends one is a failure, even if the library is to blame. So strings of variable length are
/// not among what is changed here: releases before 1.14 believe the length that a damaged one
/// states and read beyond their buffer.
@Suite struct HostileFileTests {
  static let victims = [
    "uint8.h5", "user-block-chunked.h5", "auto-chunked.h5", "shuffle-i4.h5", "each.h5", "compact.h5",
    "v110-fixed-array.h5",
  ]

  /// Reads all there is, within bounds.
  ///
  /// - Returns: whether the file was refused.
  static func readAll(_ path: String) -> StoreError? {
    do throws(StoreError) {
      let store = try HDF5Store(at: path)
      _ = try store.labels()
      for name in store.columnNames { _ = try store.column(name) }
      let most = min(store.count, 40)
      for index in 0..<most {
        let format = try store.format(at: index)
        guard format.byteCount < 1 << 24 else { break }
        try store.forEachImage(index..<index + 1) { (_, _, _) throws(StoreError) in }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Writes a file again each time and reads it.
  static func readAll(_ bytes: [UInt8], at path: String) -> StoreError? {
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      return StoreError(.system, "the test cannot write")
    }
    return readAll(path)
  }

  static func checkCuts(_ name: String) throws {
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: Fixtures.path(name))))
    let folder = try TemporaryFolder()
    for length in stride(from: 0, to: bytes.count, by: 512) {
      let error = readAll(Array(bytes[..<length]), at: "\(folder.path)/cut.h5")
      precondition(error != nil, "\(name) cut at \(length) is read")
      precondition(error?.path != nil, "\(name) cut at \(length): \(error!)")
    }
  }

  static func checkFlips(_ name: String, seed: UInt64) throws {
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: Fixtures.path(name))))
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: seed)
    for _ in 0..<40 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        damaged[place] = Bool.random(using: &random) ? 0xFF : UInt8.random(in: 0...255, using: &random)
      }
      if let error = readAll(damaged, at: "\(folder.path)/flipped.h5") {
        precondition(error.path != nil && !error.description.contains("\n"), "seed \(seed): \(error)")
      }
    }
  }

  @Test func filesCutShort() async {
    await #expect(processExitsWith: .success) {
      for name in HostileFileTests.victims + ["columns.h5"] { try HostileFileTests.checkCuts(name) }
    }
  }

  @Test func filesWithBytesChanged() async {
    await #expect(processExitsWith: .success) {
      for (seed, name) in HostileFileTests.victims.enumerated() {
        try HostileFileTests.checkFlips(name, seed: UInt64(seed + 1))
      }
    }
  }
}
