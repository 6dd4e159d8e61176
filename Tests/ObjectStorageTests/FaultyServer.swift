#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport

@testable import ObjectStorage

/// `Tests/ObjectStorage/faulty_server.py` while the value lives: objects in memory, or a proxy
/// before a real server.
final class FaultyServer {
  /// What runs it; nil on a machine without Python.
  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["IMAGE_STORES_PYTHON"].map { [$0] } ?? []
    return (named + ["/usr/bin/python3", "/opt/homebrew/bin/python3", "/usr/local/bin/python3"])
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  struct State: Decodable {
    struct Request: Decodable {
      var method: String
      var path: String
      var headers: [String: String]
    }
    var injected: [String: Int]
    var requests: [Request]
    var connections: Int
    var uploads: Int
  }

  let address: String
  private let process = Process()
  private let input = Pipe()
  private let transport: HTTPTransport

  /// - Parameters:
  ///   - upstream: the server it is a proxy of, if it is one.
  ///   - certificate: the files of a certificate for `localhost` and of its key, if it encrypts.
  init(before upstream: String? = nil, certificate: (file: String, key: String)? = nil) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ObjectStorage/faulty_server.py")
    process.executableURL = URL(filePath: Self.python!)
    process.arguments =
      [script.path] + (certificate.map { ["--tls", $0.file, $0.key] } ?? []) + (upstream.map { [$0] } ?? [])
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = input
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n"), let more = try output.fileHandleForReading.read(upToCount: 1) {
      line += more
    }
    let port = String(decoding: line.dropLast(), as: UTF8.self)
    address = certificate == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)"
    transport = try HTTPTransport(connections: 1, authorizer: nil, certificates: certificate?.file)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Says what it does from now on: JSON, as the script has it.
  func control(_ settings: String) throws {
    var request = HTTPRequest(.put, "\(address)/-/control")
    request.body = try PixelMemory(Array(settings.utf8))
    _ = try transport.perform(request)
  }

  func state() throws -> State {
    var request = HTTPRequest(.get, "\(address)/-/state")
    request.sink = .bytes(limit: 64 << 20)
    return try JSONDecoder().decode(State.self, from: Data(transport.perform(request).bytes))
  }

  /// The environment of a client of its buckets.
  func environment(_ more: [String: String] = [:]) -> [String: String] {
    [
      "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret",
      "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere",
    ].merging(more) { $1 }
  }

  func folder(_ prefix: String = "data/train", connections: Int = 16) throws -> S3ObjectFolder {
    try S3ObjectFolder("s3://\(prefix)", connections: connections, environment: environment())
  }
}

/// Bytes that tell where they are.
func patternedBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  while bytes.count < count {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    var word = state
    for _ in 0..<8 {
      bytes.append(UInt8(truncatingIfNeeded: word))
      word >>= 8
    }
  }
  return Array(bytes.prefix(count))
}

/// Waits for fetches in progress at the same time.
final class Fetches: Sendable {
  private let group = DispatchGroup()
  private let failures = Failures()

  private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [StoreError] = []
    func add(_ error: StoreError) { lock.withLock { list.append(error) } }
    var all: [StoreError] { lock.withLock { list } }
  }

  func begin(
    _ range: Range<Int>, of name: String, in folder: any ObjectFolder, expecting state: ObjectState?
  ) throws -> PixelMemory {
    let memory = try PixelMemory(capacity: range.count)
    group.enter()
    folder.fetch(range, of: name, expecting: state, into: memory) { [self] error in
      if let error { failures.add(error) }
      group.leave()
    }
    return memory
  }

  /// The errors of all that have been begun.
  func wait() -> [StoreError] {
    group.wait()
    return failures.all
  }
}

extension ObjectFolder {
  /// Waits for the bytes of a range.
  func read(_ range: Range<Int>, of name: String, expecting state: ObjectState? = nil) throws -> [UInt8] {
    let fetches = Fetches()
    let memory = try fetches.begin(range, of: name, in: self, expecting: state)
    if let error = fetches.wait().first { throw error }
    return unsafe Array(memory.bytes)
  }
}
#endif
