import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

/// The helper that appends, reads and is killed: it is built next to the tests.
private func helper(_ arguments: String...) throws -> Process {
  let process = Process()
  var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
  // A test bundle of macOS is a folder in which the program is some levels down.
  while !FileManager.default.fileExists(atPath: folder.appending(path: "ImageStoreWriterProcess").path),
    folder.path != "/"
  {
    folder.deleteLastPathComponent()
  }
  process.executableURL = folder.appending(path: "ImageStoreWriterProcess")
  process.arguments = arguments
  process.standardOutput = Pipe()
  return process
}

extension Process {
  /// What the process printed, once it has ended.
  fileprivate func output() -> String {
    let data = (standardOutput as! Pipe).fileHandleForReading.readDataToEndOfFile()
    waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  /// Waits for the line that says that everything is appended, then kills the process.
  fileprivate func killOnceWaiting() {
    let line = (standardOutput as! Pipe).fileHandleForReading.availableData
    #expect(String(decoding: line, as: UTF8.self) == "waiting\n")
    kill(processIdentifier, SIGKILL)
    waitUntilExit()
  }
}

@Suite(.serialized) struct ProcessTests {
  private let format = ImageFormat(height: 32, width: 32, channels: 3)

  /// Images as the helper makes them.
  private func images(_ range: Range<Int>) -> ModelImages {
    var images = ModelImages()
    for index in range {
      images.append([UInt8](repeating: UInt8(index % 251), count: format.byteCount), format: format)
    }
    images.labels = range.map { $0 % 10 }
    return images
  }

  @Test func aKilledWriterOfANewStoreLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    let process = try helper("linger", path, "create", "6000")
    try process.run()
    process.killOnceWaiting()
    #expect(code { _ = try LMDBStore(at: path) } == .notFound)
    // The next writer removes what is left.
    let model = images(0..<10)
    #expect(try LMDBStore.write(model, to: path).count == 10)
    #expect(folder.names == ["s"])
  }

  @Test func aKilledAppendLeavesTheStoreAsItWas() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    let early = try LMDBStore.write(images(0..<1000), to: path)
    var sizes: [Int] = []
    for _ in 0..<3 {
      let process = try helper("linger", path, "append", "6000")
      try process.run()
      process.killOnceWaiting()
      let store = try LMDBStore(at: path)
      #expect(store.count == 1000)
      #expect(try store.labels() == early.labels())
      #expect(try store.pixels(at: 999) == early.pixels(at: 999))
      try store.verify()
      sizes.append(try FileManager.default.attributesOfItem(atPath: "\(path)/data.mdb")[.size] as! Int)
    }
    // Something had been committed, and its pages are used again.
    #expect(sizes[0] > 2 * 1000 * format.byteCount)
    #expect(sizes[2] < sizes[0] * 3 / 2)
    let grown = try LMDBStore.write(images(1000..<2000), to: path, mode: .append)
    #expect(grown.count == 2000)
    for index in [0, 999, 1000, 1999] {
      #expect(try grown.pixels(at: index) == [UInt8](repeating: UInt8(index % 251), count: format.byteCount))
    }
    try grown.verify()
    #expect(try early.pixels(at: 0) == grown.pixels(at: 0))
  }

  /// `LMDB_STORE_GROWTH` says to how many MB the store is to grow; 2000 for the long run.
  @Test func readersOfAllKindsGoOnWhileTheStoreGrows() async throws {
    let megabytes = Int(ProcessInfo.processInfo.environment["LMDB_STORE_GROWTH"] ?? "") ?? 20
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    let runs = 10
    let imagesPerRun = megabytes * 1_000_000 / format.byteCount / runs
    _ = try LMDBStore.write(images(0..<300), to: path)
    let writer = try helper("append", path, "\(imagesPerRun)", "\(runs)")
    let readers = try (0..<2).map { _ in try helper("read", path, "8") }
    try writer.run()
    for reader in readers { try reader.run() }
    let format = format
    try await withThrowingTaskGroup(of: Int.self) { group in
      for thread in 0..<8 {
        group.addTask {
          let first = try LMDBStore(at: path, threads: 1)
          var generator = SplitMix64(seed: UInt64(thread))
          var seen = 0
          for _ in 0..<40 {
            let store = try LMDBStore(at: path, threads: 1)
            guard store.count >= seen else { throw StoreError(.corrupt, "the store shrank") }
            seen = store.count
            for store in [first, store] {
              let indices = (0..<32).map { _ in Int.random(in: 0..<store.count, using: &generator) }
              let batch = try store.read(indices)
              for (position, index) in indices.enumerated() {
                let byte = unsafe batch.pixels.unsafeLoad(
                  fromByteOffset: position * format.byteCount + 1000, as: UInt8.self)
                guard Int(byte) == index % 251, Int(batch.labels[position]) == index % 10 else {
                  throw StoreError(.corrupt, "wrong pixels or label", image: index)
                }
              }
            }
          }
          return seen
        }
      }
      for try await seen in group { #expect(seen >= 300) }
    }
    for process in readers + [writer] {
      #expect(process.output() == "")
      #expect(process.terminationStatus == 0)
    }
    let store = try LMDBStore(at: path)
    #expect(store.count == 300 + runs * imagesPerRun)
    try store.verify()
  }

  #if os(Linux)
  @Test func aMapThatCannotGrowIsAnError() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    let early = try LMDBStore.write(images(0..<1000), to: path)
    // The map doubles, from 50 MB or so by more than it may.
    let process = try helper("confine", path, "append", "40")
    try process.run()
    let output = process.output()
    #expect(output.hasPrefix("system: ") && output.contains("enlarging the map"), "\(output)")
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    // Readers count none of it, and the next append removes it.
    let store = try LMDBStore(at: path)
    #expect(store.count == 1000)
    try store.verify()
    #expect(try LMDBStore.write(images(1000..<1010), to: path, mode: .append).count == 1010)
    #expect(try early.pixels(at: 999) == [UInt8](repeating: UInt8(999 % 251), count: format.byteCount))
  }
  #endif

  @Test func aForkReadsRightPixelsAndDoesNotWrite() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    _ = try LMDBStore.write(images(0..<2000), to: path)
    let process = try helper("fork", path, "append", "1000")
    try process.run()
    #expect(process.output() == "")
    #expect(process.terminationStatus == 0)
    let store = try LMDBStore(at: path)
    #expect(store.count == 3000)
    try store.verify()
  }
}
