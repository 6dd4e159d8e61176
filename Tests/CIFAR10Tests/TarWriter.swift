import ImageStoreCore
import ImageStoreDeflate

/// Writes archives for tests, right or wrong.
struct TarWriter {
  var bytes: [UInt8] = []

  /// Adds a member.
  ///
  /// - Parameters:
  ///   - type: the type flag; `0` is a plain file.
  ///   - announced: the size the header says, where it is not that of `contents`.
  mutating func add(
    _ path: String, _ contents: [UInt8], type: Character = "0", announced: Int? = nil
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(path, at: 0)
    put("0000644", at: 100)
    put(octal(announced ?? contents.count, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put(String(repeating: " ", count: 8), at: 148)
    put(String(type), at: 156)
    put("ustar\u{0}00", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
    bytes += header + contents + [UInt8](repeating: 0, count: -contents.count & 511)
  }

  /// The archive with its end.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 10240 - bytes.count % 10240) }

  /// The archive, gzipped.
  func gzipped() throws -> [UInt8] {
    var deflater = try Deflater(.gzip, level: 1)
    unsafe try deflater.deflate(finished.span.bytes)
    return [UInt8](copying: deflater.bytes)
  }
}
