// Classes by their names: other names, fewer classes, one in the place of several.

extension ImageStore {
  /// This store with other names of some classes; labels stay as they are.
  ///
  ///     let english = try store.renamingClasses(["Katze": "cat", "Hund": "dog"])
  ///
  /// - Parameter names: the new name by the old one.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a class that does not exist, and if two
  ///   classes would have one name.
  public func renamingClasses(_ names: [String: String]) throws(StoreError) -> AnnotatedStore {
    for name in names.keys.sorted() { _ = try classNumber(of: name) }
    let renamed = (classNames ?? []).map { names[$0] ?? $0 }
    if let twice = renamed.firstRepeated, Set(names.values).contains(twice) {
      throw StoreError(
        .invalidArgument, "two classes would be called '\(twice)'",
        remedy: "merge them with mergingClasses(_:into:)")
    }
    return try AnnotatedStore(self, classNames: renamed)
  }

  /// This store with names for the classes that its labels count from 0.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a label that would have no name, unless it is below 0.
  public func namingClasses(_ names: [String]) throws(StoreError) -> AnnotatedStore {
    let labels = try checkedLabels() ?? []
    if let index = labels.firstIndex(where: { $0 >= names.count }) {
      throw StoreError(
        .invalidArgument, "the label \(labels[index]) has no name among the \(names.count) class names",
        remedy: "give a name for every label", image: index)
    }
    return try AnnotatedStore(self, classNames: names)
  }

  /// This store with several classes merged into one.
  ///
  ///     let coarse = try store.mergingClasses(["tabby", "siamese"], into: "cat")
  ///
  /// The merged class takes the position of the first of them. The positions of the others are
  /// closed, and labels change accordingly.
  ///
  /// - Parameters:
  ///   - names: the classes that become one.
  ///   - name: its name: a new one, or one of theirs.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a class that does not exist, and for a name
  ///   that another class has.
  public func mergingClasses(_ names: [String], into name: String) throws(StoreError) -> AnnotatedStore {
    var numbers: Set<Int> = []
    for name in names { numbers.insert(try classNumber(of: name)) }
    guard let first = numbers.min() else {
      throw StoreError(.invalidArgument, "there are no classes to merge", remedy: "name at least one")
    }
    var (merged, translation) = ([String](), [Int]())
    for (number, old) in (classNames ?? []).enumerated() {
      // The new name of the first class comes before the others.
      translation.append(number != first && numbers.contains(number) ? translation[first] : merged.count)
      if number == first { merged.append(name) } else if !numbers.contains(number) { merged.append(old) }
    }
    if merged.firstRepeated == name {
      throw StoreError(
        .invalidArgument, "another class is called '\(name)' already",
        remedy: "name it among those to merge, or choose another name")
    }
    let labels = try checkedLabels().map { labels in
      // A label without a name still has none.
      labels.map { label in
        label < 0
          ? label
          : label < translation.count ? translation[label] : label - translation.count + merged.count
      }
    }
    return try AnnotatedStore(self, labels: .given(labels), classNames: merged)
  }

  /// The images of some classes, whose labels become 0, 1, ... in the order in which the classes are named.
  ///
  ///     let pets = try cifar.training.keepingClasses(["cat", "dog"])  // cat is 0, dog is 1
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a class that does not exist, or that is
  ///   named twice, and if the store has no labels.
  public func keepingClasses(_ names: [String]) throws(StoreError) -> AnnotatedStore {
    var numbers: [Int] = []
    for name in names { numbers.append(try classNumber(of: name)) }
    return try keepingClasses(numbers)
  }

  /// The images of some labels, which become 0, 1, ... in the order in which they are given. Class
  /// names are kept.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a label that is given twice, or that has no
  ///   name although others have one, and if the store has no labels.
  public func keepingClasses(_ labels: [Int]) throws(StoreError) -> AnnotatedStore {
    if let twice = labels.firstRepeated {
      throw StoreError(.invalidArgument, "the class \(twice) is in the list twice", remedy: "name each once")
    }
    var names: [String]?
    if let all = classNames {
      if let label = labels.first(where: { !all.indices.contains($0) }) {
        throw StoreError(
          .invalidArgument, "there is no class \(label)",
          remedy: "the store has the classes 0 to \(all.count - 1)")
      }
      names = labels.map { all[$0] }
    }
    let kept = try filtered(labels: labels)
    let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    let renumbered = try kept.labels()?.map { places[$0] ?? $0 }
    return try AnnotatedStore(kept, labels: .given(renumbered), classNames: names)
  }

  /// The label of a class.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if no class has the name, or two have it.
  package func classNumber(of name: String) throws(StoreError) -> Int {
    guard let names = classNames else {
      throw StoreError(
        .invalidArgument, "the class '\(name)' was asked for, but the store has no class names",
        remedy: "name its classes with namingClasses(_:), or give their labels")
    }
    guard let number = names.firstIndex(of: name) else {
      let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", ..." : "")
      throw StoreError(
        .invalidArgument, "there is no class '\(name)'", remedy: "the store has \(shown)")
    }
    guard names.lastIndex(of: name) == number else {
      throw StoreError(
        .invalidArgument, "two classes are called '\(name)'", remedy: "give their labels")
    }
    return number
  }
}

extension Array where Element: Hashable {
  /// The first element that occurs twice.
  fileprivate var firstRepeated: Element? {
    var seen: Set<Element> = []
    return first { !seen.insert($0).inserted }
  }
}
