#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Synchronization
import Testing

@testable import ObjectStorage

@Suite(.enabled(if: FaultyServer.python != nil)) struct FaultTests {
  static let kinds = [
    "\"cut\"", "\"reset\"", "\"close\"", "\"delay\"", "\"short\"", "\"long\"", "\"shifted\"", "500", "502",
    "503", "504", "408", "429",
  ]

  /// Reads at random until so many requests have failed; every byte is right.
  static func readThroughFaults(
    _ folder: any ObjectFolder, _ server: FaultyServer, bytes: [UInt8], name: String, faults: Int
  ) throws {
    let state = try #require(try folder.state(of: name))
    let seed = UInt64.random(in: 0..<1 << 40)
    try server.control(#"{"faults": [\#(kinds.joined(separator: ","))], "rate": 0.4, "seed": \#(seed)}"#)
    var generator = SystemRandomNumberGenerator()
    var wrong = 0
    var injected = 0
    var reads = 0
    while injected < faults {
      let fetches = Fetches()
      var blocks: [(Range<Int>, PixelMemory)] = []
      for _ in 0..<100 {
        let count = Int.random(in: 1...60_000, using: &generator)
        let first = Int.random(in: 0...bytes.count - count, using: &generator)
        blocks.append(
          (
            first..<first + count,
            try fetches.begin(first..<first + count, of: name, in: folder, expecting: state)
          ))
      }
      let errors = fetches.wait()
      #expect(errors == [], "seed \(seed)")
      for (range, memory) in blocks where unsafe !memory.bytes.elementsEqual(bytes[range]) { wrong += 1 }
      reads += blocks.count
      injected = try server.state().injected.values.reduce(0, +)
    }
    #expect(wrong == 0, "seed \(seed): \(wrong) of \(reads) reads, \(injected) faults")
    print("\(reads) reads through \(injected) faults: \(try server.state().injected)")
  }

  @Test func noByteIsWrongThroughFaults() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let bytes = patternedBytes(2 << 20)
    _ = try folder.put(bytes, as: "a", if: .always)
    try Self.readThroughFaults(folder, server, bytes: bytes, name: "a", faults: 100)
  }

  /// A connection that stalls is given up, and the request made on another.
  @Test func stalledConnectionsAreGivenUp() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let bytes = patternedBytes(100_000)
    let state = try folder.put(bytes, as: "a", if: .always)
    // The server would keep it up for far longer, and then not send the rest.
    try server.control(#"{"faults": ["stall"], "count": 2, "stall": 60}"#)
    var objects = folder.objects
    objects.patience.stall = .seconds(1)
    let memory = try PixelMemory(capacity: bytes.count)
    let isDone = DispatchSemaphore(value: 0)
    objects.fetch(0..<bytes.count, of: "a", at: folder.url("a"), expecting: state, into: memory) { error in
      #expect(error == nil)
      isDone.signal()
    }
    isDone.wait()
    #expect(unsafe memory.bytes.elementsEqual(bytes))
    #expect(try server.state().injected == ["stall": 2])
    #expect(try server.state().requests.count == 3)
  }

  /// One that takes far longer than most is asked for a second time.
  @Test func slowRequestsAreMadeTwice() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let bytes = patternedBytes(100_000)
    let state = try folder.put(bytes, as: "a", if: .always)
    for _ in 0..<40 { #expect(try folder.read(0..<100_000, of: "a", expecting: state) == bytes) }
    let counters = try folder.objects.client.transport().counters
    let (hedges, failures) = (
      counters.hedges.load(ordering: .relaxed), counters.failures.load(ordering: .relaxed)
    )
    try server.control(#"{"faults": ["stall"], "count": 1, "stall": 60}"#)
    #expect(try folder.read(0..<100_000, of: "a", expecting: state) == bytes)
    #expect(counters.hedges.load(ordering: .relaxed) == hedges + 1)
    // The first was not waited for.
    #expect(counters.failures.load(ordering: .relaxed) == failures)
  }

  @Test func serversThatFailForeverEndIt() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let bytes = patternedBytes(100_000)
    let state = try folder.put(bytes, as: "a", if: .always)
    try server.control(#"{"faults": ["short"]}"#)
    let error = #expect(throws: StoreError.self) { try folder.read(10..<90_000, of: "a", expecting: state) }
    #expect(
      error?.description == "s3://data/train: a: bytes 10..<90000: 44995 bytes instead of 89990, in 6 tries",
      "\(String(describing: error))")
    #expect(error?.code == .corrupt)
  }

  /// The answer to a PUT may be lost, and the object be there.
  @Test func writesThroughFaultsAreWhole() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    try server.control(
      #"{"faults": ["cut", "reset", "close", 503, 500], "rate": 0.4, "writes": true, "seed": 9}"#)
    for index in 0..<40 {
      let bytes = patternedBytes(2000 + index)
      _ = try folder.put(bytes, as: "a\(index)", if: .absent)
      #expect(try folder.contents(of: "a\(index)", limit: 9999)?.bytes == bytes)
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "upload-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = patternedBytes(30 << 20)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    try folder.upload(path, as: "large") { _ in }
    try server.control("{}")
    #expect(try folder.contents(of: "large", limit: bytes.count)?.bytes == bytes)
    #expect(try folder.names(startingWith: "").count == 41)
    #expect(try server.state().uploads == 0)
  }

  @Test func paceHalvesAndGrows() {
    var pace = Pace(most: 16)
    pace.wasThrottled(10, next: 17)
    #expect(pace.limit == 8)
    // Answers to requests that were in progress then carry no new information.
    pace.wasThrottled(12, next: 18)
    #expect(pace.limit == 8)
    pace.wasThrottled(17, next: 20)
    #expect(pace.limit == 4)
    for _ in 0..<4 { pace.succeeded() }
    #expect(pace.limit == 5)
    for _ in 0..<1000 { pace.succeeded() }
    #expect(pace.limit == 16)
    for next in 100..<110 { pace.wasThrottled(next, next: next + 1) }
    #expect(pace.limit == 1)
  }

  @Test func waitsDoubleUpToALimit() {
    #expect(Backoff.delay(afterTries: 1, fraction: 1) == .milliseconds(50))
    #expect(Backoff.delay(afterTries: 3, fraction: 1) == .milliseconds(200))
    #expect(Backoff.delay(afterTries: 3, fraction: 0.5) == .milliseconds(100))
    #expect(Backoff.delay(afterTries: 60, fraction: 1) == .seconds(5))
    #expect(Backoff.delay(afterTries: 60, fraction: 0) == .zero)
  }

  @Test func fewRequestsAreMadeTwice() {
    var latencies = Latencies()
    #expect(latencies.patience(weight: 1000) == nil)
    for _ in 0..<100 { latencies.add(.milliseconds(30), weight: 1000) }
    #expect(latencies.patience(weight: 900) == .milliseconds(120))
    // Of another size nothing is known.
    #expect(latencies.patience(weight: 1 << 20) == nil)
    for _ in 0..<5 { latencies.hedged() }
    #expect(latencies.patience(weight: 1000) == nil)
  }
}
#endif
