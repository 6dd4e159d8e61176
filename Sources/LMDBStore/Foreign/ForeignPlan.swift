internal import ImageStoreCore
internal import ImageStoreSupport

/// The plan for a database that another program wrote: which values are images, in which order, and
/// where their labels are.
struct ForeignPlan {
  /// The entries that have the images.
  private(set) var entries: ForeignEntries
  /// The positions of the images in ``entries``, in their order.
  private(set) var images: [Int] = []
  /// The entries that have the labels, and the position of each image's label; -1 for an image
  /// without one. Nil if there are no separate labels.
  private(set) var labels: (entries: ForeignEntries, positions: [Int], name: String)?
  private(set) var notes: [ReadingNote] = []
  /// Whether the labels were named by the caller.
  let labelsAreNamed: Bool

  init(_ tree: Tree, _ description: StoreDescription) throws(StoreError) {
    labelsAreNamed = description.labelsName != nil
    let main = try ForeignEntries(tree)
    let source = try Self.source(of: main, tree, description)
    entries = source.entries
    let kept = entries.keys.indices.filter { !entries.isCount($0) }
    let families = Self.families(of: entries, kept)
    let imagePrefix = try source.isNamed ? nil : Self.imagePrefix(description, families, entries)
    var labelEntries: ForeignEntries?
    var labelPrefix: [UInt8] = []
    if description.labels != StoreDescription.Labels.none {
      if let (name, record) = try Self.labelTree(main, description, source.name) {
        labelEntries = try ForeignEntries(Tree(tree.file, tree.meta, record))
        labels = (labelEntries!, [], name)
      } else if let name = description.labelsName {
        guard kept.contains(where: { entries.keys[$0].starts(with: name.utf8) }) else {
          throw StoreError(
            .invalidArgument, "no key begins with '\(name)', and no database has that name",
            remedy: Self.known(main, families), key: name)
        }
        labelPrefix = Array(name.utf8)
      } else if let found = Self.labelPrefix(families) {
        labelPrefix = found
      }
    }
    if !labelPrefix.isEmpty {
      labelEntries = entries
      labels = (entries, [], shownName(labelPrefix))
    }
    images = kept.filter { position in
      let key = entries.keys[position]
      if let imagePrefix { return key.starts(with: imagePrefix) }
      return labelPrefix.isEmpty || !key.starts(with: labelPrefix)
    }
    noteWhatIsLeft(kept, families, labelPrefix, main, source.name)
    if labels != nil {
      let prefixes = Set(images.prefix(2).map { Array(ForeignEntries.prefix(of: entries.keys[$0])) })
      let common = imagePrefix ?? (prefixes.count == 1 && !labelPrefix.isEmpty ? prefixes.first! : [])
      pair(common, labelPrefix)
    }
    sort()
  }

  // MARK: Where the images are

  private static func source(
    of main: ForeignEntries, _ tree: Tree, _ description: StoreDescription
  ) throws(StoreError) -> (entries: ForeignEntries, isNamed: Bool, name: String?) {
    func named(_ record: TreeRecord) throws(StoreError) -> ForeignEntries {
      try ForeignEntries(Tree(tree.file, tree.meta, record))
    }
    if let name = description.images, let found = main.trees.first(where: { $0.name == name }) {
      return (try named(found.record), true, name)
    }
    let isEmpty = main.keys.indices.allSatisfy { main.isCount($0) }
    guard isEmpty, description.images == nil else { return (main, false, nil) }
    guard !main.trees.isEmpty else { throw StoreError(.unrecognized, "the database is empty") }
    let others = main.trees.filter { tree in
      tree.name != description.labelsName && tree.record.entryCount > 0
        && !ArrayNames.words(of: tree.name).contains(where: ArrayNames.isForLabels)
    }
    let meant = others.filter { ArrayNames.words(of: $0.name).contains(where: ArrayNames.isForImages) }
    let found = meant.isEmpty ? others : meant
    guard found.count == 1 else {
      throw StoreError(
        .unrecognized,
        "the database has named databases: \(main.trees.prefix(8).map(\.name).joined(separator: ", "))",
        remedy: "give the one with the images with --images, and the one with the labels with --labels")
    }
    return (try named(found[0].record), true, found[0].name)
  }

  private static func labelTree(
    _ main: ForeignEntries, _ description: StoreDescription, _ images: String?
  ) throws(StoreError) -> (name: String, record: TreeRecord)? {
    if let name = description.labelsName { return main.trees.first { $0.name == name } }
    let found = main.trees.filter { tree in
      tree.name != images && ArrayNames.words(of: tree.name).contains(where: ArrayNames.isForLabels)
    }
    return found.count == 1 ? found[0] : nil
  }

  // MARK: Keys with prefixes

