import Foundation
import ImageStoreCore
import Testing

/// A Python that has numpy and Pillow.
let python = ProcessInfo.processInfo.environment["IMAGE_STORES_PYTHON"]

/// A folder that goes with the value.
final class WorkFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "jpegs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
  }
}

/// Runs a script next to the fixtures, or the text of one, and returns what it prints.
@discardableResult
func runPython(_ arguments: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: try #require(python))
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(said)")
  return said
}

/// A file that `Tests/Fixtures/make_jpegs.py` made, and what Pillow decodes it to.
struct JPEGFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let format: ImageFormat
  let orientation: Int
  let right: String
  let folder: WorkFolder

  var testDescription: String { name }

  /// All of them, made when they are first asked for.
  static let all: Result<[JPEGFixture], any Error> = Result {
    let folder = try WorkFolder()
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/make_jpegs.py").path
    try runPython([script, folder.path])
    let index = String(decoding: try folder.bytes(of: "index.tsv"), as: UTF8.self)
    return index.split(separator: "\n").map { line in
      let words = line.split(separator: "\t")
      let sizes = words[1...4].map { Int($0)! }
      return JPEGFixture(
        name: String(words[0]),
        format: ImageFormat(
          height: max(1, sizes[0]), width: max(1, sizes[1]), channels: max(1, sizes[2]), elementType: .uint8),
        orientation: sizes[3], right: String(words[5]), folder: folder)
    }
  }

  func file() throws -> [UInt8] { try folder.bytes(of: "\(name).jpg") }
  /// The pixels as stored, by Pillow.
  func pixels() throws -> [UInt8] { try folder.bytes(of: "\(name).raw") }
  /// The pixels upright, by Pillow.
  func upright() throws -> [UInt8] { orientation == 1 ? try pixels() : try folder.bytes(of: "\(name).up") }
  var uprightFormat: ImageFormat {
    orientation > 4 ? format.resized(height: format.width, width: format.height) : format
  }
}

/// A region of pixels in memory.
func cropped(_ pixels: [UInt8], _ format: ImageFormat, _ region: ImageRegion) -> [UInt8] {
  var result: [UInt8] = []
  for row in region.row..<region.row + region.height {
    let start = row * format.bytesPerRow + region.column * format.bytesPerPixel
    result += pixels[start..<start + region.width * format.bytesPerPixel]
  }
  return result
}
