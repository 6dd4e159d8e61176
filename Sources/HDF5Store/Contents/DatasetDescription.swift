import ImageStoreCore

/// The header of a dataset: everything needed to read it without the library.
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
    /// Blocks of equal extent, each through the filters, which are nil if the library has to undo them.
    case chunked(extent: [Int], filters: FilterPipeline?, hasFletcher32: Bool)
  }

  enum Elements: Sendable {
    case number(StoredType)
    case text(StoredText)
    /// Integers that have names.
    case enumeration(StoredType, names: [Int: String])
    /// Bytes whose meaning the file does not say, such as those of a PNG.
    case blobs(Blobs)
    /// Its name in messages.
    case other(String)

    /// Whether an element is a reference to bytes elsewhere in the file.
    var areReferences: Bool {
      switch self {
      case .text(let text): text.form == .variable
      case .blobs(.variable): true
      default: false
      }
    }
  }

  enum Blobs: Sendable, Hashable {
    /// HDF5's opaque type: as many bytes for each element.
    case opaque(byteCount: Int)
    /// A sequence of bytes of any length each.
    case variable
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
    switch elements {
    case .number(let type), .enumeration(let type, _): type
    default: nil
    }
  }

  /// Whether the elements are references to what is elsewhere in the file.
  var areReferences: Bool { elements.areReferences }

  /// Whether the elements are of a type that columns have.
  var isColumn: Bool {
    switch elements {
    case .number, .enumeration, .text, .blobs: true
    case .other: false
    }
  }

  /// Whether the elements are integers that are not an enumeration.
  var isIntegers: Bool { if case .number(let type) = elements { type.kind != .float } else { false } }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The name of the elements' type in messages.
  var typeText: String {
    switch elements {
    case .number(let type): "the type \(type.name)"
    case .enumeration(let type, _): "an enumeration of the type \(type.name)"
    case .text(let text): text.name
    case .blobs(.opaque(let byteCount)): "HDF5's opaque type of \(byteCount) bytes"
    case .blobs(.variable): "sequences of bytes of any length (vlen)"
    case .other(let text): text
    }
  }

  /// `(100, 32, 32, 3)`, as numpy writes it.
  var shapeText: String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}

/// How the dimensions of a dataset are those of images.
struct DatasetShape: Sendable {
  /// Images, rows, columns and channels, with a 1 if the dataset has fewer dimensions.
  let extents: [Int]
  /// Which of these the dataset has, in its order.
  let dimensions: [Int]
  let format: ImageFormat

  var count: Int { extents[0] }

  /// Numbers of a dataset's dimensions, such as the extent of its chunks, with a 1 for those it lacks.
  func padded(_ numbers: [Int]) -> [Int] {
    var padded = [1, 1, 1, 1]
    for (dimension, number) in zip(dimensions, numbers) { padded[dimension] = number }
    return padded
  }
}
