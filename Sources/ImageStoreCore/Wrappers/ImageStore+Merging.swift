// Stores put together, with their classes matched by name.

extension ConcatenatedStore {
  /// Puts stores one after another and makes sure at once that their labels mean the same.
  ///
  /// Classes are matched by name: those of the first store come first, then those that only later
  /// ones have; ``notes`` say what the labels became. Columns that some stores do not have are left
  /// out, which the notes also say.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` if some of the stores have labels and others
  ///   have none, if some have class names and others have none, if two classes have the same name,
  ///   and for a label without a name if the stores have different class names.
  public init(merging stores: [any ImageStore]) throws(StoreError) {
    self.init(stores)
    var (labeled, named) = ([Bool](), [Bool]())
    for store in self.stores {
      labeled.append(try store.labels() != nil)
      named.append(store.classNames != nil)
    }
    guard Set(labeled).count < 2 else {
      throw StoreError(
        .invalidArgument, "\(Self.parts(labeled, false)) no labels, but others have",
        remedy: "give it labels with relabeled(with:classNames:), or remove them from the others")
    }
    guard labeled.first == true else { return }
    guard Set(named).count < 2 else {
      throw StoreError(
        .invalidArgument, "\(Self.parts(named, false)) no class names, but others have",
        remedy: "name its classes with namingClasses(_:)")
    }
    guard named.first != true || classNames != nil else {
      throw StoreError(
        .invalidArgument, "the classes cannot be matched by name, because two classes have the same name",
        remedy: "rename one with renamingClasses(_:)")
    }
    _ = try labels()
  }

  /// For example `store 2 has`.
  private static func parts(_ has: [Bool], _ value: Bool) -> String {
    "store \((has.firstIndex(of: value) ?? 0) + 1) has"
  }
}

extension ImageStore {
  /// The images of this store and then those of others, whose classes are matched by name.
  ///
  ///     let all = try summer.merging(winter, night)
  ///
  /// - Throws: as ``ConcatenatedStore/init(merging:)``.
  public func merging(_ others: any ImageStore...) throws(StoreError) -> ConcatenatedStore {
    try ConcatenatedStore(merging: [self] + others)
  }

  /// This store with the images of another one inserted at an index. The images from there on move
  /// up.
  ///
  /// - Parameters:
  ///   - other: the images to insert. Classes are matched by name, and those of this store keep their labels.
  ///   - index: the index that the first of them gets, from 0 to ``count``.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; as ``merging(_:)``.
  public func inserting(_ other: any ImageStore, at index: Int) throws(StoreError) -> SubsetStore {
    guard index >= 0 && index <= count else { throw .indexOutOfRange(index, count: count) }
    let inserted = count..<count + other.count
    return try merging(other).subset(Array(0..<index) + Array(inserted) + Array(index..<count))
  }
}
