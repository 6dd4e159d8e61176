internal import ImageStoreCore
internal import ImageStoreSupport

/// A store that images are appended to, with the information that a writer needs.
struct ExistingStore {
  let store: FileStore
  /// The layout that the images follow.
  let layout: FileStore.Layout
  /// The lines of `labels.csv`.
  let table: LabelsTable
  /// The other state of `store.json` in addition to the new one: the one that a failed append falls
  /// back to.
  let description: StoreManifest

  /// - Parameter asked: the layout given to the writer.
  /// - Throws: ``StoreError/Code/unsupported`` for a folder whose files are not named as this
  ///   package names them; ``StoreError/Code/corrupt`` for a folder whose `labels.csv` or
  ///   `store.json` was changed by another program.
  init(_ store: FileStore, asked: FileStore.Layout?) throws(StoreError) {
    self.store = store
    layout = try Self.layout(of: store, asked: asked)
    // Files that an append gives a new checksum must agree with the old one.
    try store.verifyNames()
    table = try Self.table(of: store, layout)
    description = Self.description(of: store, table, layout)
  }

  var format: FolderContents.Format {
    store.count == 0 ? .unknown : store.format.map { .uniform($0) } ?? .mixed
  }

  /// The state of a writer that appends to the store.
  func state(path: String, classNames: [String]?) throws(StoreError) -> WriterState {
    try WriterState(
      path: path, classNames: classNames,
      appendingTo: WriterState.Existing(
        count: store.count, classNames: store.classNames, hasLabels: table.hasLabels, columns: table.columns),
      labels: { () throws(StoreError) in try store.labels() })
  }

  private static func layout(
    of store: FileStore, asked: FileStore.Layout?
  ) throws(StoreError) -> FileStore.Layout {
    guard store.contents.kind == .labelsCSV, let layout = store.contents.paths.layout else {
      throw StoreError(
        .unsupported, "the files are not named as this package names them, so none can be appended",
        remedy: "convert the folder to a new store", path: store.path)
    }
    // Without a store.json, PNGs may be in either layout.
    let mayBeEncoded = asked == .encoded && store.contents.description == nil && layout == .subfolders
    if store.contents.isEncoded || mayBeEncoded {
      guard asked == nil || asked == .encoded else {
        throw StoreError(
          .invalidArgument, "the images have the layout 'encoded'", remedy: "append in that layout",
          path: store.path)
      }
      return .encoded
    }
    guard store.count > 0 else { return asked ?? layout }
    guard asked == nil || asked == layout else {
      throw StoreError(
        asked == .encoded ? .unsupported : .invalidArgument,
        "the images have the layout '\(layout.rawValue)'",
        remedy: asked == .encoded
          ? "append without a layout, so that they are decoded and written as the others are, or write a new store"
          : "append in that layout", path: store.path)
    }
    return layout
  }

  private static func table(
    of store: FileStore, _ layout: FileStore.Layout
  ) throws(StoreError) -> LabelsTable {
    guard store.count > 0, let table = store.contents.table else { return LabelsTable(layout) }
    var columns: [String: Column.Kind] = [:]
    for name in store.columnNames {
      columns[name] =
        if let kind = store.contents.state?.columns[name] { kind } else { try store.column(name).kind }
    }
    let memory = try table.contents()
    return LabelsTable(
      layout, bytes: [UInt8](copying: memory.span), header: try header(memory, table.path),
      count: store.count, hasLabels: store.contents.labels != nil, columns: columns)
  }

  /// The names of the fields of `labels.csv`.
  private static func header(_ memory: PixelMemory, _ path: String) throws(StoreError) -> [String] {
    var reader = CSVReader(memory, path: path)
    var fields: [CSVField] = []
    _ = try reader.next(&fields, atMost: .max)
    var header: [String] = []
    for field in fields { header.append(try reader.text(field)) }
    return header
  }

  private static func description(
    of store: FileStore, _ table: LabelsTable, _ layout: FileStore.Layout
  ) -> StoreManifest {
    // Without a store.json, the new one must also describe the existing labels.csv until the longer
    // one replaces it.
    var state =
      store.contents.state
      ?? StoreManifest.State(
        labelsCRC32: store.contents.table?.crc32 ?? 0, count: store.count, imageFormat: store.format,
        hasLabels: store.contents.labels != nil, columns: table.columns)
    state.classNames = nil
    var manifest = StoreManifest(classNames: store.classNames, states: [state])
    manifest.layout = layout == .encoded ? .encoded : nil
    return manifest
  }
}
