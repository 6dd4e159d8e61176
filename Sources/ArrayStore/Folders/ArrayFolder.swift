import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// A folder of `.npy` files: arrays that belong together by their names, such as `X.npy` and
/// `y.npy`, or an array for each image, in the folder itself or in a folder for each class, and
/// either of them in folders called `train`, `test` and the like.
struct ArrayFolder {
  private let path: String
  private let description: StoreDescription
  private let threads: Int?
  /// The arrays in the folder by their names without suffix, sorted by the bytes of their names.
  private let arrays: [(stem: String, name: String)]

  init(_ path: String, _ description: StoreDescription, threads: Int?) throws(StoreError) {
    self.path = path
    self.description = description
    self.threads = threads
    arrays = Self.arrays(in: try FileSystem.names(in: path))
  }

  private static func arrays(in names: [String]) -> [(stem: String, name: String)] {
    names.filter { FileHead.hasSuffix($0, [".npy", ".npy.gz"]) && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { (String($0.dropLast($0.hasSuffix(".gz") ? 7 : 4)), $0) }
  }

  /// Whether a folder has arrays and nothing that identifies another kind of store.
  static func recognizes(_ path: String, _ description: StoreDescription) -> Bool {
    let marks = ["store.json", "format.json", "labels.csv", "data.mdb"]
    guard !marks.contains(where: { FileSystem.kind(of: "\(path)/\($0)") != nil }),
      let names = try? FileSystem.names(in: path)
    else { return false }
    let found = arrays(in: names)
    if !found.isEmpty {
      // Masks without other files may be packed bits, for which their own store has a better error.
      guard found.map(\.name) != ["masks.npy"], description.axis == nil else { return false }
      return !names.contains { FileHead.hasSuffix($0, [".png", ".jpg", ".jpeg"]) }
    }
    guard let first = folders(in: path, names).first,
      let inside = try? FileSystem.names(in: "\(path)/\(first)")
    else { return false }
    return !arrays(in: inside).isEmpty
      && !inside.contains { FileHead.hasSuffix($0, [".png", ".jpg", ".jpeg"]) }
  }

  private static func folders(in path: String, _ names: [String]) -> [String] {
    names.filter {
      !$0.hasPrefix(".") && !$0.hasPrefix("__") && FileSystem.kind(of: "\(path)/\($0)") == .folder
    }
    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func open() throws(StoreError) -> [OpenedSplit] {
    if let name = description.images { return [OpenedSplit(try named(name))] }
    let stems = arrays.map(\.stem)
    // Of many arrays, and of those that differ by a number, each is an image.
    var found =
      stems.count <= 64 ? ArrayNames.find(in: stems) { stem in (try? canBeImages(stem)) ?? false } : []
    found.removeAll { NumberedNames.areAlike($0.images, stems) }
    if !found.isEmpty {
      var used: Set<String> = []
      var splits: [(Split?, ArrayStore.Beside, String)] = []
      for names in found {
        let beside = try records(of: names.images, names.labels)
        used.formUnion([names.images] + beside.used)
        splits.append((names.split, beside, names.images))
      }
      return try splits.enumerated().map { (number, split) throws(StoreError) in
        var beside = split.1
        // Files that are not read are noted once.
        if number == 0 { beside.notes += unread(except: used) }
        return OpenedSplit(split.0, try store(split.2, beside))
      }
    }
    if !arrays.isEmpty { return [OpenedSplit(try images(arrays, [], [:]))] }
    return try folders()
  }

  // MARK: Arrays of many images

  private func file(_ stem: String) throws(StoreError) -> ArrayFile {
    let name = arrays.first { $0.stem == stem }?.name ?? stem
    return try ArrayFile("\(path)/\(name)", StoreDescription())
  }

  private func canBeImages(_ stem: String) throws(StoreError) -> Bool {
    let file = try file(stem)
    return file.type.elementType != nil && (2...5).contains(file.shape.count)
  }

  private func named(_ name: String) throws(StoreError) -> any ImageStore {
    guard let array = arrays.first(where: { $0.stem == name || $0.name == name }) else {
      throw StoreError(
        .notFound, "there is no array of this name",
        remedy: "the folder has \(arrays.prefix(8).map(\.name).joined(separator: ", "))", path: path,
        key: name)
    }
    var beside = try records(of: array.stem, ArrayNames.labels(of: array.stem, in: arrays.map(\.stem)))
    beside.notes += unread(except: Set([array.stem] + beside.used))
    return try store(array.stem, beside)
  }

  private func store(_ stem: String, _ beside: ArrayStore.Beside) throws(StoreError) -> ArrayStore {
    var said = description
    said.images = nil
    said.labels = StoreDescription.Labels.none
    let name = arrays.first { $0.stem == stem }?.name ?? stem
    return try ArrayStore(at: "\(path)/\(name)", said, beside, threads: threads)
  }

  /// The labels of an array of images among the files next to it.
  private func records(of images: String, _ candidates: [String]) throws(StoreError) -> ArrayStore.Beside {
    var beside = ArrayStore.Beside()
    var names = candidates
    switch description.labels {
    case StoreDescription.Labels.none?, .file?: return beside
    case .named(let name):
      guard let array = arrays.first(where: { $0.stem == name || $0.name == name }) else {
        throw StoreError(.notFound, "there is no array of this name", path: path, key: name)
      }
      names = [array.stem]
    case nil: break
    }
    // The array knows how many images there are, for any axes.
    let count = try ArrayStore(
      at: "\(path)/\(arrays.first { $0.stem == images }!.name)", unlabelled, ArrayStore.Beside(), threads: 1
    ).count
    for name in names {
      beside.used.append(name)
      let reading = try labels(name, count: count)
      switch reading {
      case .labels(let labels, let classNames):
        (beside.labels, beside.classNames) = (labels, classNames)
        beside.notes.append(ReadingNote(.decided, "labels of \(name).npy"))
        return beside
      case .columns(let columns) where description.labelsName == nil:
        for column in columns { beside.columns[column.name] = column.values }
        beside.notes.append(
          ReadingNote(.decided, "\(name).npy has \(FoundLabels.text(of: columns)): columns, no labels"))
        return beside
      case .columns:
        throw StoreError(
          .invalidArgument, "the values cannot be labels: they are not one class per image", path: path,
          key: name)
      case .unread(let reason):
        guard description.labelsName == nil else {
          throw StoreError(.invalidArgument, "these are not labels: \(reason)", path: path, key: name)
        }
        beside.notes.append(ReadingNote(.notRead, "\(name).npy: \(reason)"))
      }
    }
    return beside
  }

  private var unlabelled: StoreDescription {
    var said = description
    said.images = nil
    said.labels = StoreDescription.Labels.none
    return said
  }

  private func labels(_ stem: String, count: Int) throws(StoreError) -> FoundLabels {
    do throws(StoreError) {
      let file = try file(stem)
      // An array as large as one mask per image is not read to find that out.
      guard FoundLabels.width(of: file.shape, imageCount: count) != nil else {
        return .unread("the shape \(ArrayGeometry.text(file.shape)) for \(count) images")
      }
      let found = try file.values()
      return FoundLabels(found.values, shape: found.shape, imageCount: count, name: "labels")
    } catch {
      guard error.code == .unsupported || error.code == .limitExceeded else { throw error }
      return .unread(error.message)
    }
  }

  private func unread(except used: Set<String>) -> [ReadingNote] {
    arrays.filter { !used.contains($0.stem) }.map { array in
      let shape = (try? file(array.stem)).map { " " + ArrayGeometry.text($0.shape) } ?? ""
      return ReadingNote(.notRead, array.name + shape)
    }
  }

  // MARK: An array for each image

  /// - Parameters:
  ///   - all: the files, by their paths in the folder.
  ///   - labels: the class of each if they are in folders.
  private func images(
    _ all: [(stem: String, name: String)], _ labels: [Int], _ classNames: [Int: String]
  ) throws(StoreError) -> any ImageStore {
    var records = ArrayFilesStore.Records()
    var files = all
    var labelFile: String?
    if labels.isEmpty {
      let isLabels: (String) -> Bool = { stem in
        ArrayNames.words(of: stem).contains(where: ArrayNames.isForLabels)
      }
      let others = files.filter { isLabels($0.stem) }
      if files.count > others.count, others.count == 1 { labelFile = others[0].stem }
      if case .named(let name) = description.labels { labelFile = name }
      files.removeAll { $0.stem == labelFile }
      if let order = NumberedNames.order(of: NameList(files.map(\.name))) {
        files = order.map { files[$0] }
        records.notes.append(ReadingNote(.decided, "images are in the order of the numbers in their names"))
      }
    }
    guard let first = files.first else {
      throw StoreError(.notFound, "the folder has no arrays that could be images", path: path)
    }
    let head = try ArrayFile("\(path)/\(first.name)", StoreDescription())
    let hasMany = description.dimensions?.position(of: .image) != nil || head.shape.count > 3
    if hasMany { return try joined(files) }
    if labels.isEmpty, let labelFile, description.labels != StoreDescription.Labels.none {
      switch try self.labels(labelFile, count: files.count) {
      case .labels(let found, let names):
        (records.labels, records.classNames) = (found, names)
        records.notes.append(ReadingNote(.decided, "labels of \(labelFile).npy"))
      case .columns, .unread:
        guard description.labelsName == nil else {
          throw StoreError(
            .invalidArgument, "the labels are not one for each of \(files.count) images", path: path,
            key: labelFile)
        }
        records.notes.append(ReadingNote(.notRead, "\(labelFile).npy"))
      }
    } else if !labels.isEmpty {
      records.labels = labels
      records.classNames = (0..<classNames.count).map { classNames[$0] ?? "" }
      records.notes.append(
        ReadingNote(
          .decided,
          "the folders of arrays are classes: \(records.classNames!.prefix(6).joined(separator: ", "))"))
    }
    records.columns["name"] = .string(files.map(\.name))
    var said = unlabelled
    said.labels = nil
    return try ArrayFilesStore(at: path, files.map(\.name), said, records, threads: threads)
  }

  /// Files of many images each, one after another.
  private func joined(_ files: [(stem: String, name: String)]) throws(StoreError) -> any ImageStore {
    guard files.count <= 1024 else {
      throw StoreError(
        .limitExceeded, "the folder has \(files.count) arrays of many images each, which is too many",
        remedy: "put them together by numpy.concatenate",
        path: path)
    }
    var stores: [any ImageStore] = []
    for file in files {
      stores.append(
        try ArrayStore(at: "\(path)/\(file.name)", unlabelled, ArrayStore.Beside(), threads: threads))
    }
    return ConcatenatedStore(stores)
  }

  // MARK: Folders

  private func folders() throws(StoreError) -> [OpenedSplit] {
    let folders = Self.folders(in: path, try FileSystem.names(in: path))
    var inside: [(folder: String, arrays: [(stem: String, name: String)])] = []
    for folder in folders {
      let found = Self.arrays(in: try FileSystem.names(in: "\(path)/\(folder)"))
      if !found.isEmpty { inside.append((folder, found)) }
    }
    let splits = inside.map { ArrayNames.split(named: $0.folder) }
    if !splits.contains(nil) {
      guard Set(splits).count == splits.count else {
        throw StoreError(
          .unsupported,
          "the folder has several folders for one split: \(inside.map(\.folder).joined(separator: ", "))",
          remedy: "give one of them", path: path)
      }
      var opened: [OpenedSplit] = []
      for (split, part) in zip(splits, inside) {
        let stores = try ArrayFolder("\(path)/\(part.folder)", description, threads: threads).open()
        opened += stores.map { OpenedSplit(split, $0.store) }
      }
      return opened.sorted { $0.split! < $1.split! }
    }
    var files: [(stem: String, name: String)] = []
    var labels: [Int] = []
    var names: [Int: String] = [:]
    for (number, part) in inside.enumerated() {
      names[number] = part.folder
      let order =
        NumberedNames.order(of: NameList(part.arrays.map(\.name))) ?? Array(part.arrays.indices)
      files += order.map { (part.arrays[$0].stem, "\(part.folder)/\(part.arrays[$0].name)") }
      labels += Array(repeating: number, count: part.arrays.count)
    }
    return [OpenedSplit(try images(files, labels, names))]
  }
}
