#if ObjectStorage
/// An element of an answer of S3 and STS servers, with its children, in the small part of XML that
/// they use: no document types, and no entities except the five and numbers; names have no
/// prefixes; attributes are skipped.
struct XMLElement {
  private static let greatestDepth = 16

  let name: String
  /// The text directly in it.
  private(set) var text = ""
  private(set) var children: [XMLElement] = []

  private init(_ name: String) { self.name = name }

  /// The first child with a name.
  func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The text of the first child with a name.
  subscript(name: String) -> String? { child(name)?.text }

  /// The first element with a name, at any depth.
  func descendant(_ name: String) -> XMLElement? {
    for child in children {
      if let found = child.name == name ? child : child.descendant(name) { return found }
    }
    return nil
  }

  /// Reads a document; nil if it is not one, or has more than these servers write.
  init?(_ bytes: [UInt8]) {
    var open: [XMLElement] = []
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "<") else {
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
        if !open.isEmpty {
          guard let text = Self.unescaped(bytes[at..<end]) else { return nil }
          open[open.count - 1].text += text
        }
        at = end
        continue
      }
      if let end = Self.end(of: "<?", until: "?>", in: bytes, at)
        ?? Self.end(of: "<!--", until: "-->", in: bytes, at)
      {
        at = end
        continue
      }
      if let end = Self.end(of: "<![CDATA[", until: "]]>", in: bytes, at) {
        guard !open.isEmpty else { return nil }
        open[open.count - 1].text += String(decoding: bytes[at + 9..<end - 3], as: UTF8.self)
        at = end
        continue
      }
      guard at + 1 < bytes.count, bytes[at + 1] != UInt8(ascii: "!"), let end = Self.endOfTag(bytes, at)
      else { return nil }
      var tag = bytes[at + 1..<end - 1]
      at = end
      let isEnd = tag.first == UInt8(ascii: "/")
      if isEnd { tag.removeFirst() }
      let isWhole = tag.last == UInt8(ascii: "/")
      if isWhole { tag.removeLast() }
      let name = Self.localName(tag)
      guard !name.isEmpty else { return nil }
      if !isEnd {
        guard open.count < Self.greatestDepth else { return nil }
        open.append(XMLElement(name))
        if !isWhole { continue }
      }
      guard let element = open.popLast(), element.name == name else { return nil }
      guard !open.isEmpty else {
        self = element
        return
      }
      open[open.count - 1].children.append(element)
    }
    return nil
  }

  /// The end of a part that begins here with `start`; nil if something else begins here, or it has
  /// no end.
  private static func end(of start: StaticString, until last: StaticString, in bytes: [UInt8], _ at: Int)
    -> Int?
  {
    guard has(start, bytes, at) else { return nil }
    var index = at + start.utf8CodeUnitCount
    while index + last.utf8CodeUnitCount <= bytes.count {
      if has(last, bytes, index) { return index + last.utf8CodeUnitCount }
      index += 1
    }
    return nil
  }

  private static func has(_ text: StaticString, _ bytes: [UInt8], _ at: Int) -> Bool {
    guard at + text.utf8CodeUnitCount <= bytes.count else { return false }
    return text.withUTF8Buffer { unsafe $0.elementsEqual(bytes[at..<at + $0.count]) }
  }

  /// The end of a tag, including its bracket; a bracket in quotes does not end it.
  private static func endOfTag(_ bytes: [UInt8], _ start: Int) -> Int? {
    var quote: UInt8?
    for index in start..<bytes.count {
      let byte = bytes[index]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return index + 1
      }
    }
    return nil
  }

  private static func localName(_ tag: ArraySlice<UInt8>) -> String {
    let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let name = tag.prefix { !spaces.contains($0) }
    let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
    return String(decoding: local, as: UTF8.self)
  }

  /// Text with entities replaced by their characters; nil if there is an entity of another kind.
  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String? {
    guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    var rest = bytes
    while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
      text += String(decoding: rest[..<start], as: UTF8.self)
      guard let end = rest[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let scalar = entity(String(decoding: rest[start + 1..<end], as: UTF8.self))
      else { return nil }
      text.unicodeScalars.append(scalar)
      rest = rest[(end + 1)...]
    }
    return text + String(decoding: rest, as: UTF8.self)
  }

  private static func entity(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default: break
    }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return number.flatMap { Unicode.Scalar($0) }
  }
}

/// The message of an S3 server on a refused request.
struct S3ErrorBody {
  /// The code, such as `NoSuchKey`; nil if the body is something else.
  let code: String?
  let message: String?
  /// The region that the bucket is in, if the server says it.
  let region: String?

  init(_ body: String) {
    let root = XMLElement(Array(body.utf8))
    let error = root?.name == "Error" ? root : root?.descendant("Error")
    code = error?["Code"].map { String($0.prefix(64)) }
    // Keys in a message are not secrets, but they are not needed, so they are not repeated.
    message = error?["Message"].flatMap { $0.isEmpty ? nil : String($0.prefix(200)) }
    region = error?["Region"].map { String($0.prefix(64)) }
  }
}
#endif
