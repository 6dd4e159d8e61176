import Foundation
import ImageStoreCore

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "file-store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file with its folders and returns its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let url = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// A folder of Tests/Fixtures/files, written by make_file_fixtures.py.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/files/\(name)").path
}

/// The pixels of image `index` of the fixtures, 5 x 8 x 3.
func fixturePixels(_ index: Int) -> [UInt8] {
  var pixels: [UInt8] = []
  for row in 0..<5 {
    for column in 0..<8 {
      for channel in 0..<3 { pixels.append(UInt8((37 * index + 11 * row + 5 * column + 71 * channel) % 256)) }
    }
  }
  return pixels
}

/// The label of image `index` of the fixtures.
func fixtureLabel(_ index: Int) -> Int { (3 * index + 1) % 4 }

/// The bytes of a file.
func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }
