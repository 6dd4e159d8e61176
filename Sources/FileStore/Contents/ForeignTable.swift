internal import ImageStoreCore
internal import ImageStoreSupport

/// A table that another program or a person wrote: with or without a header, with any separator
/// that can be recognized.
struct ForeignTable {
  let name: String
  /// The path in the store's folder.
  let path: String
  /// The names of the fields, trimmed; nil if there is no header.
  private(set) var header: [String]?
  private(set) var fieldCount = 0
  /// Whether bytes that are not UTF-8 were read as Latin-1.
  private(set) var isLatin1 = false
  private let memory: PixelMemory
  private let separator: Character

  /// Lines after this one are not used to find the separator.
  private static let sampleCount = 20
  private static let maximumByteCount = 1 << 30
  private static let maximumFieldCount = 1 << 14
  private static let maximumCellCount = 1 << 25

  /// The headings of a column of labels, and of a column of files, the likeliest first.
  static let labelWords = [
    "label", "labels", "class", "classes", "target", "targets", "y", "category", "categories", "classid",
    "class_id", "labelid", "label_id", "class_label", "ans", "answer",
  ]
  static let fileWords = [
    "file", "filename", "file_name", "path", "filepath", "file_path", "image", "images", "img", "image_path",
    "img_path", "imagepath", "image_name", "img_name", "imagename", "image_id", "imageid", "img_id", "id",
    "name", "fname", "picture", "photo",
  ]

  /// Opens a table.
  ///
  /// - Parameter namesImage: whether a field is the name of an image, by which a table without a
  ///   header is known.
  init(
    _ name: [UInt8], in folder: borrowing Folder, at path: String, namesImage: ([UInt8]) -> Bool
  ) throws(StoreError) {
    self.name = shownName(name)
    self.path = path
    let file = try File(self.name, in: folder, .read, followingLinks: true)
    let bytes = Self.plain(try file.contents(limit: Self.maximumByteCount))
    separator = Self.separator(of: bytes)
    memory = try PixelMemory(capacity: max(1, bytes.count))
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(bytes.count) { (buffer) throws(StoreError) in
        unsafe bytes.withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
      }
    }
    isLatin1 = !bytes.isEmpty && String(validating: bytes, as: UTF8.self) == nil
    var reader = makeReader()
    var fields: [CSVField] = []
    guard try reader.next(&fields, atMost: Self.maximumFieldCount, else: .limitExceeded) else {
      throw StoreError(
        .corrupt, "this is an empty file", remedy: "begin it with the line file,label", path: path)
    }
    fieldCount = fields.count
    let texts = fields.map { Self.text($0, reader) }
    let words = texts.map { $0.lowercased() }
    let isKnown = words.contains { Self.labelWords.contains($0) || Self.fileWords.contains($0) }
    let namesOne = fields.contains { namesImage(Self.bytes($0, reader)) }
    let isNumber = texts.count == 1 && Double(texts[0]) != nil
    if isKnown && !namesOne || !namesOne && !isNumber { header = texts }
  }

  /// Reads all values.
  ///
  /// - Returns: the values of each field, the bytes of one of them, and the line of each record.
  func read(bytesOf position: Int?) throws(StoreError) -> (columns: [[String]], names: NameList, lines: [Int])
  {
    var reader = makeReader()
    var fields: [CSVField] = []
    var columns = [[String]](repeating: [], count: fieldCount)
    var names = NameList()
    var lines: [Int] = []
    if header != nil { _ = try reader.next(&fields, atMost: fieldCount) }
    while try reader.next(&fields, atMost: fieldCount) {
      guard fields.count == fieldCount else {
        throw reader.error(
          "\(fields.count) \(fields.count == 1 ? "field" : "fields"), but the first line has \(fieldCount)",
          remedy: "quote fields that hold the separator")
      }
      for (column, field) in fields.enumerated() { columns[column].append(Self.text(field, reader)) }
      if let position { names.append(Self.bytes(fields[position], reader)) }
      lines.append(reader.line)
      guard lines.count * fieldCount <= Self.maximumCellCount else {
        throw reader.error("more than \(Self.maximumCellCount) fields", .limitExceeded)
      }
    }
    return (columns, names, lines)
  }

  /// The bytes of a field of the first records.
  func sample(of position: Int) throws(StoreError) -> [[UInt8]] {
    var reader = makeReader()
    var fields: [CSVField] = []
    var sample: [[UInt8]] = []
    if header != nil { _ = try reader.next(&fields, atMost: fieldCount) }
    while sample.count < 3, try reader.next(&fields, atMost: fieldCount), position < fields.count {
      sample.append(Self.bytes(fields[position], reader))
    }
    return sample
  }

  /// An error about a record.
  func error(_ line: Int, _ message: String, _ code: StoreError.Code, remedy: String? = nil) -> StoreError {
    StoreError(code, message, remedy: remedy, path: path, key: "line \(line)")
  }

  /// The field with a name, in any case.
  func position(of name: String) -> Int? {
    header?.firstIndex { $0 == name } ?? header?.firstIndex { $0.lowercased() == name.lowercased() }
  }

  private func makeReader() -> CSVReader { CSVReader(memory, path: path, separator: separator) }

  private static func text(_ field: CSVField, _ reader: CSVReader) -> String {
    let bytes = bytes(field, reader)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
  }

  /// The bytes of a field without blanks around it.
  private static func bytes(_ field: CSVField, _ reader: CSVReader) -> [UInt8] {
    var bytes = unsafe [UInt8](reader.bytes(of: field))[...]
    if field.hasDoubledQuotes, let text = try? reader.text(field) { bytes = Array(text.utf8)[...] }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    return Array(bytes)
  }

  /// UTF-8 of a file in UTF-16, with lines of comment at its beginning emptied.
  private static func plain(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      let isLittle = bytes[0] == 0xFF
      let units = stride(from: 2, to: bytes.count - 1, by: 2).map {
        isLittle
          ? UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 : UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
      }
      bytes = Array(String(decoding: units, as: UTF16.self).utf8)
    }
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while start < bytes.count, bytes[start] == UInt8(ascii: "#") {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      bytes.replaceSubrange(start..<end, with: repeatElement(0x0A, count: 0))
      start += 1
    }
    return bytes
  }

  /// The character that divides the first lines into the same number of fields.
  private static func separator(of bytes: [UInt8]) -> Character {
    let head = bytes.prefix(1 << 16)
    let lines = head.split { $0 == 0x0A || $0 == 0x0D }.prefix(sampleCount)
    func counts(_ separator: UInt8) -> [Int] {
      lines.map { line in
        var isQuoted = false
        return line.count { byte in
          if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
          return byte == separator && !isQuoted
        }
      }
    }
    // Characters that occur within names, such as a space, are tried last.
    let candidates: [Character] = ["\t", ";", ",", "|", " "]
    for candidate in candidates {
      let counts = counts(candidate.asciiValue!)
      if let first = counts.first, first > 0, counts.allSatisfy({ $0 == first }) { return candidate }
    }
    return [",", "\t", ";"].first { lines.first?.contains($0.asciiValue!) ?? false } ?? ","
  }
}
