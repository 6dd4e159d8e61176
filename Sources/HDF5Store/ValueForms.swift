import ImageStoreCore

/// How a file that is appended to holds what may be held in more ways than this package's: types of numbers, text, and the
/// level of its compression. An append keeps all this, and refuses values that the form has no room for.
struct ValueForms: Sendable {
  var labels: StoredType?
  var columns: [String: DatasetDescription.Elements] = [:]
  var classNames: StoredText?
  /// The level that images are deflated at.
  var level: Int?

  static let int64 = StoredType(kind: .signed, byteCount: 8, isBigEndian: false)
  static let float64 = StoredType(kind: .float, byteCount: 8, isBigEndian: false)

  /// Checks that there is room for values that are to be appended.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func check(_ added: Annotations) throws(StoreError) {
    if let labels, labels != Self.int64, let values = added.labels,
      labels.encoded(values.map(Int64.init)) == nil
    {
      throw Self.noRoom("a label that \(labels.name), the type of the labels in the file, cannot hold", nil)
    }
    for (name, column) in added.columns {
      switch (column, columns[name]) {
      case (.int64(let values), .number(let type)?) where type != Self.int64:
        guard type.encoded(values) != nil else {
          throw Self.noRoom("a value that \(type.name), its type in the file, cannot hold", name)
        }
      case (.double(let values), .number(let type)?) where type != Self.float64:
        guard type.encoded(values) != nil else {
          throw Self.noRoom("a value that \(type.name), its type in the file, cannot hold exactly", name)
        }
      case (.string(let values), .text(let text)?):
        guard values.allSatisfy(text.canHold) else {
          throw Self.noRoom("text that does not fit \(text.name), its type in the file", name)
        }
      default: continue
      }
    }
  }

  private static func noRoom(_ what: String, _ key: String?) -> StoreError {
    StoreError(.unsupported, what, remedy: "convert the file to a new one first", key: key)
  }
}

extension StoredText {
  /// The form this package writes: text grows with what it holds.
  var isOwn: Bool {
    guard case .fixed(_, .zeros) = form else { return false }
    return !isASCII
  }

  /// Its name for messages.
  var name: String {
    switch form {
    case .fixed(let byteCount, _): "\(isASCII ? "ASCII" : "UTF-8") text of at most \(byteCount) bytes"
    case .variable: "\(isASCII ? "ASCII" : "UTF-8") text"
    }
  }

  /// Whether a string comes back as it is.
  func canHold(_ string: String) -> Bool {
    if isOwn { return true }
    if isASCII, !string.utf8.allSatisfy({ $0 < 0x80 }) { return false }
    switch form {
    case .variable: return true
    case .fixed(let byteCount, let padding):
      guard string.utf8.count <= byteCount else { return false }
      return padding != .spaces || string.utf8.last != 0x20
    }
  }
}

extension StoredType {
  /// The bytes of integers as a file holds them, or nil if one does not fit.
  func encoded(_ values: [Int64]) -> [UInt8]? {
    switch (kind, byteCount) {
    case (.bool, _): values.allSatisfy { $0 == 0 || $0 == 1 } ? encode(values, UInt8.self) : nil
    case (.unsigned, 1): encode(values, UInt8.self)
    case (.unsigned, 2): encode(values, UInt16.self)
    case (.unsigned, 4): encode(values, UInt32.self)
    case (.unsigned, 8): encode(values, UInt64.self)
    case (.signed, 1): encode(values, Int8.self)
    case (.signed, 2): encode(values, Int16.self)
    case (.signed, 4): encode(values, Int32.self)
    case (.signed, 8): encode(values, Int64.self)
    default: nil
    }
  }

  private func encode<Value: FixedWidthInteger & BitwiseCopyable>(
    _ values: [Int64], _ type: Value.Type
  ) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * MemoryLayout<Value>.size)
    for value in values {
      guard let value = Value(exactly: value) else { return nil }
      bytes.append(contentsOf: isBigEndian ? value.bigEndian : value.littleEndian)
    }
    return bytes
  }

  /// The bytes of floating-point numbers as a file holds them, or nil if one would be rounded.
  func encoded(_ values: [Double]) -> [UInt8]? {
    guard kind == .float, byteCount >= 4 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * byteCount)
    for value in values {
      if byteCount == 8 {
        bytes.append(contentsOf: isBigEndian ? value.bitPattern.bigEndian : value.bitPattern.littleEndian)
      } else {
        let short = Float(value)
        guard Double(short) == value || value.isNaN else { return nil }
        bytes.append(contentsOf: isBigEndian ? short.bitPattern.bigEndian : short.bitPattern.littleEndian)
      }
    }
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(contentsOf word: some FixedWidthInteger & BitwiseCopyable) {
    unsafe Swift.withUnsafeBytes(of: word) { unsafe append(contentsOf: $0) }
  }
}
