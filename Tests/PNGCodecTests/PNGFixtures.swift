import CImageStoreZlib
import ImageStoreCore
import ImageStoreCorpora
import ImageStoreDeflate
import ImageStorePlatform
import PNGCodec
import Testing

/// A file that a script made, and what the script says of it.
struct PNGFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let path: String
  /// The words that follow the name.
  let expected: [Substring]

  var testDescription: String { name }

  /// `height width channels type crc32` of what was decoded.
  static func digest(_ pixels: [UInt8], _ format: ImageFormat) -> [Substring] {
    var bytes = pixels
    if format.elementType == .uint16 && UInt16(1).bigEndian == 1 {
      for index in stride(from: 0, to: bytes.count, by: 2) { bytes.swapAt(index, index + 1) }
    }
    let sum = unsafe CImageStoreZlib.crc32(0, bytes, UInt32(bytes.count))
    let hex = String(sum, radix: 16)
    return [
      "\(format.height)", "\(format.width)", "\(format.channels)", "\(format.elementType.name)",
      "\(String(repeating: "0", count: 8 - hex.count))\(hex)",
    ]
  }

  static let folder: String = {
    var components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    components.removeLast(2)
    return components.joined(separator: "/") + "/Fixtures"
  }()

  static func list(_ table: String, in folders: [String]) -> [PNGFixture] {
    let text = String(decoding: readFile("\(folder)/\(table)") ?? [], as: UTF8.self)
    return text.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let paths = folders.map { "\($0)/\(words[0]).png" }
      let path = paths.first { unsafe access($0, R_OK) == 0 } ?? paths[0]
      return PNGFixture(name: String(words[0]), path: path, expected: Array(words.dropFirst()))
    }
  }

  static let valid = list("png/valid.txt", in: ["\(folder)/png"])
  static let hostile = list("png/hostile.txt", in: ["\(folder)/png"])

  /// Files of PngSuite, which is not part of the repository.
  static let pngSuite = list(
    "pngsuite.txt", in: ["pngsuite", "pngsuite-extra"].map { Corpora.folder($0) ?? $0 })
}

extension PNGFixture {
  /// A Python that has Pillow.
  static var python: String? {
    unsafe getenv("IMAGE_STORES_PYTHON").map { unsafe String(cString: $0) }
  }

  /// The folder of the checks in Python.
  static let pythonChecks =
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Python"
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  let file = try unsafe #require(unsafe fopen(path, "wb"))
  let written = unsafe fwrite(bytes, 1, bytes.count, file)
  try #require(unsafe fclose(file) == 0 && written == bytes.count)
}

/// All bytes of a file, or nil if there is none.
func readFile(_ path: String) -> [UInt8]? {
  guard let file = unsafe fopen(path, "rb") else { return nil }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe fread(&piece, 1, piece.count, file)
    if count == 0 { return bytes }
    bytes += piece[..<count]
  }
}

/// Decodes with a decoder of its own, through the public API.
func decode(
  _ file: [UInt8], palette: PNGDecoder.Palette = .expanded, maximumByteCount: Int = 1 << 30
) throws(StoreError) -> (pixels: [UInt8], format: ImageFormat) {
  var decoder = PNGDecoder(palette: palette, maximumByteCount: maximumByteCount)
  return try decode(file, with: &decoder)
}

func decode(
  _ file: [UInt8], with decoder: inout PNGDecoder
) throws(StoreError) -> (pixels: [UInt8], format: ImageFormat) {
  let format = unsafe try decoder.readHeader(of: file.span.bytes).format
  let memory = try PixelMemory(capacity: format.byteCount)
  var found: ImageFormat?
  try memory.fill { (output) throws(StoreError) in
    found = unsafe try decoder.decode(file.span.bytes, into: &output)
  }
  precondition(found == format && memory.byteCount == format.byteCount)
  return ([UInt8](copying: memory.span), format)
}

func encode(
  _ pixels: [UInt8], _ format: ImageFormat, _ compression: Compression = .fast
) throws(StoreError) -> [UInt8] {
  var encoder = try PNGEncoder(compression: compression)
  unsafe try encoder.encode(pixels.span.bytes, format: format)
  return [UInt8](copying: encoder.bytes)
}