  /// How many keys have each prefix; none if there are too many prefixes to be meaningful.
  private static func families(of entries: ForeignEntries, _ kept: [Int]) -> [[UInt8]: Int] {
    var families: [[UInt8]: Int] = [:]
    // Keys of one prefix follow one another.
    var prefix: [UInt8] = []
    var count = 0
    for position in kept {
      let found = ForeignEntries.prefix(of: entries.keys[position])
      if count == 0 || !found.elementsEqual(prefix) {
        if count > 0 { families[prefix, default: 0] += count }
        if families.count > 16 { return [:] }
        (prefix, count) = (Array(found), 0)
      }
      count += 1
    }
    if count > 0 { families[prefix, default: 0] += count }
    return families.count > 16 ? [:] : families
  }

  private static func has(_ prefix: [UInt8], _ isMeant: (String) -> Bool) -> Bool {
    ArrayNames.words(of: String(decoding: prefix, as: UTF8.self)).contains(where: isMeant)
  }

  private static func imagePrefix(
    _ description: StoreDescription, _ families: [[UInt8]: Int], _ entries: ForeignEntries
  ) throws(StoreError) -> [UInt8]? {
    if let name = description.images {
      guard entries.keys.contains(where: { $0.starts(with: name.utf8) }) else {
        throw StoreError(
          .invalidArgument, "no key begins with '\(name)', and no database has that name",
          remedy: known(entries, families), key: name)
      }
      return Array(name.utf8)
    }
    let found = families.keys.filter { has($0, ArrayNames.isForImages) && !has($0, ArrayNames.isForLabels) }
    guard families.count > 1, found.count == 1, labelPrefix(families) != nil else { return nil }
    return found[0]
  }

  private static func labelPrefix(_ families: [[UInt8]: Int]) -> [UInt8]? {
    let found = families.keys.filter { has($0, ArrayNames.isForLabels) }
    return families.count > 1 && found.count == 1 ? found[0] : nil
  }

  private static func known(_ main: ForeignEntries, _ families: [[UInt8]: Int]) -> String {
    let names = main.trees.map(\.name) + families.keys.map { "\(shownName($0))..." }.sorted()
    if !names.isEmpty { return "there are " + names.prefix(8).joined(separator: ", ") }
    return main.count > 0 ? "the first key is \(shownName(main.keys[0].prefix(60)))" : "it is empty"
  }

  private mutating func noteWhatIsLeft(
    _ kept: [Int], _ families: [[UInt8]: Int], _ labelPrefix: [UInt8], _ main: ForeignEntries,
    _ source: String?
  ) {
    var left: [[UInt8]: Int] = [:]
    let taken = images.count < kept.count ? Set(images) : []
    for position in kept where !taken.isEmpty && !taken.contains(position) {
      let key = entries.keys[position]
      guard labelPrefix.isEmpty || !key.starts(with: labelPrefix) else { continue }
      left[Array(ForeignEntries.prefix(of: key)), default: 0] += 1
      if left.count > 16 { break }
    }
    for (prefix, count) in left.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      notes.append(
        ReadingNote(.notRead, count == 1 ? "\(shownName(prefix))" : "\(count) values \(shownName(prefix))...")
      )
    }
    for tree in main.trees where tree.name != source && tree.name != labels?.name {
      notes.append(ReadingNote(.notRead, "the database \(tree.name) of \(tree.record.entryCount) values"))
    }
    if source != nil {
      let count = main.keys.indices.filter { !main.isCount($0) }.count
      if count > 0 { notes.append(ReadingNote(.notRead, "\(count) values outside the named databases")) }
    }
    for position in entries.keys.indices where entries.isCount(position) {
      if let number = entries.number(position), number != images.count {
        notes.append(
          ReadingNote(
            .decided,
            "\(shownName(entries.keys[position])) says \(number), and \(images.count) images are read"))
      }
    }
  }

  /// Finds the label of each image: the one whose key is the same after the prefixes. Both are sorted by it.
  private mutating func pair(_ imagePrefix: [UInt8], _ labelPrefix: [UInt8]) {
    guard let labels else { return }
    let values = labels.entries.keys.indices.filter { labels.entries.keys[$0].starts(with: labelPrefix) }
    var positions = [Int](repeating: -1, count: images.count)
    var next = 0
    for (image, position) in images.enumerated() {
      let key = entries.keys[position].dropFirst(imagePrefix.count)
      while next < values.count {
        let other = labels.entries.keys[values[next]].dropFirst(labelPrefix.count)
        if other.elementsEqual(key) {
          positions[image] = values[next]
          next += 1
          break
        }
        guard other.lexicographicallyPrecedes(key) else { break }
        next += 1
      }
    }
    self.labels?.positions = positions
  }

  /// Sorts by the numbers in keys that are not padded.
  private mutating func sort() {
    var keys = NameList()
    for position in images { keys.append(entries.keys[position]) }
    guard let order = NumberedNames.order(of: keys) else { return }
    images = order.map { images[$0] }
    if let positions = labels?.positions { labels!.positions = order.map { positions[$0] } }
    notes.append(ReadingNote(.decided, "images are in the order of the numbers in their keys"))
  }
}
