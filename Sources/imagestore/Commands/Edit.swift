internal import ArgumentParser
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

struct Edit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Changes labels, columns and class names of a store in place.",
    usage: """
      imagestore edit STORE [--labels FILE[:NAME]] [--set INDEX=LABEL ...]
                      [--column NAME=FILE[:NAME] ...] [--drop-column NAME ...]
                      [--rename-class OLD=NEW ...] [--quiet]
      """,
    discussion: """
      All changes appear at once: a reader that opens the store finds it either unchanged or completely changed, even if the \
      program is killed. Pixels are not touched. An HDF5 file is written again, which takes as long as a copy.

      Changes are made in the order in which the options are listed below. A file of labels has one per image, in the order of the \
      images: numbers or names of classes. Names that the store does not have become new classes after its own.

      Examples:
        imagestore edit train.lmdb --set 17=3 --set 98=cat
        imagestore edit train.npz --labels corrected.npy --rename-class cat=kitten
        imagestore edit pets --column box=boxes.npy --drop-column draft
      """)

  @Argument(help: "The store.") var store: String

  @Option(
    help: ArgumentHelp(
      "New labels for all images: .npy, .npz, HDF5, a table or text; after a colon, the name of an array in the file.",
      valueName: "file|file:name"))
  var labels: StoreDescription.Labels?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "New label of one image: a number or the name of a class.", valueName: "index=label"))
  var corrections: [Assignment] = []

  @Option(
    name: .customLong("column"),
    help: ArgumentHelp(
      "New column, or new values of a column: one value or one vector per image, from a file as for --labels.",
      valueName: "name=file"))
  var columns: [Assignment] = []

  @Option(name: .customLong("drop-column"), help: ArgumentHelp("Column to remove.", valueName: "name"))
  var dropped: [String] = []

  @Option(
    name: .customLong("rename-class"),
    help: ArgumentHelp("New name of a class; labels stay the same.", valueName: "old=new"))
  var renamed: [Assignment] = []

  @Flag(help: "Print nothing unless something is wrong.") var quiet = false

  func validate() throws {
    guard labels != nil || !(corrections + columns + renamed).isEmpty || !dropped.isEmpty else {
      throw ValidationError(
        "Say what to change: --labels, --set, --column, --drop-column or --rename-class.")
    }
    switch labels {
    case nil, .file: break
    case .some(.none): throw ValidationError("--labels takes a file in this command.")
    case .named(let name): throw ValidationError("--labels: there is no file '\(name)'.")
    }
    for (option, assignments) in [("--set", corrections), ("--column", columns), ("--rename-class", renamed)]
    {
      var names: Set<String> = []
      for assignment in assignments where !names.insert(assignment.name).inserted {
        throw ValidationError("\(option) names '\(assignment.name)' twice.")
      }
    }
    for correction in corrections where Int(correction.name).map({ $0 >= 0 }) != true {
      throw ValidationError("--set takes the index of an image and its label, such as 17=3.")
    }
  }

  func run() throws {
    try Interruption.whileWatching {
      Interruption.leaves("\(store) is as it was")
      guard let type = (try StoreCatalog.format(of: store) as? any WritableStoreFormat)?.editable else {
        throw StoreError(
          .unsupported, "another program wrote this data set, so it is not changed in place",
          remedy: "convert it first",
          path: store)
      }
      try edit(type)
    }
  }

  private func edit<Store: EditableStore>(_ type: Store.Type) throws {
    let after = try type.edit(store) { try changed($0) }
    guard !quiet else { return }
    let classes = after.classNames.map { ", \(Numbers.count($0.count, "class", plural: "classes"))" } ?? ""
    Console.line("\(store): changed; \(Numbers.count(after.count, "image"))\(classes)")
  }

  private func changed(_ store: any ImageStore) throws(StoreError) -> any ImageStore {
    var changed = store
    if case .file(let path, let name) = labels {
      changed = try StoreCatalog.relabeled(changed, by: path, name)
    }
    if !corrections.isEmpty {
      var labels: [Int: Int] = [:]
      for correction in corrections {
        guard let index = Int(correction.name) else { continue }
        labels[index] = try label(correction.value, in: changed)
      }
      changed = try changed.relabeled(images: labels)
    }
    if !columns.isEmpty {
      var values: [String: Column] = [:]
      for column in columns {
        let (path, name) = column.fileAndName
        values[column.name] = try StoreCatalog.column(at: path, name, imageCount: store.count)
      }
      changed = try changed.withColumns(values)
    }
    for name in dropped { changed = try changed.withoutColumns(name) }
    if !renamed.isEmpty {
      changed = try changed.renamingClasses(
        Dictionary(renamed.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
    }
    return changed
  }

  /// If a class has a number as its name, the name is meant.
  private func label(_ word: String, in store: any ImageStore) throws(StoreError) -> Int {
    if store.classNames?.contains(word) != true, let label = Int(word) { return label }
    return try store.classNumber(of: word)
  }
}

/// The text on either side of an equals sign.
struct Assignment: ExpressibleByArgument {
  let name: String
  let value: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
    name = String(argument[..<sign])
    value = String(argument[argument.index(after: sign)...])
    if value.isEmpty { return nil }
  }

  /// The value as the path of a file, and after a colon the name of an array in it.
  var fileAndName: (path: String, name: String?) {
    if case .file(let path, let name) = StoreDescription.Labels(argument: value) { return (path, name) }
    return (value, nil)
  }
}
