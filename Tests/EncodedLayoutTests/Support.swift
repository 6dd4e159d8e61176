import Foundation
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import PNGCodec
import Testing

/// A Python that has numpy, h5py and lmdb.
let python = ProcessInfo.processInfo.environment["IMAGE_STORES_PYTHON"]

/// The kinds of stores that keep images as they are encoded.
enum Kind: String, CaseIterable, Sendable {
  case file, lmdb, hdf5, npz

  var format: any WritableStoreFormat { StoreCatalog.writable.first { $0.name == rawValue }! }
  var suffix: String { format.suffixes.first ?? "" }

  func options(_ mode: WriteMode = .create, _ encoding: ImageEncoding = ImageEncoding()) -> WriteOptions {
    WriteOptions(mode: mode, layout: "encoded", encoding: encoding, threads: 2)
  }

  func open(_ path: String) throws -> any ImageStore {
    try format.open(path, StoreDescription(), threads: 2)[0].store
  }

  /// Writes encoded images, in runs of some.
  func write(
    _ files: [[UInt8]], to path: String, _ mode: WriteMode = .create,
    _ encoding: ImageEncoding = ImageEncoding(),
    labels: Bool = true, perRun: Int = 7
  ) throws {
    try format.makeWriter(
      to: path, options(mode, encoding), classNames: nil,
      for: FileWriting(files: files, labels: labels, perRun: perRun))
  }
}

/// Appends encoded images.
struct FileWriting: WriterUser {
  let files: [[UInt8]]
  var labels = true
  var perRun = 7

  func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    for start in stride(from: 0, to: files.count, by: perRun) {
      let run = start..<min(start + perRun, files.count)
      let bytes = files[run].flatMap { $0 }
      try unsafe writer.append(
        encoded: bytes.span.bytes, byteCounts: files[run].map(\.count),
        labels: ImageLabels(
          labels: labels ? run.map { $0 % 3 } : nil, columns: ["note": .string(run.map { "no. \($0)" })]))
    }
    _ = try writer.finish()
  }
}

/// PNGs with other chunks than pixels, which our writers do not make, and their pixels.
struct Pictures {
  var files: [[UInt8]] = []
  var model = ModelImages()

  init(_ count: Int, seed: UInt64 = 1) throws {
    var synthetic = SyntheticImages(seed: seed)
    let encoder = try PNGImageEncoder()
    for index in 0..<count {
      let format = ImageFormat(
        height: 1 + index * 7 % 40, width: 1 + index * 11 % 60, channels: 1 + index % 4,
        elementType: index % 5 == 4 ? .uint16 : .uint8)
      let pixels = synthetic.image(.noise, format: format)
      var file: [UInt8] = []
      try unsafe encoder.encode(pixels.span.bytes, format: format) { file = [UInt8](copying: $0) }
      model.append(pixels, format: format)
      files.append(Self.withText(file, "picture \(index)"))
    }
  }

  /// A PNG with a chunk of text behind its header, by the chunk layout of the PNG specification, 5.3.
  static func withText(_ png: [UInt8], _ text: String) -> [UInt8] {
    var chunk = Array("tEXtComment".utf8) + [0] + Array(text.utf8)
    let length = UInt32(chunk.count - 4)
    let checksum = unsafe CRC32.checksum(of: chunk.span.bytes)
    func bytes(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
    chunk = bytes(length) + chunk + bytes(checksum)
    let head = 8 + 12 + 13
    return Array(png[..<head]) + chunk + Array(png[head...])
  }
}

extension ImageStore {
  /// The encoded bytes of some images.
  func files(_ indices: [Int]? = nil) throws -> [[UInt8]] {
    var files: [[UInt8]] = []
    let indices = indices ?? Array(0..<count)
    try forEachEncodedImage(indices.span) { (position, bytes) in
      precondition(position == files.count)
      files.append([UInt8](copying: bytes))
    }
    return files
  }

  /// All pixels.
  func pixels(_ indices: [Int]? = nil) throws -> [UInt8] {
    let batch = try read(indices ?? Array(0..<count))
    return [UInt8](copying: batch.pixels)
  }
}

/// A folder that goes with the value.
final class Folder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "encoded-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func store(_ kind: Kind, _ name: String = "store") -> String { "\(path)/\(name)\(kind.suffix)" }

  /// Copies a store.
  func copy(_ from: String, to: String) throws {
    try? FileManager.default.removeItem(atPath: to)
    try FileManager.default.copyItem(atPath: from, toPath: to)
  }
}

/// The code of what something throws.
func code(_ body: () throws -> Void) -> StoreError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? StoreError)?.code
  }
}

/// Runs a script, and returns the lines that it prints.
func runPython(_ arguments: [String]) throws -> [String] {
  let process = Process()
  process.executableURL = URL(filePath: try #require(python))
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
  return said.split(separator: "\n").map(String.init)
}
