#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import ObjectStorage

/// A real server, named by `IMAGE_STORES_S3`: its URL, a key and its secret, with spaces between.
struct Engine: Sendable {
  var endpoint: String
  var key: String
  var secret: String

  static let named: Engine? = {
    let words = (ProcessInfo.processInfo.environment["IMAGE_STORES_S3"] ?? "").split(separator: " ").map(
      String.init)
    return words.count == 3 ? Engine(endpoint: words[0], key: words[1], secret: words[2]) : nil
  }()

  func environment(endpoint other: String? = nil) -> [String: String] {
    [
      "AWS_ENDPOINT_URL": other ?? endpoint, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
      "AWS_REGION": "us-east-1",
      "HOME": "/nowhere",
    ]
  }
}

/// Runs against a real server if one is named. What is written there is removed again.
@Suite(.enabled(if: Engine.named != nil), .serialized) struct EngineTests {
  private static let faults =
    ProcessInfo.processInfo.environment["IMAGE_STORES_EXHAUSTIVE"] == nil ? 200 : 1000
  private let engine = Engine.named!
  private let bucket = "image-stores-\(UUID().uuidString.lowercased().prefix(8))"

  private func folder(endpoint: String? = nil, _ prefix: String = "/train set") throws -> S3ObjectFolder {
    try S3ObjectFolder("s3://\(bucket)\(prefix)", environment: engine.environment(endpoint: endpoint))
  }

  private func withBucket(_ body: () throws -> Void) throws {
    let root = try folder("")
    _ = try root.objects.success(HTTPRequest(.put, root.address.url("")), for: nil)
    defer { _ = try? root.objects.answer(HTTPRequest(.delete, root.address.url("")), for: nil) }
    try body()
  }

  @Test func bucketsHaveObjects() throws {
    try withBucket { try FolderCheck.all(folder()) }
  }

  @Test func signaturesAreChecked() throws {
    try withBucket {
      _ = try folder().put([1], as: "a", if: .always)
      var environment = engine.environment()
      environment["AWS_SECRET_ACCESS_KEY"] = "another"
      let other = try S3ObjectFolder("s3://\(bucket)/train set", environment: environment)
      let error = #expect(throws: StoreError.self) { try other.contents(of: "a", limit: 10) }
      #expect(error?.description.contains("SignatureDoesNotMatch") == true, "\(String(describing: error))")
      let nowhere = try S3ObjectFolder("s3://\(bucket)-none/x", environment: engine.environment())
      #expect(throws: StoreError.self) { try nowhere.names(startingWith: "") }
      try folder().remove("a")
    }
  }

  /// Two writers of one manifest: only one of them is first.
  @Test func conditionsHoldBetweenWriters() throws {
    try withBucket {
      let folders = try (0..<4).map { _ in try folder() }
      for round in 0..<20 {
        let lock = NSLock()
        nonisolated(unsafe) var winners = 0
        DispatchQueue.concurrentPerform(iterations: 4) { index in
          if (try? folders[index].put([UInt8(index)], as: "m\(round)", if: .absent)) != nil {
            lock.withLock { unsafe winners += 1 }
          }
        }
        #expect(unsafe winners == 1)
        try folders[0].remove("m\(round)")
      }
    }
  }

  @Test(.enabled(if: FaultyServer.python != nil)) func noByteIsWrongThroughFaults() throws {
    try withBucket {
      let server = try FaultyServer(before: engine.endpoint)
      let bytes = patternedBytes(2 << 20)
      _ = try folder().put(bytes, as: "a", if: .always)
      try FaultTests.readThroughFaults(
        folder(endpoint: server.address), server, bytes: bytes, name: "a", faults: Self.faults)
      try folder().remove("a")
    }
  }

  private static let seaweedFS = ProcessInfo.processInfo.environment["IMAGE_STORES_SEAWEEDFS"]
  private static let stops = ProcessInfo.processInfo.environment["IMAGE_STORES_EXHAUSTIVE"] == nil ? 6 : 100

  private func volumeServer(_ action: String, _ number: Int) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ObjectStorage/volume-server")
    let process = Process()
    process.executableURL = script
    process.arguments = [action, Self.seaweedFS!, "\(number)"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  /// Servers that stop in the middle, of which there is another copy: reading continues, and
  /// nothing of it is wrong.
  @Test(.enabled(if: EngineTests.hasVolumeServers)) func volumeServersMayStop() throws {
    try withBucket {
      let folder = try folder()
      let bytes = patternedBytes(6 << 20)
      let state = try folder.put(bytes, as: "a", if: .always)
      let ending = Flag()
      let counts = Flag()
      let group = DispatchGroup()
      for _ in 0..<4 {
        group.enter()
        Thread {
          var generator = SystemRandomNumberGenerator()
          while !ending.isSet {
            let count = Int.random(in: 1...500_000, using: &generator)
            let first = Int.random(in: 0...bytes.count - count, using: &generator)
            do {
              let found = try folder.read(first..<first + count, of: "a", expecting: state)
              #expect(found.elementsEqual(bytes[first..<first + count]))
              counts.add()
            } catch {
              Issue.record(error)
              break
            }
          }
          group.leave()
        }.start()
      }
      for stop in 0..<Self.stops {
        try volumeServer("stop", stop % 3 + 1)
        Thread.sleep(forTimeInterval: 0.3)
        try volumeServer("start", stop % 3 + 1)
        // Until the master knows it again, the other copy is alone.
        Thread.sleep(forTimeInterval: 2)
      }
      ending.add()
      group.wait()
      print("\(counts.count) reads while \(Self.stops) volume servers stopped")
      #expect(counts.count > Self.stops)
      try folder.remove("a")
    }
  }

  static let hasVolumeServers = seaweedFS != nil

  private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var number = 0
    var count: Int { lock.withLock { number } }
    var isSet: Bool { count > 0 }
    func add() { lock.withLock { number += 1 } }
  }
}
#endif
