internal import ArgumentParser
internal import ImageLoading
internal import ImageStoreCore
internal import ImageStoreSupport

/// Which images of a source are used.
struct SelectingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only the images that a file lists, in its order: a .npy file of integers, such as split writes, or text with one index per line.",
      valueName: "file"))
  var indices: String?

  @Option(
    help: ArgumentHelp(
      "All images except those that a file lists, such as one that --skip-broken writes.", valueName: "file"))
  var exclude: String?

  @Option(
    help: ArgumentHelp(
      "Only some classes, by name or label; they become 0, 1, ... in the order given.",
      valueName: "name,name"))
  var classes: String?

  func validate() throws {
    if let classes, classes.split(separator: ",", omittingEmptySubsequences: false).contains("") {
      throw ValidationError("--classes takes names or labels with commas between them.")
    }
  }

  /// The images that were asked for, and the new numbers of the classes.
  func applied(to source: any ImageStore) throws(StoreError) -> (store: any ImageStore, decided: [String]) {
    var store = source
    if indices != nil || exclude != nil {
      var taken = Array(0..<source.count)
      if let indices { taken = try list(indices, of: source) }
      if let exclude {
        let left = Set(try list(exclude, of: source))
        taken.removeAll { left.contains($0) }
      }
      store = try source.subset(taken)
    }
    guard let classes else { return (store, []) }
    let words = classes.split(separator: ",").map(String.init)
    let names = store.classNames ?? []
    var labels: [Int] = []
    for word in words {
      // If a class has a number as its name, the name is meant.
      if !names.contains(word), let label = Int(word) {
        labels.append(label)
      } else {
        labels.append(try store.classNumber(of: word))
      }
    }
    let kept = try store.keepingClasses(labels)
    let said = words.enumerated().map { "\($1) is \($0)" }.joined(separator: ", ")
    return (kept, ["classes: \(said)"])
  }

  private func list(_ path: String, of store: any ImageStore) throws(StoreError) -> [Int] {
    let indices = try IndexFile.read(at: path)
    if let index = indices.first(where: { $0 < 0 || $0 >= store.count }) {
      throw StoreError.indexOutOfRange(index, count: store.count).at(path: path)
    }
    return indices
  }
}
