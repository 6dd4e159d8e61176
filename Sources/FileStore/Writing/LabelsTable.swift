internal import ImageStoreCore

/// How columns are headed in a `labels.csv`: by their names, but one called `file` or `label`, which head something else, has an
/// underscore behind it. Then so has one that is called like that already.
enum ColumnHeader {
  private static let reserved = ["file", "label"]

  static func text(of name: String, among columns: some Collection<String>) -> String {
    reserved.contains { isLike(name, $0) && columns.contains($0) } ? name + "_" : name
  }

  static func name(of text: String, among columns: some Collection<String>) -> String {
    reserved.contains { text != $0 && isLike(text, $0) && columns.contains($0) }
      ? String(text.dropLast()) : text
  }

  private static func isLike(_ name: String, _ reserved: String) -> Bool {
    name.hasPrefix(reserved) && name.dropFirst(reserved.count).allSatisfy { $0 == "_" }
  }
}

/// The lines of a `labels.csv` being written.
struct LabelsTable {
  /// What is in a field of each line.
  private enum Field {
    case file
    case label
    case column(String)
  }

  private var fields: [Field] = []
  private var text = CSVText()
  private let layout: FileStore.Layout
  /// How many images have a line, those of the store appended to included.
  private(set) var count = 0
  private(set) var hasLabels = false
  private(set) var columns: [String: Column.Kind] = [:]

  /// An empty table, whose header follows from the first images.
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
    fields = header.map {
      $0 == "file" ? .file : $0 == "label" ? .label : .column(ColumnHeader.name(of: $0, among: columns.keys))
    }
    text = CSVText(bytes)
    if let last = bytes.last, last != 0x0A, last != 0x0D { text.endLine() }
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
  mutating func append(_ labels: ImageLabels, count: Int) throws(StoreError) {
    if fields.isEmpty { try begin(labels) }
    var path: [UInt8] = []
    for position in 0..<count {
      for field in fields {
        switch field {
        case .file:
          path.removeAll(keepingCapacity: true)
          layout.appendPath(of: self.count + position, to: &path)
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
    for name in ["file", "label"] { try text.append(name) }
    for name in columns.keys.sorted() { try text.append(ColumnHeader.text(of: name, among: columns.keys)) }
    text.endLine()
  }
}

extension CSVText {
  fileprivate mutating func append(_ column: Column, at position: Int) throws(StoreError) {
    switch column {
    case .int64(let values): append(values[position])
    case .double(let values): append(values[position])
    case .string(let values): try append(values[position])
    }
  }
}
