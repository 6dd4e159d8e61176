internal import ImageStoreCore

// What a writer must know of the store it appends to.

extension FileStore {
  /// The layout the images follow.
  func layoutForAppending(asked: FileStore.Layout?) throws(StoreError) -> FileStore.Layout {
    guard contents.kind == .labelsCSV, let layout = contents.paths.layout else {
      throw StoreError(
        .unsupported, "the files are not named as this package names them, so none can be appended",
        remedy: "convert the folder to a new store", path: path)
    }
    guard count > 0 else { return asked ?? layout }
    guard asked == nil || asked == layout else {
      throw StoreError(
        .invalidArgument, "the images stand in the layout '\(layout.rawValue)'",
        remedy: "append in that layout", path: path)
    }
    return layout
  }

  /// The lines that stand in `labels.csv`.
  func tableForAppending(_ layout: FileStore.Layout) throws(StoreError) -> LabelsTable {
    guard count > 0, let table = contents.table else { return LabelsTable(layout) }
    var columns: [String: Column.Kind] = [:]
    for name in columnNames {
      columns[name] = if let kind = contents.state?.columns[name] { kind } else { try column(name).kind }
    }
    let memory = try table.contents()
    return LabelsTable(
      layout, bytes: [UInt8](copying: memory.span), header: try header(memory, table.path), count: count,
      hasLabels: contents.labels != nil, columns: columns)
  }

  /// The names of the fields of `labels.csv`.
  private func header(_ memory: PixelMemory, _ path: String) throws(StoreError) -> [String] {
    var reader = CSVReader(memory, path: path)
    var fields: [CSVField] = []
    _ = try reader.next(&fields, atMost: .max)
    var header: [String] = []
    for field in fields { header.append(try reader.text(field)) }
    return header
  }

  /// What `store.json` says, with the state that an append which fails falls back to.
  func descriptionForAppending(classNames: [String]?) throws(StoreError) -> StoreDescription {
    var description = contents.description ?? StoreDescription(states: [])
    if let classNames {
      guard description.classNames == nil || description.classNames == classNames else {
        throw StoreError(
          .invalidArgument, "the store has other class names",
          remedy: "append images of the same classes, or give no names", path: path)
      }
      description.classNames = classNames
    }
    description.states = contents.state.map { [$0] } ?? []
    return description
  }
}

extension FolderContents.Format {
  /// The format where it is known to be that of all images.
  var uniform: ImageFormat? {
    if case .uniform(let format) = self { format } else { nil }
  }
}
