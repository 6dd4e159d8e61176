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
    /// Blocks of equal extent, each through the filters, which are nil if the library has to undo them.
    case chunked(extent: [Int], filters: FilterPipeline?, hasFletcher32: Bool)
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

  /// Whether the elements are of a type that columns have.
  var isColumn: Bool {
    switch elements {
    case .number(let type): type.kind != .float || type.byteCount >= 4
    case .text: true
    case .other: false
    }
  }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// What messages call the type of the elements.
  var typeText: String { type.map { "the type \($0.name)" } ?? "a type that is not a number" }

  /// `(100, 32, 32, 3)`, as numpy writes it.
  var shapeText: String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}

/// How the dimensions of a dataset are those of images.
struct ImageShape: Sendable {
  /// Images, rows, columns and channels, with a 1 if the dataset has fewer dimensions.
  let extents: [Int]
  /// Which of these the dataset has, in its order.
  let dimensions: [Int]
  let format: ImageFormat

  var count: Int { extents[0] }

  /// Reads a shape as (N,H,W,C), (N,H,W), or, if the dataset is known to be one image, (H,W,C) or (H,W).
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for other shapes and element types.
  init(_ dataset: DatasetDescription, isSingle: Bool) throws(StoreError) {
    guard let elementType = dataset.type?.elementType else {
      throw StoreError(
        .unsupported, "samples of \(dataset.typeText)",
        remedy: "images have \(ElementType.allCases.map(\.name).joined(separator: ", "))", key: dataset.name)
    }
    let shape = dataset.shape
    switch (shape.count, isSingle) {
    case (4, _): dimensions = [0, 1, 2, 3]
    case (3, false): dimensions = [0, 1, 2]
    case (3, true): dimensions = [1, 2, 3]
    case (2, _): dimensions = [1, 2]
    default:
      throw StoreError(
        .unsupported, "the shape \(dataset.shapeText) is not one of images",
        remedy: "give a dataset of (N,H,W,C), (N,H,W), (H,W,C) or (H,W)", key: dataset.name)
    }
    var extents = [1, 1, 1, 1]
    for (dimension, extent) in zip(dimensions, shape) { extents[dimension] = extent }
    self.extents = extents
    do throws(StoreError) {
      format = try ImageFormat(
        validating: extents[1], width: extents[2], channels: extents[3], elementType: elementType)
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  /// Numbers of a dataset's dimensions, such as the extent of its chunks, with a 1 for those it lacks.
  func padded(_ numbers: [Int]) -> [Int] {
    var padded = [1, 1, 1, 1]
    for (dimension, number) in zip(dimensions, numbers) { padded[dimension] = number }
    return padded
  }
}
