#if ObjectStorage
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import ObjectStorage

@Suite(.enabled(if: FaultyServer.python != nil)) struct FolderTests {
  @Test func bucketsHaveObjects() throws {
    let server = try FaultyServer()
    try server.control(#"{"pages": 3}"#)
    try FolderCheck.all(server.folder())
    try FolderCheck.all(server.folder("data"))
    #expect(try server.state().uploads == 0)
  }

  /// What holds of a bucket holds of a folder.
  @Test func foldersOfThisMachineHaveObjects() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "objects-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FolderCheck.all(LocalObjectFolder(path))
  }

  /// Uploads that were never completed are removed by the next of the name.
  @Test func abandonedUploadsAreRemoved() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    let path = FileManager.default.temporaryDirectory.appending(path: "upload-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = patternedBytes(20 << 20)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    _ = try folder.objects.success(HTTPRequest(.post, folder.url("a", [("uploads", "")])), for: "a")
    _ = try folder.objects.success(HTTPRequest(.post, folder.url("ab", [("uploads", "")])), for: "ab")
    #expect(try server.state().uploads == 2)
    try folder.upload(path, as: "a") { _ in }
    #expect(try server.state().uploads == 1)
    #expect(try folder.state(of: "a")?.byteCount == bytes.count)
  }

  @Test func connectionsAreKeptAndNoMoreThanAllowed() throws {
    let server = try FaultyServer()
    let folder = try server.folder(connections: 4)
    let bytes = patternedBytes(1 << 20)
    let state = try folder.put(bytes, as: "a", if: .always)
    let before = try server.state().connections
    let fetches = Fetches()
    var blocks: [(Range<Int>, PixelMemory)] = []
    for index in 0..<200 {
      let range = index * 5000..<index * 5000 + 4999
      blocks.append((range, try fetches.begin(range, of: "a", in: folder, expecting: state)))
    }
    #expect(fetches.wait() == [])
    for (range, memory) in blocks { #expect(unsafe memory.bytes.elementsEqual(bytes[range])) }
    #expect(try server.state().connections - before <= 4)
  }

  @Test func foldersOfWebServersAreRead() throws {
    let server = try FaultyServer()
    let bytes = patternedBytes(100_000)
    _ = try server.folder("site/a b").put(bytes, as: "x/\u{e9}.npz", if: .always)
    try server.control(#"{"plain": true}"#)
    let folder = try HTTPObjectFolder("\(server.address)/site/a%20b/", environment: [:])
    #expect(folder.location == "\(server.address)/site/a%20b")
    let state = try #require(try folder.state(of: "x/\u{e9}.npz"))
    #expect(state.byteCount == bytes.count)
    #expect(try folder.read(5..<99_000, of: "x/\u{e9}.npz", expecting: state) == Array(bytes[5..<99_000]))
    #expect(try folder.contents(of: "x/\u{e9}.npz", limit: 100_000)?.bytes == bytes)
    #expect(try folder.contents(of: "y", limit: 10) == nil)
    #expect(try folder.state(of: "y") == nil)
    for error in [
      #expect(throws: StoreError.self, performing: { _ = try folder.put([1], as: "z", if: .always) }),
      #expect(throws: StoreError.self, performing: { _ = try folder.names(startingWith: "") }),
      #expect(throws: StoreError.self, performing: { try folder.remove("z") }),
    ] {
      #expect(error?.code == .unsupported)
    }
    // Nothing of requests to a bucket.
    #expect(
      try server.state().requests.allSatisfy {
        $0.headers["authorization"] == nil && $0.headers["x-amz-date"] == nil
      })
    try server.control(#"{"plain": true, "faults": ["whole"]}"#)
    let whole = #expect(throws: StoreError.self) {
      try folder.read(5..<10, of: "x/\u{e9}.npz", expecting: state)
    }
    #expect(whole?.description.contains("does not answer ranges") == true, "\(String(describing: whole))")
  }

  @Test func locationsAreChecked() {
    for location in [
      "s3://", "s3:///a", "s3://a b/c", "s3:/a", "https://", "https://user:secretword@host/a",
      "https://host/a?token=secretword", "ftp://a",
    ] {
      let error = #expect(throws: StoreError.self, "\(location)") { try ObjectStorage.folder(at: location) }
      #expect(error?.description.contains("secretword") == false)
    }
  }

  @Test func refusalsSayWhatToDo() throws {
    let server = try FaultyServer()
    let folder = try server.folder()
    func error(_ status: Int, _ code: String) throws -> String {
      try server.control(#"{"refuse": [\#(status), "\#(code)"]}"#)
      let error = #expect(throws: StoreError.self) { try folder.contents(of: "a", limit: 10) }
      #expect(try server.state().requests.count == 1)
      #expect(error?.path == "s3://data/train")
      #expect(error?.key == "a")
      return error?.description ?? ""
    }
    #expect(
      try error(403, "AccessDenied")
        == "s3://data/train: a: the server answered 403 AccessDenied, \"no\" (request r1); check what the credentials may do with the bucket"
    )
    #expect(try error(403, "SignatureDoesNotMatch").contains("AWS_SECRET_ACCESS_KEY"))
    #expect(try error(404, "NoSuchBucket").contains("check the bucket's name"))
    let anonymous = try S3ObjectFolder(
      "s3://data/train", environment: server.environment(["AWS_NO_SIGN_REQUEST": "true"]))
    try server.control(#"{"refuse": [403, "AccessDenied"]}"#)
    let unsigned = #expect(throws: StoreError.self) { try anonymous.contents(of: "a", limit: 10) }
    #expect(unsigned?.description.contains("no credentials were found") == true)
    #expect(try server.state().requests.allSatisfy { $0.headers["authorization"] == nil })
  }

  @Test func serversThatAreNotThereAreSaidSoonEnough() throws {
    let environment = [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "testkey",
      "AWS_SECRET_ACCESS_KEY": "testsecret",
    ]
    let folder = try S3ObjectFolder("s3://data/train", environment: environment)
    let error = #expect(throws: StoreError.self) { try folder.contents(of: "a", limit: 10) }
    #expect(
      error?.description.contains("in 3 tries; check the address") == true, "\(String(describing: error))")
    #expect(error?.underlying?.domain == .curl)
  }

  /// Nobody is left waiting.
  @Test func foldersThatAreClosedAnswerWhatIsUnderWay() throws {
    let server = try FaultyServer()
    var folder: S3ObjectFolder? = try server.folder()
    let state = try folder!.put(patternedBytes(100_000), as: "a", if: .always)
    try server.control(#"{"faults": ["stall"], "stall": 1}"#)
    let fetches = Fetches()
    for _ in 0..<40 { _ = try fetches.begin(0..<100_000, of: "a", in: folder!, expecting: state) }
    folder = nil
    #expect(fetches.wait().count == 40)
  }
}
#endif
