import Foundation
import ImageStoreCore
import ImageStoreTesting

/// Files of the repository.
enum Fixtures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let demo = root.appending(path: "Sources/imagestore/Resources/cifar-10-demo").path

  static func pickle(_ name: String) -> String {
    root.appending(path: "Tests/Fixtures/pickles/\(name)").path
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path)))
  }
}

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "cifar-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, making the folders on the way, and answers its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(filePath: path).appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// A batch taken apart without any pickle reader, by looking for the bytes that the genuine writer puts
/// before its parts.
struct NaiveBatch {
  var labels: [Int] = []
  var names: [String] = []
  /// The planes of each image.
  var planes: [[UInt8]] = []

  init(_ bytes: [UInt8]) {
    func position(after text: String) -> Int {
      let pattern = Array(text.utf8)
      var start = 0
      while Array(bytes[start..<start + pattern.count]) != pattern { start += 1 }
      return start + pattern.count
    }
    // BINPUT, EMPTY_LIST, BINPUT, then groups of MARK, BININT1 and its number, APPENDS.
    var next = position(after: "\u{6}labels") + 5
    while bytes[next] == UInt8(ascii: "(") {
      next += 1
      while bytes[next] == UInt8(ascii: "K") {
        labels.append(Int(bytes[next + 1]))
        next += 2
      }
      next += 1
    }
    // The array's bytes are the one BINSTRING.
    var start = next
    let count = labels.count * 3072
    let length = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    while Array(bytes[start..<start + 5]) != [UInt8(ascii: "T")] + length { start += 1 }
    start += 5
    for image in 0..<labels.count {
      planes.append(Array(bytes[start + image * 3072..<start + (image + 1) * 3072]))
    }
    // Names are SHORT_BINSTRINGs that end in .png.
    var position = start + count
    while position < bytes.count - 1 {
      let end = position + 2 + Int(bytes[position + 1])
      if bytes[position] == UInt8(ascii: "U"), end <= bytes.count,
        let name = String(bytes: bytes[position + 2..<end], encoding: .utf8), name.hasSuffix(".png")
      {
        names.append(name)
        position = end
      } else {
        position += 1
      }
    }
  }
}

/// An image's planes as rows of pixels, by the definition.
func interleaved(_ planes: [UInt8]) -> [UInt8] {
  var pixels: [UInt8] = []
  for pixel in 0..<1024 {
    for channel in 0..<3 { pixels.append(planes[channel * 1024 + pixel]) }
  }
  return pixels
}

extension ModelImages {
  /// What batches must be read as.
  init(_ batches: [NaiveBatch]) {
    self.init()
    let format = ImageFormat(height: 32, width: 32, channels: 3)
    var names: [String] = []
    labels = []
    for batch in batches {
      for planes in batch.planes { append(interleaved(planes), format: format) }
      labels! += batch.labels
      names += batch.names
    }
    columns = ["filename": .string(names)]
  }
}
