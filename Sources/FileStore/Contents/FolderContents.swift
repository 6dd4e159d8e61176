internal import ImageStoreCore
internal import ImageStoreSupport

/// The contents of a folder of images, once it is opened.
struct FolderContents: Sendable {
  /// How the folder is laid out.
  enum Kind: Sendable {
    /// `labels.csv` names the images.
    case labelsCSV
    /// A table of another program names the images.
    case table
    /// A folder per class.
    case classFolders
    /// Only PNGs.
    case plain
  }

  /// The format of the images as far as it is known.
  enum Format: Sendable {
    case uniform(ImageFormat)
    case mixed
    case unknown

    /// The format that all images have, if it is known.
    var uniform: ImageFormat? {
      if case .uniform(let format) = self { format } else { nil }
    }
  }

  var kind: Kind
  var paths: ImagePaths
  var labels: [Int]?
  var classNames: [String]?
  var format = Format.unknown
  /// Columns that were read when the folder was opened.
  var values: [String: Column] = [:]
  /// The parts that were not read, and the decisions made.
  var notes: [ReadingNote] = []
  /// The columns by their names, and where in `labels.csv` each is.
  var columns: [String: Int] = [:]
  /// `labels.csv`, kept open so that the columns of this snapshot can be read later.
  var table: CSVFile?
  var description: StoreManifest?
  /// `store.json` as it was when it was read.
  var descriptionState: FileState?
  /// The state in the description that belongs to this `labels.csv`.
  var state: StoreManifest.State?

  /// Whether images are kept as they were encoded. Without a store.json, JPEGs tell.
  var isEncoded: Bool { description?.layout == .encoded || description == nil && paths.hasOtherSuffixes }

  /// Finds the layout of a folder and reads the names of its images.
  ///
  /// - Returns: the store, or each split, training first.
  /// - Throws: ``StoreError/Code/unrecognized`` if it has no images this package knows how to find;
  ///   ``StoreError/Code/corrupt``.
  static func read(
    _ folder: borrowing Folder, _ description: StoreDescription
  ) throws(StoreError) -> [(split: Split?, contents: FolderContents)] {
    let isPlain =
      description.images == nil && description.classDepth == nil && description.labelsName == nil
      && description.labelsPath == nil
    if isPlain, folder.kind(of: labelsFileName) != nil {
      let isDescribed = folder.kind(of: StoreManifest.fileName) != nil
      let table = "\(folder.path)/\(labelsFileName)"
      let own: Result<FolderContents, StoreError>
      do throws(StoreError) {
        own = .success(try readLabelsCSV(folder))
      } catch {
        own = .failure(error)
      }
      // Without store.json, the names that this package gives show that it wrote the table.
      if isDescribed || (try? own.get()).map({ $0.paths.layout != nil && $0.paths.count > 0 }) == true {
        return [(nil, try own.get().with(description.labels))]
      }
      do throws(StoreError) {
        return try ForeignFolder.read(folder, description)
      } catch {
        // For a folder without pictures, the table gives the best error.
        guard error.code == .unrecognized else { throw error }
        let contents = try own.get()
        guard contents.paths.count > 0 else { return [(nil, contents)] }
        throw StoreError(
          .notFound, "the pictures it lists are not in the folder, for example \(contents.paths.text(0))",
          path: table)
      }
    }
    return try ForeignFolder.read(folder, description)
  }

  /// The same without labels, if they are not wanted.
  private func with(_ labels: StoreDescription.Labels?) -> FolderContents {
    guard labels == StoreDescription.Labels.none else { return self }
    var contents = self
    contents.labels = nil
    contents.classNames = nil
    return contents
  }

  /// The splits of a folder as one.
  static func joined(_ splits: [FolderContents]) throws(StoreError) -> FolderContents {
    var all = FolderContents(kind: splits[0].kind, paths: ImagePaths())
    for split in splits { try all.paths.append(contentsOf: split.paths) }
    all.notes = splits[0].notes
    for note in splits.dropFirst().flatMap(\.notes) where !all.notes.contains(note) { all.notes.append(note) }
    let labels = splits.compactMap(\.labels)
    if labels.count == splits.count {
      all.labels = labels.flatMap(\.self)
      all.classNames = splits.lazy.compactMap(\.classNames).first
    } else if !labels.isEmpty {
      all.notes.append(
        ReadingNote(.notRead, "the labels, because some splits have none"))
    }
    for name in splits[0].values.keys.sorted() {
      let columns = splits.compactMap { $0.values[name] }
      guard columns.count == splits.count, columns.allSatisfy({ $0.kind == columns[0].kind }) else {
        all.notes.append(ReadingNote(.notRead, "the column '\(name)', which is not the same in all splits"))
        continue
      }
      var column = Column(columns[0].kind)
      for part in columns { try column.append(part) }
      all.values[name] = column
    }
    return all
  }

  static let labelsFileName = "labels.csv"
}
