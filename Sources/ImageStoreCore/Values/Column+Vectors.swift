extension Column {
  /// How many numbers a vector may have.
  public static let widths = 1...65_536

  /// The same number of numbers for every image, such as boxes, factors or the answers to fourteen
  /// questions.
  ///
  ///     let boxes = try Column.Vectors([10, 20, 64, 48, 0, 0, 32, 32], width: 4)
  ///     print(boxes.count, boxes[1])  // 2 [0, 0, 32, 32]
  ///
  /// All numbers are in one array, image after image. As a collection it has the numbers of each image.
  public struct Vectors<Number: Hashable & Sendable>: Hashable, Sendable {
    /// The numbers of all images, one image after another.
    public private(set) var values: [Number]
    /// How many of them each image has.
    public let width: Int

    /// Vectors that are in one array.
    ///
    /// - Parameters:
    ///   - values: the numbers of all images, one image after another.
    ///   - width: how many of them each image has: 1 to 65,536.
    /// - Throws: ``StoreError/Code/invalidArgument`` for another width, and for numbers that are
    ///   not a multiple of it.
    public init(_ values: [Number], width: Int) throws(StoreError) {
      try Column.check(width: width)
      guard values.count % width == 0 else {
        throw StoreError(
          .invalidArgument, "\(values.count) numbers are not a whole number of vectors of \(width)")
      }
      self.values = values
      self.width = width
    }

    /// Vectors from one array each.
    ///
    /// - Throws: ``StoreError/Code/invalidArgument`` if they differ in length, and as
    ///   ``init(_:width:)``; no vectors have no width.
    public init(_ vectors: [[Number]]) throws(StoreError) {
      let width = vectors.first?.count ?? 0
      if let other = vectors.firstIndex(where: { $0.count != width }) {
        throw StoreError(
          .invalidArgument, "a vector of \(vectors[other].count) numbers is among vectors of \(width)",
          image: other)
      }
      try self.init(vectors.flatMap { $0 }, width: width)
    }

    /// No vectors.
    ///
    /// - Precondition: `width` is at least 1.
    public init(width: Int) {
      precondition(width > 0, "vectors have a width from 1")
      values = []
      self.width = width
    }

    /// The vector of one image. ``Column/validate()`` throws for a vector without numbers.
    init(one values: [Number]) {
      self.values = values
      width = values.count
    }

    /// Appends the vectors of further images.
    ///
    /// - Throws: ``StoreError/Code/invalidArgument`` if they are of another width.
    public mutating func append(contentsOf other: Vectors) throws(StoreError) {
      guard other.width == width else {
        throw StoreError(
          .invalidArgument, "vectors of \(other.width) numbers cannot follow vectors of \(width)")
      }
      values += other.values
    }

    func gathering(_ indices: [Int]) -> Vectors {
      var gathered = self
      gathered.values = []
      gathered.values.reserveCapacity(indices.count * width)
      for index in indices { gathered.values += values[index * width..<(index + 1) * width] }
      return gathered
    }
  }

  /// Checks that vectors may have so many numbers.
  static func check(width: Int) throws(StoreError) {
    guard widths.contains(width) else {
      throw StoreError(
        .invalidArgument, "a column cannot have vectors of \(width) numbers",
        remedy: "a vector has 1 to \(widths.upperBound) numbers")
    }
  }

  /// Checks that vectors have a width that they may have.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument``.
  func validate() throws(StoreError) {
    switch self {
    case .int64, .double, .string, .bytes: return
    case .int64Vectors(let vectors): try Self.check(width: vectors.width)
    case .doubleVectors(let vectors): try Self.check(width: vectors.width)
    }
  }
}

extension Column.Vectors: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// The number of images.
  public var endIndex: Int { width > 0 ? values.count / width : 0 }

  /// The numbers of one image.
  public subscript(position: Int) -> ArraySlice<Number> {
    values[position * width..<(position + 1) * width]
  }
}
