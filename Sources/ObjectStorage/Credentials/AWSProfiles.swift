#if ObjectStorage
internal import ImageStoreCore
internal import ImageStoreSupport

/// The sections of AWS's shared files: "Configuration and credential file settings" of the AWS
/// CLI's user guide.
struct AWSProfiles {
  private static let greatestByteCount = 1 << 20

  /// The settings of each section. A setting within another, as below `s3 =`, has both names:
  /// `s3.addressing_style`.
  private(set) var sections: [String: [String: String]] = [:]

  init() {}

  /// Reads a file; a missing file has no sections.
  init(file path: String) throws(StoreError) {
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try FileSystem.contents(of: path, limit: Self.greatestByteCount)
    } catch {
      guard error.code == .notFound else { throw error }
      self.init()
      return
    }
    self.init(String(decoding: bytes, as: UTF8.self))
  }

  init(_ text: String) {
    var section: String?
    var outer: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let trimmed = Self.trimmed(line)
      guard let first = trimmed.first, first != "#", first != ";" else { continue }
      if first == "[", let end = trimmed.firstIndex(of: "]") {
        let name = trimmed[trimmed.index(after: trimmed.startIndex)..<end].split(separator: " ").joined(
          separator: " ")
        section = name
        outer = nil
        sections[name, default: [:]].merge([:]) { $1 }
        continue
      }
      guard let section, let equals = trimmed.firstIndex(of: "=") else { continue }
      let key = String(Self.trimmed(trimmed[..<equals])).lowercased()
      let value = Self.withoutComment(Self.trimmed(trimmed[trimmed.index(after: equals)...]))
      let isInner = line.first == " " || line.first == "\t"
      if isInner, let outer {
        sections[section]!["\(outer).\(key)"] = String(value)
      } else {
        sections[section]![key] = String(value)
        outer = value.isEmpty ? key : nil
      }
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  private static func withoutComment(_ value: Substring) -> Substring {
    var last: Character = "x"
    for index in value.indices {
      if last.isWhitespace, value[index] == "#" || value[index] == ";" { return trimmed(value[..<index]) }
      last = value[index]
    }
    return value
  }
}
#endif
