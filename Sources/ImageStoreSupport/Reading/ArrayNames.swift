package import ImageStoreCore

/// Arrays of a file that belong together by their names, such as `x_train` and `y_train`.
///
/// All formats whose files hold named arrays use this table. A name is read as words: they are
/// divided by `_`, `-`, `.`, spaces and `/` (which divides groups from what is in them), and where
/// a capital letter or the word `X` or `Y` begins, as in `trainX`. One word says that an array has
/// images or labels, at most one says which split it is of, and the rest (`set` in `train_set_x`)
/// has to be the same in the names of images and of their labels.
package struct ArrayNames: Sendable, Equatable {
  /// The split of the data set they are; nil if the name has no word for one.
  package var split: Split?
  /// The name of the array of images.
  package var images: String
  /// The names of arrays that may have the labels, the likeliest first; all of them are in the file.
  package var labels: [String]

  /// The arrays of images among the names of a file: at most one per split, training first, the
  /// undivided last.
  ///
  /// If several names of one split have a word for images, the one with the fewest other words is
  /// taken, then the one whose word is first in the table. Arrays in groups count only if the name
  /// of the group says a split, or what its arrays are.
  ///
  /// - Parameter canBeImages: whether an array's shape and type allow it to be images.
  package static func find(
    in names: some Sequence<String>, where canBeImages: (String) -> Bool = { _ in true }
  ) -> [ArrayNames] {
    let parsed = names.map { ParsedName($0) }
    var best: [Split?: ParsedName] = [:]
    for name in parsed where name.isImages && name.group.isEmpty {
      if let known = best[name.split], known.order <= name.order { continue }
      if canBeImages(name.text) { best[name.split] = name }
    }
    return best.values
      .sorted { first, second in
        guard let one = first.split else { return false }
        guard let two = second.split else { return true }
        return one < two
      }
      .map { ArrayNames(split: $0.split, images: $0.text, labels: labels(of: $0, among: parsed)) }
  }

  /// The names of a file that may have the labels of an array of images, the likeliest first.
  package static func labels(of images: String, in names: some Sequence<String>) -> [String] {
    labels(of: ParsedName(images), among: names.map { ParsedName($0) })
  }

  /// The split that a word, such as the name of a group or a folder, stands for.
  package static func split(named word: some StringProtocol) -> Split? {
    splits[word.lowercased()]
  }

  /// The words of a name, in lower case: `trainLabels` is `train` and `labels`.
  package static func words(of name: some StringProtocol) -> [String] { ParsedName.words(Substring(name)) }

  /// Whether a word says that the array has labels.
  package static func isForLabels(_ word: String) -> Bool { labelWords[word] != nil }

  /// Whether a word says that the array has images.
  package static func isForImages(_ word: String) -> Bool { imageWords[word] != nil }

  /// The split that a word of an array's name stands for; nil if there is no such word.
  package static func split(of array: String) -> Split? { ParsedName(array).split }

  /// The column name for a further array with one value per image: its name without the groups that
  /// it shares with the images and without the word of their split, so that the columns of all
  /// splits have the same names.
  ///
  /// - Returns: nil if the array is of another split.
  package static func columnName(of array: String, beside images: String) -> String? {
    var own = array.split(separator: "/", omittingEmptySubsequences: false)
    var others = images.split(separator: "/")[...]
    while own.count > 1, others.count > 1, own[0] == others.first {
      own.removeFirst()
      others.removeFirst()
    }
    let name = own.joined(separator: "/")
    guard let split = split(of: images), let ownSplit = self.split(of: array) else { return name }
    guard split == ownSplit else { return nil }
    let separators: Set<Character> = ["_", "-", ".", " ", "/"]
    let words = name.split(omittingEmptySubsequences: false) { separators.contains($0) }
    guard words.count > 1, let word = words.first(where: { self.split(named: $0) == split }) else {
      return name
    }
    // With the separator before it, or the one after it if it comes first.
    let (start, end) = (word.startIndex, word.endIndex)
    return start > name.startIndex
      ? String(name[..<name.index(before: start)] + name[end...]) : String(name[name.index(after: end)...])
  }

  private static func labels(of images: ParsedName, among names: [ParsedName]) -> [String] {
    var found: [(isOther: Int, rank: Int, text: String)] = []
    for name in names where name.split == images.split && name.group == images.group {
      guard case .labels(let rank, let word) = name.role else { continue }
      let isAlike = name.rest == images.rest
      guard isAlike || name.rest.isEmpty else { continue }
      let isPartner: Bool = if case .images(_, "x") = images.role { word == "y" } else { false }
      found.append((isAlike ? 0 : 1, isPartner ? -1 : rank, name.text))
    }
    return found.sorted { $0 < $1 }.map(\.text)
  }

  // The order is that of preference.
  fileprivate static let imageWords = ranks([
    "images", "image", "imgs", "img", "x", "data", "features", "pixels", "pictures", "digits", "frames",
    "dataset",
  ])
  fileprivate static let labelWords = ranks([
    "labels", "label", "meta", "y", "targets", "target", "classes", "class", "ans", "answers", "categories",
    "category",
  ])
  fileprivate static let splits: [String: Split] = [
    "train": .training, "training": .training, "trn": .training, "tr": .training,
    "val": .validation, "valid": .validation, "validation": .validation, "dev": .validation,
    "test": .test, "testing": .test, "tst": .test, "te": .test,
  ]

  private static func ranks(_ words: [String]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
  }
}

