/// How class names and labels change when images are appended to a store.
///
/// A label keeps its meaning: it is translated by the name of its class, or kept if nothing could
/// read it as another class, or refused. With `old` for the names that the store has and `new` for
/// those the images come with:
///
/// | old | new | names of the store from then on | labels of the images |
/// |---|---|---|---|
/// | none | none | none | kept |
/// | none | some | new; refused if a label of the store has none | kept |
/// | some | none | old | kept; refused if one has no name |
/// | some | the same | old | kept |
/// | some | old, and more after them | new | kept |
/// | some | others, or in another order | old, then those of new that are not among them | translated by name |
///
/// Labels below 0, which mean "no class", are always kept. Names that occur twice cannot tell
/// classes apart, so they are refused unless both lists are equal, or one begins with the other. A
/// merge is also refused if it would give a name to a label of the store that had none although
/// other labels had one.
package struct ClassNameMerge: Sendable, Hashable {
  /// The class names that all images have from then on, or nil if there are none.
  package let names: [String]?
  /// The new value of each label of the new images; nil if all are kept.
  package let translation: [Int]?
  /// The lowest label of the new images that is refused.
  private let limit: Int

  /// Decides on the names.
  ///
  /// - Parameters:
  ///   - new: the class names that the images to be appended come with.
  ///   - old: those of the store.
  ///   - canAddNames: whether names can be added to the store.
  ///   - oldLabels: the labels of the store; asked for only if the meaning of one of them could
  ///     change.
  /// - Throws: ``StoreError/Code/invalidArgument``, with both lists; what `oldLabels` throws.
  package init(
    _ new: [String]?, onto old: [String]?, canAddNames: Bool = true,
    oldLabels: () throws(StoreError) -> [Int]?
  ) throws(StoreError) {
    guard let old else {
      if let new { try Self.check(oldLabels(), named: 0, soon: new) }
      self.init(names: new)
      return
    }
    guard let new else {
      self.init(names: old, limit: old.count)
      return
    }
    if new == old {
      self.init(names: old)
      return
    }
    if old.starts(with: new) {
      // A label without a name among the images must not get one.
      self.init(names: old, limit: new.count)
      return
    }
    let (names, translation) =
      new.starts(with: old) ? (new, nil) : try Self.match(new, with: old)
    if names.count > old.count {
      guard canAddNames else {
        throw Self.mismatch(new, old, "class names cannot be added to this store")
      }
      try Self.check(oldLabels(), named: old.count, soon: names)
    }
    self.init(names: names, translation: translation, limit: translation == nil ? .max : new.count)
  }

  private init(names: [String]?, translation: [Int]? = nil, limit: Int = .max) {
    self.names = names
    self.translation = translation
    self.limit = limit
  }

  /// The labels that the images get in the store.
  ///
  /// - Parameter first: the index that the first of the images will have, for errors.
  /// - Throws: ``StoreError/Code/invalidArgument`` for a label that has no name, if it would get one.
  package func translating(_ labels: [Int], first: Int) throws(StoreError) -> [Int] {
    guard limit < .max else { return labels }
    for (position, label) in labels.enumerated() where label >= limit {
      throw StoreError(
        .invalidArgument,
        "the label \(label) has no name among the writer's \(limit) class names, but would get one from the store's",
        remedy: "give the writer a class name for every label", image: first + position)
    }
    guard let translation else { return labels }
    return labels.map { $0 < 0 ? $0 : translation[$0] }
  }

  /// Finds each new name among the old ones, or adds it after them.
  private static func match(
    _ new: [String], with old: [String]
  ) throws(StoreError) -> (names: [String], translation: [Int]) {
    var places: [String: Int] = [:]
    for (label, name) in old.enumerated() where places.updateValue(label, forKey: name) != nil {
      throw mismatch(new, old, "'\(name)' is in the list twice")
    }
    var names = old
    var translation: [Int] = []
    var taken: Set<Int> = []
    for name in new {
      let place = places[name] ?? names.count
      guard taken.insert(place).inserted else { throw mismatch(new, old, "'\(name)' is in the list twice") }
      translation.append(place)
      if place == names.count {
        places[name] = place
        names.append(name)
      }
    }
    return (names, translation)
  }

  /// Checks that no label of the store gets a name that has none now.
  private static func check(
    _ labels: [Int]?, named count: Int, soon names: [String]
  ) throws(StoreError) {
    guard let most = labels?.max(), most >= count else { return }
    // A store without any names gets all of them at once: then every label must have one.
    guard count > 0 || most >= names.count else { return }
    throw StoreError(
      .invalidArgument,
      count > 0
        ? "the store has images of the label \(most), which has no name among its \(count) class names but would get one"
        : "the store has images of the label \(most), which has no name among the \(names.count) class names",
      remedy: "append without class names, or write a new store")
  }

  private static func mismatch(_ new: [String], _ old: [String], _ reason: String) -> StoreError {
    StoreError(
      .invalidArgument,
      "the class names \(shown(new)) cannot be matched with those of the store, \(shown(old)): \(reason)",
      remedy: "append with the class names of the store, or with none")
  }

  /// A list of names, short enough for a line.
  private static func shown(_ names: [String]) -> String {
    let most = 12
    let shown = names.prefix(most).map { $0.count > 40 ? "\($0.prefix(40))..." : $0 }.joined(separator: ", ")
    return names.count > most ? "[\(shown), and \(names.count - most) more]" : "[\(shown)]"
  }
}
