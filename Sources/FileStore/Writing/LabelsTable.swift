internal import ImageStoreCore

/// The lines of a `labels.csv` being written.
struct LabelsTable {
  /// The content of a field of each line.
  private enum Field {
    case file
    case label
    case column(String)
  }

  private var fields: [Field] = []
  var text = CSVText()
  private let layout: FileStore.Layout
  /// How many images have a line, including those that were in the store before.
  private(set) var count = 0
  private(set) var hasLabels = false
  private(set) var columns: [String: Column.Kind] = [:]

  /// An empty table, whose header depends on the first images.
  init(_ layout: FileStore.Layout) {
    self.layout = layout
  }

  /// The table of a store that is appended to.
  ///
  /// - Parameters:
  ///   - bytes: its `labels.csv`.
  ///   - header: the names of its fields in their order.
  init(
    _ layout: FileStore.Layout, bytes: [UInt8], header: [String], count: Int, hasLabels: Bool,
    columns: [String: Column.Kind]
  ) {
    self.layout = layout
    self.count = count
    self.hasLabels = hasLabels
    self.columns = columns
    let headings = ColumnHeadings(header, columns: columns.keys)
    fields = header.map {
      $0 == "file" ? .file : $0 == "label" ? .label : .column(headings.name(of: $0))
    }
    text = CSVText(bytes)
    if let last = bytes.last, last != 0x0A, last != 0x0D { text.endLine() }
  }

  /// Which field of a line has the label.
  var labelField: Int? {
    fields.firstIndex { if case .label = $0 { true } else { false } }
  }

  /// The whole file.
  func bytes() throws(StoreError) -> [UInt8] {
    guard fields.isEmpty else { return text.bytes }
    var empty = self
    try empty.begin(ImageLabels())
    return empty.text.bytes
  }

  /// Appends one line per image, whose labels and columns agree with those before.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for text that a CSV file cannot hold.
  ///
  /// - Parameter suffix: the suffix of the file of the image at a position.
  mutating func append(
    _ labels: ImageLabels, count: Int, suffix: (_ position: Int) -> ImageSuffix = { _ in .png }
  ) throws(StoreError) {
    if fields.isEmpty { try begin(labels) }
    var path: [UInt8] = []
    for position in 0..<count {
      for field in fields {
        switch field {
        case .file:
          path.removeAll(keepingCapacity: true)
          layout.appendPath(of: self.count + position, suffix(position), to: &path)
          text.append(plain: path)
        case .label:
          if let labels = labels.labels {
            text.append(labels[position])
          } else {
            text.append(plain: [])
          }
        case .column(let name):
          do throws(StoreError) {
            try text.append(labels.columns[name]!, at: position)
          } catch {
            throw error.at(image: self.count + position, key: name)
          }
        }
      }
      text.endLine()
    }
    self.count += count
  }

  private mutating func begin(_ labels: ImageLabels) throws(StoreError) {
    hasLabels = labels.labels != nil
    columns = labels.columns.mapValues { $0.kind }
    fields = [.file, .label] + columns.keys.sorted().map { .column($0) }
    for name in ["file", "label"] + columns.keys.sorted().map(ColumnHeadings.text(of:)) {
      try text.append(name)
    }
    text.endLine()
  }
}

extension CSVText {
  fileprivate mutating func append(_ column: Column, at position: Int) throws(StoreError) {
    switch column {
    case .int64(let values): append(values[position])
    case .double(let values): append(values[position])
    case .string(let values): try append(values[position])
    case .bytes(let values): append(plain: Base64.encoded(values[position]))
    case .int64Vectors(let vectors): append(list: vectors[position].map(\.description))
    case .doubleVectors(let vectors): append(list: vectors[position].map(NumberList.text(of:)))
    }
  }
}
