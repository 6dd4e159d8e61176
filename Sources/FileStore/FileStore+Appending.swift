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

  /// What `store.json` is to say besides the new state: the state that an append which fails falls back to.
  ///
  /// - Parameter table: what ``tableForAppending(_:)`` returns.
  func descriptionForAppending(
    _ table: LabelsTable, classNames: [String]?
  ) throws(StoreError) -> StoreDescription {
    guard classNames == nil || self.classNames == nil || classNames == self.classNames else {
      throw StoreError(
        .invalidArgument, "the store has other class names",
        remedy: "append images of the same classes, or give no names", path: path)
    }
    // Without a store.json a new one must know the labels.csv that is there, until the longer one takes its place.
    var state =
      contents.state
      ?? StoreDescription.State(
        labelsCRC32: contents.table?.crc32 ?? 0, count: count, imageFormat: format,
        hasLabels: contents.labels != nil, columns: table.columns)
    state.classNames = nil
    return StoreDescription(classNames: self.classNames, states: [state])
  }
}

extension FolderContents.Format {
  /// The format where it is known to be that of all images.
  var uniform: ImageFormat? {
    if case .uniform(let format) = self { format } else { nil }
  }
}
