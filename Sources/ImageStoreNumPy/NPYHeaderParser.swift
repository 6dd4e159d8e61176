import ImageStoreCore

/// Reads the one Python literal a `.npy` header is: a dictionary of `descr`, `fortran_order` and `shape`.
///
/// Accepts what Python's own reader of literals accepts and any numpy has written: either quote, keys in
/// any order, spaces anywhere, trailing commas, and Python 2's `5L` and `u'descr'`. Nothing is evaluated.
struct NPYHeaderParser {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  struct Fields {
    var descr: String
    var isFortranOrder: Bool
    var shape: [Int]
  }

  mutating func parse() throws(StoreError) -> Fields {
    var descr: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil: descr = try typeString()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try truthValue()
      case "shape" where shape == nil: shape = try tuple()
      default: throw fault("the key '\(key)' is there twice or is not one of numpy's")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard position == text.count else { throw fault("there are bytes after the dictionary") }
    guard let descr, let isFortranOrder, let shape else {
      throw fault("one of 'descr', 'fortran_order' and 'shape' is missing")
    }
    return Fields(descr: descr, isFortranOrder: isFortranOrder, shape: shape)
  }

  private mutating func typeString() throws(StoreError) -> String {
    skipSpaces()
    guard position < text.count else { throw fault("it ends early") }
    if text[position] == UInt8(ascii: "[") || text[position] == UInt8(ascii: "(") {
      throw StoreError(
        .unsupported, "the array has records (a structured dtype)",
        remedy: "save each field as an array of its own")
    }
    return try string()
  }

  private mutating func string() throws(StoreError) -> String {
    skipSpaces()
    if position < text.count, text[position] == UInt8(ascii: "u") { position += 1 }
    guard position < text.count,
      text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"")
    else { throw fault("a quoted word is missing") }
    let quote = text[position]
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else { throw fault("a quote is not closed") }
    let word = text[start..<end]
    guard word.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw fault("a quoted word is not plain ASCII")
    }
    position = end + 1
    return String(decoding: word, as: UTF8.self)
  }

  private mutating func truthValue() throws(StoreError) -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault("'fortran_order' is neither True nor False")
  }

  private mutating func tuple() throws(StoreError) -> [Int] {
    try expect("(")
    var values: [Int] = []
    while !take(")") {
      values.append(try integer())
      if take(",") { continue }
      guard values.count != 1 else { throw fault("'shape' is not a tuple") }
      try expect(")")
      break
    }
    return values
  }

  private mutating func integer() throws(StoreError) -> Int {
    skipSpaces()
    let start = position
    while position < text.count, text[position] >= 0x30, text[position] <= 0x39 { position += 1 }
    guard position > start else { throw fault("'shape' has something other than sizes from 0") }
    guard let value = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
      throw StoreError(.limitExceeded, "a size in the .npy header is beyond 64 bits")
    }
    if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }

  private mutating func skipSpaces() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D, 0x0C].contains(text[position]) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(StoreError) {
    guard take(character) else { throw fault("'\(character)' is missing at byte \(position)") }
  }

  private func fault(_ what: String) -> StoreError {
    StoreError(.corrupt, "the .npy header is damaged: \(what)")
  }
}
