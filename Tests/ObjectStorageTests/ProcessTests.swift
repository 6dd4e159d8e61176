#if ObjectStorage
import CImageStoreFaults
import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import Testing

@testable import ObjectStorage

/// What depends on the process and on the machine: children, certificates, proxies.
@Suite(.enabled(if: FaultyServer.python != nil)) struct ProcessTests {
  /// A child that was forked has connections of its own, and its parent's are as they were.
  @Test func forkedChildrenRead() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let bytes = patternedBytes(200_000)
    let state = try folder.put(bytes, as: "a", if: .always)
    #expect(try folder.read(0..<200_000, of: "a", expecting: state) == bytes)
    for _ in 0..<8 {
      let fetches = Fetches()
      let memory = try fetches.begin(0..<200_000, of: "a", in: folder, expecting: state)
      let child = faults_fork()
      if child == 0 {
        let isRight =
          (try? folder.read(1000..<190_000, of: "a", expecting: state)) == Array(bytes[1000..<190_000])
        _exit(isRight ? 0 : 1)
      }
      var status: Int32 = -1
      while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
      #expect(status == 0)
      #expect(fetches.wait() == [])
      #expect(unsafe memory.bytes.elementsEqual(bytes))
    }
  }

  private static let kills = ProcessInfo.processInfo.environment["IMAGE_STORES_EXHAUSTIVE"] == nil ? 12 : 200

  /// An upload that is killed leaves nothing that readers see, or all of it; the next removes what
  /// it left and completes.
  @Test func killedUploadsAreAbsentOrWhole() throws {
    let server = try FaultyServer()
    let path = FileManager.default.temporaryDirectory.appending(path: "upload-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = patternedBytes(20 << 20)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    let folder = try server.folder()
    // How long one takes here.
    let begun = ContinuousClock.now
    try folder.upload(path, as: "first") { _ in }
    let microseconds = (ContinuousClock.now - begun).milliseconds * 1000
    var killed = 0
    for number in 0..<Self.kills {
      let child = faults_fork()
      if child == 0 {
        try? folder.upload(path, as: "a") { _ in }
        _exit(0)
      }
      usleep(UInt32(microseconds * (number + 1) / (Self.kills + 1)))
      _ = kill(child, SIGKILL)
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
      if status == SIGKILL { killed += 1 }
      if let state = try folder.state(of: "a") {
        #expect(state.byteCount == bytes.count)
        #expect(try folder.contents(of: "a", limit: bytes.count)?.bytes == bytes)
        try folder.remove("a")
      }
    }
    #expect(killed > 0)
    try folder.upload(path, as: "a") { _ in }
    #expect(try folder.contents(of: "a", limit: bytes.count)?.bytes == bytes)
    #expect(try server.state().uploads == 0)
    print("\(killed) of \(Self.kills) uploads were killed on their way")
  }

  static let openssl = ["/usr/bin/openssl", "/opt/homebrew/bin/openssl"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: ProcessTests.openssl != nil)) func certificatesAreChecked() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, key) = (folder.appending(path: "certificate.pem").path, folder.appending(path: "key.pem").path)
    let process = Process()
    process.executableURL = URL(filePath: Self.openssl!)
    process.arguments = [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", "2", "-subj",
      "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost",
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let server = try FaultyServer(certificate: (file, key))
    let environment = server.environment(["AWS_CA_BUNDLE": file])
    let trusting = try S3ObjectFolder("s3://data/train", environment: environment)
    let bytes = patternedBytes(3 << 20)
    let state = try trusting.put(bytes, as: "a", if: .always)
    #expect(try trusting.read(5..<3_000_000, of: "a", expecting: state) == Array(bytes[5..<3_000_000]))
    let other = try S3ObjectFolder("s3://data/train", environment: server.environment())
    let error = #expect(throws: StoreError.self) { try other.contents(of: "a", limit: 4 << 20) }
    #expect(error?.remedy?.contains("AWS_CA_BUNDLE") == true, "\(String(describing: error))")
    #expect(try server.state().requests.allSatisfy { $0.path.hasPrefix("/data/") })
  }
}
#endif
