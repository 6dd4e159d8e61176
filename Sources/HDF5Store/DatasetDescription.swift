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
    /// Left to the library, as the elements are no numbers.
    case other
    /// Blocks of equal extent, each through the filters.
    case chunked(extent: [Int], filters: FilterPipeline?)
  }

  let name: String
  /// The extents, the slowest first; none for a scalar.
  let shape: [Int]
  /// The number type of the elements, or nil where they are something else.
  let type: StoredType?
  let layout: Layout

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// `(100, 32, 32, 3)`, as numpy writes it.
  var shapeText: String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}
