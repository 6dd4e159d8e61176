package import ImageStoreCore

/// The meaning of an array of labels that another program wrote.
///
/// One place for every format. Labels that were found, rather than named by the caller, never keep
/// images from being read: values that cannot be labels become columns, or a note says that they
/// are not read.
package enum FoundLabels: Sendable, Equatable {
  /// One whole number per image; the names of the classes if the array has them.
  case labels([Int], classNames: [String]?)
  /// Values that are not classes, under the names of columns: one of single values or of vectors,
  /// called `labels`; of several texts per image, which are not vectors, `labels[0]`, `labels[1]`
  /// ...
  case columns([NamedColumn])
  /// Something else, with the reason in a few words.
  case unread(String)

  package struct NamedColumn: Sendable, Equatable {
    package var name: String
    package var values: Column

    package init(name: String, values: Column) {
      self.name = name
      self.values = values
    }
  }

  /// More values per image than these are not read as a column of vectors, unless this package wrote them.
  package static let largestWidth = 4096
  /// The name of a column made from labels.
  package static let columnName = "labels"
  /// Texts are classes only if they have at most this many different values.
  package static let largestClassCount = 1 << 16

  /// How many values an array has for each image: 1 of `(N,)`, `(N,1)` and `(1,N)`, k of `(N,k)`.
  ///
  /// - Returns: nil if it has another shape, or more values than ``largestWidth``.
  package static func width(of shape: [Int], imageCount count: Int) -> Int? {
    var axes = shape.filter { $0 != 1 }
    if count == 1 {
      guard shape.first ?? 1 == 1 else { return nil }
      axes.insert(1, at: 0)
    }
    guard let first = axes.first, first == count, axes.count <= 2 else { return nil }
    let width = axes.count == 2 ? axes[1] : 1
    return (1...largestWidth).contains(width) ? width : nil
  }

  /// Interprets an array.
  ///
  /// Axes of extent 1 count as if they were not there: `(N,1)`, `(1,N)` and `(N,1,1,1)` are one
  /// value per image.
  ///
  /// - Parameters:
  ///   - values: all values, the last axis varying fastest.
  ///   - shape: the extents of the axes; their product is the number of values.
  ///   - count: the number of images.
  ///   - name: the name of columns; not ``columnName`` if something else in the file has that name.
  ///   - names: names of values, if the array is an enumeration.
  package init(
    _ values: Column, shape: [Int], imageCount count: Int, name: String = columnName,
    names: [Int: String]? = nil
  ) {
    var axes = shape.filter { $0 != 1 }
    if count == 1 { axes.insert(1, at: 0) }
    if axes.isEmpty, count == 1 { axes = [1] }
    guard let first = axes.first, first == count else {
      self = .unread("\(shapeText(shape)) for \(count) images")
      return
    }
    let perImage = axes.dropFirst().reduce(1, *)
    guard perImage > 0, values.count == count * perImage else {
      self = .unread("\(shapeText(shape)) for \(count) images")
      return
    }
    if perImage == 1 {
      self = Self.onePerImage(values, name: name, names: names)
    } else if let classes = Self.oneHot(values, count: count, classCount: perImage) {
      self = .labels(classes, classNames: nil)
    } else if axes.count == 2, perImage <= Self.largestWidth {
      self = .columns(NamedColumn.columns(values, width: perImage, count: count, name: name))
    } else {
      self = .unread("\(shapeText(shape)): \(perImage) values per image")
    }
  }

  /// A few words on the columns that labels became.
  package static func text(of columns: [NamedColumn]) -> String {
    switch columns[0].values {
    case .int64Vectors(let vectors): "\(vectors.width) values per image"
    case .doubleVectors(let vectors): "\(vectors.width) values per image"
    case .bytes: "bytes for each image"
    case .int64, .double, .string:
      columns.count > 1 ? "\(columns.count) values per image" : "values that are not whole"
    }
  }

  private static func onePerImage(_ values: Column, name: String, names: [Int: String]?) -> FoundLabels {
    switch values {
    case .int64(let values):
      let labels = values.map { Int($0) }
      guard let names, let largest = names.keys.max(), largest < largestClassCount,
        names.keys.allSatisfy({ $0 >= 0 })
      else { return .labels(labels, classNames: nil) }
      return .labels(labels, classNames: (0...largest).map { names[$0] ?? "\($0)" })
    case .double(let values):
      // Caffe's own layout has labels as floats.
      let labels = values.compactMap { Int(exactly: $0) }
      guard labels.count == values.count else {
        return .columns([NamedColumn(name: name, values: .double(values))])
      }
      return .labels(labels, classNames: nil)
    case .string(let values):
      // By their bytes: names that look the same can be different in files.
      let classes = Set(values.map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
      guard classes.count <= largestClassCount else {
        return .columns([NamedColumn(name: name, values: .string(values))])
      }
      let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
      return .labels(
        values.map { numbers[Array($0.utf8)]! },
        classNames: classes.map { String(decoding: $0, as: UTF8.self) })
    case .bytes, .int64Vectors, .doubleVectors: return .columns([NamedColumn(name: name, values: values)])
    }
  }

  /// The classes, if each row has one 1 and otherwise zeros.
  private static func oneHot(_ values: Column, count: Int, classCount: Int) -> [Int]? {
    func classes(isOne: (Int) -> Bool, isZero: (Int) -> Bool) -> [Int]? {
      var classes: [Int] = []
      for image in 0..<count {
        var found: Int?
        for position in 0..<classCount {
          let index = image * classCount + position
          if isZero(index) { continue }
          guard found == nil, isOne(index) else { return nil }
          found = position
        }
        guard let found else { return nil }
        classes.append(found)
      }
      return classes
    }
    return switch values {
    case .int64(let values): classes(isOne: { values[$0] == 1 }, isZero: { values[$0] == 0 })
    case .double(let values): classes(isOne: { values[$0] == 1 }, isZero: { values[$0] == 0 })
    case .string, .bytes, .int64Vectors, .doubleVectors: nil
    }
  }
}

extension FoundLabels.NamedColumn {
  /// Several values per image: vectors of numbers, or a column for each of texts.
  ///
  /// - Precondition: there are `width` values for each of `count` images.
  package static func columns(
    _ values: Column, width: Int, count: Int, name: String
  ) -> [FoundLabels.NamedColumn] {
    if let vectors = try? values.vectors(width: width) { return [Self(name: name, values: vectors)] }
    return (0..<width).map { position in
      let indices = (0..<count).map { $0 * width + position }
      return Self(name: "\(name)[\(position)]", values: values.gathering(indices))
    }
  }
}

/// A shape as Python prints it.
private func shapeText(_ shape: [Int]) -> String { "the shape " + ArrayGeometry.text(shape) }