/// The words of an array's name.
private struct ParsedName {
  enum Role {
    case images(rank: Int, word: String)
    case labels(rank: Int, word: String)
    case other
  }

  let text: String
  var role = Role.other
  var split: Split?
  /// The groups it is in, without those that say the split or the role.
  var group: [String] = []
  /// The words of its own name that say neither.
  var rest: [String] = []

  var isImages: Bool { if case .images = role { true } else { false } }

  /// The first one is used; of names that differ only by capitals, the one in lower case.
  var order: (Int, Int, Int, String) {
    let rank = if case .images(let rank, _) = role { rank } else { Int.max }
    return (rest.count, rank, text.contains(where: \.isUppercase) ? 1 : 0, text)
  }

  init(_ text: String) {
    self.text = text
    let components = text.split(separator: "/")
    for (depth, component) in components.enumerated() {
      let isOwn = depth == components.count - 1
      for word in Self.words(component).flatMap(Self.parts) {
        if split == nil, let known = ArrayNames.splits[word] {
          split = known
        } else if isOwn, case .other = role, let rank = ArrayNames.imageWords[word] {
          role = .images(rank: rank, word: word)
        } else if isOwn, case .other = role, let rank = ArrayNames.labelWords[word] {
          role = .labels(rank: rank, word: word)
        } else if isOwn {
          rest.append(word)
        } else if ArrayNames.imageWords[word] == nil, ArrayNames.labelWords[word] == nil {
          group.append(word)
        } else if case .other = role {
          // `images/train`: the group says what it holds.
          if let rank = ArrayNames.imageWords[word] { role = .images(rank: rank, word: word) }
          if let rank = ArrayNames.labelWords[word] { role = .labels(rank: rank, word: word) }
        }
      }
    }
    // An array whose name is a number, or anything else, within a group of images is an image, not
    // an array of them.
    if components.count > 1, !rest.isEmpty, Self.words(components[components.count - 1]) == rest {
      role = .other
    }
  }

  /// `xtrain` and `trainy` are two words each.
  private static func parts(of word: String) -> [String] {
    guard let first = word.first, let last = word.last, word.count > 2 else { return [word] }
    if first == "x" || first == "y", ArrayNames.splits[String(word.dropFirst())] != nil {
      return [String(first), String(word.dropFirst())]
    }
    if last == "x" || last == "y", ArrayNames.splits[String(word.dropLast())] != nil {
      return [String(word.dropLast()), String(last)]
    }
    return [word]
  }

  /// The words of one name, in lower case.
  fileprivate static func words(_ component: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var last: Character?
    for character in component {
      if character == "_" || character == "-" || character == "." || character == " " {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        if character.isUppercase, last?.isLowercase == true, !word.isEmpty {
          words.append(word)
          word = ""
        }
        // `Xtrain`: a capital X or Y is a word of its own.
        if word == "x" || word == "y", last?.isUppercase == true, character.isLowercase {
          words.append(word)
          word = ""
        }
        word += character.lowercased()
      }
      last = character
    }
    if !word.isEmpty { words.append(word) }
    return words
  }
}
