import ImageStoreCore

/// What the header of a dataset says: everything needed to read it without the library.
struct DatasetDescription: Sendable {
  enum Layout: Sendable {
    /// The elements one after another from an address in the file.
    case contiguous(offset: Int)
    /// The elements in the header.
    case compact
    /// Nothing was ever written; every element is the fill value.
    case unwritten
    /// Left to the library, as the elements are neither numbers nor text.
    case other
    /// Blocks of equal extent, each through the filters.
    case chunked(extent: [Int], filters: FilterPipeline?)
  }

  enum Elements: Sendable {
    case number(StoredType)
    case text(StoredText)
    case other
  }

  let name: String
  /// The extents, the slowest first; none for a scalar.
  let shape: [Int]
  /// Whether no extent but the first may grow.
  let isFixedButFirst: Bool
  let elements: Elements
  /// Bytes of an element in the file.
  let elementByteCount: Int
  let layout: Layout

  /// The number type of the elements, or nil if they are something else.
  var type: StoredType? {
    guard case .number(let type) = elements else { return nil }
    return type
  }

  /// Whether the elements are references to text elsewhere in the file.
  var isVariableText: Bool {
    guard case .text(let text) = elements else { return false }
    return text.form == .variable
  }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// `(100, 32, 32, 3)`, as numpy writes it.
  var shapeText: String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}
