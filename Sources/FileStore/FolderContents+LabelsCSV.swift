internal import ImageStoreCore
internal import StoreIO

// Folders with a labels.csv.

extension FolderContents {
  /// Reads `labels.csv`: the header `file,label` and then the names of other columns, a line an image. The
  /// labels are left empty, or out, where images have none.
  static func readLabelsCSV(_ folder: String) throws(StoreError) -> FolderContents {
    let table = try MappedFile("\(folder)/\(labelsFileName)")
    var reader = CSVReader(table)
    var fields: [CSVField] = []
    guard try reader.next(&fields) else {
      throw StoreError(
        .corrupt, "an empty file", remedy: "begin it with the line file,label", path: table.path)
    }
    let header = try Header(fields, of: reader)
    var paths = ImagePaths()
    var labels: [Int] = []
    var isUnlabeled = header.label == nil
    var scratch: [UInt8] = []
    while try reader.next(&fields) {
      guard fields.count == header.fieldCount else {
        throw reader.error(
          "\(fields.count) \(fields.count == 1 ? "field" : "fields") where the header has \(header.fieldCount)",
          remedy: "quote fields that hold commas")
      }
      try appendPath(fields[header.file], of: reader, to: &paths, scratch: &scratch)
      guard let label = header.label else { continue }
      if paths.count == 1 { isUnlabeled = fields[label].range.isEmpty }
      if isUnlabeled {
        guard fields[label].range.isEmpty else {
          throw reader.error("a label where the images before have none")
        }
      } else {
        labels.append(try labelValue(fields[label], of: reader))
      }
    }
    var contents = FolderContents(kind: .labelsCSV, paths: paths, columns: header.columns, table: table)
    try contents.describe(folder)
    table.releasePages()
    let hasLabels = paths.count > 0 ? !isUnlabeled : contents.state?.hasLabels ?? (header.label != nil)
    contents.labels = hasLabels ? labels : nil
    return contents
  }

  /// Which field of a line is what.
  private struct Header {
    var fieldCount: Int
    var file: Int
    var label: Int?
    var columns: [String: Int] = [:]

    init(_ fields: [CSVField], of reader: CSVReader) throws(StoreError) {
      fieldCount = fields.count
      var file: Int?
      for (position, field) in fields.enumerated() {
        let name = try reader.text(field)
        switch name {
        case "file" where file == nil: file = position
        case "label" where label == nil: label = position
        default:
          guard !name.isEmpty, name != "file", name != "label", columns[name] == nil else {
            throw reader.error("a header with two columns '\(name)', or one without a name")
          }
          columns[name] = position
        }
      }
      guard let file else {
        throw reader.error(
          "a header without a column 'file'", remedy: "begin the file with the line file,label")
      }
      self.file = file
    }
  }

  private static func appendPath(
    _ field: CSVField, of reader: CSVReader, to paths: inout ImagePaths, scratch: inout [UInt8]
  ) throws(StoreError) {
    do throws(StoreError) {
      if field.hasDoubledQuotes {
        try paths.append(reader.text(field).utf8, scratch: &scratch)
      } else {
        try unsafe paths.append(reader.file.bytes[field.range], scratch: &scratch)
      }
    } catch {
      throw reader.error(error.message, remedy: error.remedy).with(error.code)
    }
  }

  private static func labelValue(_ field: CSVField, of reader: CSVReader) throws(StoreError) -> Int {
    if let label = reader.integer(field) { return label }
    let text = try reader.text(CSVField(range: field.range.prefix(100), hasDoubledQuotes: false))
    throw reader.error(
      text.isEmpty ? "an image without a label" : "the label '\(text)' is not a whole number",
      remedy: "number the classes from 0")
  }

  /// Adds what `store.json` says of this `labels.csv`.
  private mutating func describe(_ folder: String) throws(StoreError) {
    guard let table, let description = try StoreDescription.read(in: folder) else { return }
    self.description = description
    classNames = description.classNames
    state = unsafe description.state(labelsCRC32: CRC32.checksum(of: table.bytes))
    guard let state, state.count == paths.count, paths.count > 0 else { return }
    format = state.imageFormat.map { .uniform($0) } ?? .mixed
  }
}

extension FolderContents {
  /// Reads the values of a column, whose kind is what `store.json` says, or else what all values can be
  /// read as: Int64, Double or String.
  func readColumn(_ name: String) throws(StoreError) -> Column {
    guard let position = columns[name], let table else {
      throw .noColumn(name, among: columns.keys.sorted())
    }
    var reader = CSVReader(table)
    var fields: [CSVField] = []
    var texts: [String] = []
    texts.reserveCapacity(paths.count)
    _ = try reader.next(&fields)
    while try reader.next(&fields) { texts.append(try reader.text(fields[position])) }
    let kinds = state?.columns[name].map { [$0] } ?? [.int64, .double, .string]
    table.releasePages()
    for kind in kinds {
      if let column = Column(texts, as: kind) { return column }
    }
    throw StoreError(
      .corrupt, "a value that is not of the kind \(kinds[0].rawValue)", path: table.path, key: name)
  }
}

extension Column {
  /// A column of values given as text, or nil where one of them is not of the kind.
  fileprivate init?(_ texts: [String], as kind: Kind) {
    switch kind {
    case .int64:
      // A text that would not come out the same, such as 007, is kept as text.
      let values = texts.compactMap { text in Int64(text).flatMap { "\($0)" == text ? $0 : nil } }
      guard values.count == texts.count else { return nil }
      self = .int64(values)
    case .double:
      let values = texts.compactMap { $0.hasLeadingZero ? nil : Double($0) }
      guard values.count == texts.count else { return nil }
      self = .double(values)
    case .string: self = .string(texts)
    }
  }
}

extension String {
  /// Whether a zero stands before another digit, as in codes and dates, not in numbers.
  fileprivate var hasLeadingZero: Bool {
    let digits = drop { $0 == "-" }
    return digits.first == "0" && digits.dropFirst().first?.isWholeNumber == true
  }
}

extension StoreError {
  fileprivate func with(_ code: Code) -> StoreError {
    var error = self
    error.code = code
    return error
  }
}
