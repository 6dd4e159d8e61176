import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting
import ShardedStore

/// A folder that is removed with all it holds.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/sharded-tests-XXXXXX".utf8CString)
    unsafe mkdtemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The paths of all files below a folder, sorted.
func files(below folder: String) throws -> [String] {
  try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
    FileSystem.kind(of: "\(folder)/\($0)", followingLinks: false) != .folder
  }.sorted()
}

func contents(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

func code(_ body: () throws -> Void) -> StoreError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? StoreError)?.code ?? StoreError.Code(rawValue: "\(error)")
  }
}

/// Images with labels, class names and a column of each kind.
func makeImages(_ count: Int, mixed: Bool = false, seed: UInt64 = 1) throws -> InMemoryStore {
  var generator = SplitMix64(seed: seed)
  var writer = InMemoryStore.Writer(classNames: ["cat", "dog", "emu"])
  for index in 0..<count {
    let format =
      mixed
      ? ImageFormat(height: 1 + index % 17, width: 1 + index % 5, channels: 3)
      : ImageFormat(height: 9, width: 7, channels: 3)
    let pixels = (0..<format.byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    try writer.append(
      pixels, format: format, label: index % 3,
      columns: [
        "file": .string("image \(index) \u{e9}.png"), "number": .int64(Int64(index) << 33),
        "share": .double(Double(index) / 7),
        "raw": .bytes([UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 4)),
        "box": .int64Vector([1, 2, 3, Int64(index)]), "a/b": .doubleVector([0.5, Double(index)]),
      ])
  }
  return try writer.finish()
}

/// Whether two stores have the same images, labels, columns and class names; says what differs.
func difference(_ store: any ImageStore, _ other: any ImageStore) throws -> String? {
  guard store.count == other.count else { return "\(store.count) images, not \(other.count)" }
  guard try store.labels() == other.labels() else { return "labels" }
  guard store.classNames == other.classNames else { return "class names" }
  guard store.columnNames == other.columnNames else { return "columns \(store.columnNames)" }
  for name in store.columnNames where try store.column(name) != other.column(name) { return "column \(name)" }
  var (a, b) = (ImageBatch(), ImageBatch())
  for index in 0..<store.count {
    guard try store.format(at: index) == other.format(at: index) else { return "format of image \(index)" }
    try store.read([index], into: &a)
    try other.read([index], into: &b)
    let isEqual = unsafe a.pixels.withUnsafeBytes { a in
      unsafe b.pixels.withUnsafeBytes { unsafe a.elementsEqual($0) }
    }
    guard isEqual else { return "pixels of image \(index)" }
  }
  return nil
}

/// Changes a manifest and gives it the checksum of what it says then.
func changeManifest(of store: String, _ change: (inout [String: Any]) throws -> Void) throws {
  let path = "\(store)/manifest.json"
  var object = try JSONSerialization.jsonObject(with: Data(contents(path))) as! [String: Any]
  object["crc32"] = "00000000"
  try change(&object)
  let bytes = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
  try write(ChecksummedJSON.withChecksum([UInt8](bytes)), path)
}

/// Changes the bytes of an index and has the manifest say their checksum.
func changeIndex(of store: String, _ change: (inout [UInt8], _ start: (String) -> Int) -> Void) throws {
  try changeManifest(of: store) { manifest in
    var index = manifest["index"] as! [String: Any]
    let path = "\(store)/\(index["name"]!)"
    var bytes = try contents(path)
    let arrays = index["arrays"] as! [[String: Any]]
    change(&bytes) { name in
      // Behind a header of 128 bytes.
      arrays.first { $0["name"] as! String == name }!["start"] as! Int + 128
    }
    try write(bytes, path)
    let digits = unsafe String(CRC32.checksum(of: bytes.span.bytes), radix: 16)
    index["crc32"] = String(repeating: "0", count: 8 - digits.utf8.count) + digits
    manifest["index"] = index
  }
}
