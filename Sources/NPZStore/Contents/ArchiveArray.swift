import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// An array of an archive, known by its header.
struct ArchiveArray: Sendable {
  /// Its name in numpy: the entry's name without `.npy`.
  let key: String
  let name: String
  let entry: ZipEntry
  /// The header; nil if it cannot be read.
  let header: NPYHeader?
  /// The reason, if it cannot be read.
  let problem: StoreError?

  /// Its shape for people, such as `y (12, 14)`.
  var text: String { header.map { "\(key) \($0.shapeDescription)" } ?? key }

  /// The header, or the reason why there is none.
  func readable() throws(StoreError) -> NPYHeader {
    if let header { return header }
    throw problem ?? StoreError(.corrupt, "the entry is not an array", key: key)
  }

  /// Whether images can be of its type and shape, many or one.
  func canBeImages(rank: ClosedRange<Int>) -> Bool {
    guard let header, header.type.elementType != nil else { return false }
    return rank.contains(header.shape.count) && !header.shape.contains(0)
  }

  /// Values per image of an array that has some for each, such as 14 of (N, 14).
  func valuesPerImage(count: Int) -> Int {
    guard let header, count > 0 else { return 1 }
    return max(1, header.elementCount / count)
  }

  /// Whether the array has one value for each of so many images.
  func hasOneValue(perImageOf count: Int) -> Bool {
    reasonNotToRead(count: count) == nil && valuesPerImage(count: count) == 1
  }

  /// Why the array has no values for each of so many images; nil if it has.
  func reasonNotToRead(count: Int) -> String? {
    guard let header else { return problem?.message ?? "the entry is not an array" }
    guard FoundLabels.width(of: header.shape, imageCount: count) != nil else {
      return "the shape \(header.shapeDescription)"
    }
    switch (header.type.kind, header.type.byteCount) {
    case (.floatingPoint, 2): return "float16 values"
    default: return nil
    }
  }

  /// Whether an entry is one that systems add to the real ones.
  static func isHidden(_ name: String) -> Bool {
    name.hasPrefix("__MACOSX/") || name.split(separator: "/").last?.hasPrefix(".") ?? false
  }
}

extension ZipArchive {
  /// - Throws: ``StoreError/Code/corrupt``: damage is not skipped, unlike arrays that cannot be
  ///   read.
  func array(_ name: String, _ entry: ZipEntry) throws(StoreError) -> ArchiveArray {
    let key = name.hasSuffix(".npy") ? String(name.dropLast(4)) : name
    do throws(StoreError) {
      let header = try header(of: entry, name: name)
      return ArchiveArray(key: key, name: name, entry: entry, header: header, problem: nil)
    } catch {
      guard error.code != .corrupt else { throw error }
      return ArchiveArray(key: key, name: name, entry: entry, header: nil, problem: error)
    }
  }

  /// If there are this many arrays, each is an image.
  static let mostArrays = 256

  /// The arrays that are not numbered, if they are few.
  func otherArrays() throws(StoreError) -> [ArchiveArray] {
    // Examined only while there are few.
    let arrays = directory.named.lazy
      .filter { $0.name.hasSuffix(".npy") && !ArchiveArray.isHidden($0.name) }.prefix(Self.mostArrays + 1)
      .map { $0 }
    guard arrays.count <= Self.mostArrays else { return [] }
    return try arrays.map { (named) throws(StoreError) in
      try array(named.name, directory.entries[named.position])
    }
  }

  /// The meaning of an array of values as labels. It has been checked that each image has values.
  func foundLabels(
    _ array: ArchiveArray, count: Int
  ) throws(StoreError) -> FoundLabels {
    let header = try array.readable()
    // Another array may already have the name of columns that labels become.
    let isTaken =
      array.key != FoundLabels.columnName && arrayKeys.contains(FoundLabels.columnName)
    return FoundLabels(
      try values(of: array), shape: header.shape, imageCount: count,
      name: isTaken ? array.key : FoundLabels.columnName)
  }

  /// All values of an array of any shape, with the last axis varying fastest.
  func values(of array: ArchiveArray) throws(StoreError) -> Column {
    let values = try allValues(of: array.entry, name: array.name)
    guard let header = array.header, header.isFortranOrder, header.vectorWidth != nil else { return values }
    let (rows, columns) = (header.shape[0], header.shape[1])
    return values.gathering((0..<rows * columns).lazy.map { $0 % columns * rows + $0 / columns })
  }
}
