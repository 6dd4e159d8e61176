import ImageStoreCore
import ImageStorePickle
import ImageStoreSupport

/// The names of the classes that labels count.
struct ClassNames: Sendable {
  var fine: [String]?
  var coarse: [String]?

  /// The names in the files of a set that have any.
  init(_ files: [BatchFile]) throws(StoreError) {
    for file in files {
      do throws(StoreError) {
        switch (file.role.purpose, file.role.distribution) {
        case (.names, .python10), (.names, .python100): try readPickle(file.bytes)
        case (.names, _): fine = try Self.lines(file.bytes)
        case (.coarseNames, _): coarse = try Self.lines(file.bytes)
        case (.batch, _): break
        }
      } catch {
        throw file.place(error)
      }
    }
  }

  private mutating func readPickle(_ file: any ByteSource) throws(StoreError) {
    (fine, coarse) = try file.withBytes { (source) throws(StoreError) in
      let meta = try Pickle.read(source)
      func names(_ key: StaticString) throws(StoreError) -> [String]? {
        guard let value = meta.value(of: key, in: source) else { return nil }
        guard let elements = value.elements, elements.allSatisfy({ $0.text != nil }) else {
          throw StoreError(.corrupt, "'\(key)' is not a list of names")
        }
        // One long text may be shared by many names.
        try Self.checkByteCount(elements.reduce(0) { $0 + ($1.text?.count ?? 0) })
        return elements.compactMap { $0.text?.text(in: source) }
      }
      let ofTen = try names("label_names")
      let ofHundred = try names("fine_label_names")
      return (ofHundred ?? ofTen, try names("coarse_label_names"))
    }
  }

  /// Lines of text that are not empty.
  private static func lines(_ file: any ByteSource) throws(StoreError) -> [String] {
    let text = try file.withBytes { (source) throws(StoreError) in
      try checkByteCount(source.byteCount)
      return unsafe source.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
    return text.split(whereSeparator: \.isNewline).map(String.init)
  }

  private static func checkByteCount(_ byteCount: Int) throws(StoreError) {
    let limit = 1 << 16
    guard byteCount <= limit else {
      throw StoreError(
        .limitExceeded, "the class names take \(byteCount) bytes, more than the limit of \(limit)")
    }
  }
}
