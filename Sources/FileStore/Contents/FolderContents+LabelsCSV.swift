internal import ImageStoreCore
internal import ImageStoreSupport

// Folders with a labels.csv.

extension FolderContents {
  /// Reads `labels.csv`: the header `file,label` and then the names of other columns, one line per
  /// image. If images have no labels, that field is empty or missing.
  static func readLabelsCSV(_ folder: borrowing Folder) throws(StoreError) -> FolderContents {
    var lines = Lines()
    let table = try CSVFile(labelsFileName, in: folder) { (map) throws(StoreError) in try lines.read(map) }
    var contents = FolderContents(
      kind: .labelsCSV, paths: lines.paths, columns: lines.columns, table: table)
    try contents.describe(folder)
    let headings = ColumnHeadings(lines.columns.keys, columns: contents.state?.columns.keys)
    contents.columns = [:]
    for (text, position) in lines.columns {
      guard contents.columns.updateValue(position, forKey: headings.name(of: text)) == nil else {
        throw StoreError(
          .corrupt, "the header has two columns called '\(headings.name(of: text))'", path: table.path,
          key: "line 1")
      }
    }
    let hasLabels =
      lines.paths.count > 0 ? !lines.isUnlabeled : contents.state?.hasLabels ?? lines.hasLabelField
    contents.labels = hasLabels ? lines.labels : nil
    return contents
  }

  /// The contents of the lines.
  private struct Lines {
    var paths = ImagePaths()
    var labels: [Int] = []
    var columns: [String: Int] = [:]
    var hasLabelField = false
    var isUnlabeled = false

    mutating func read(_ map: MappedFile) throws(StoreError) {
      var reader = CSVReader(map)
      var fields: [CSVField] = []
      guard try reader.next(&fields, atMost: maximumFieldCount, else: .limitExceeded) else {
        throw StoreError(
          .corrupt, "this is an empty file", remedy: "begin it with the line file,label", path: map.path)
      }
      let header = try Header(fields, of: reader)
      columns = header.columns
      hasLabelField = header.label != nil
      isUnlabeled = !hasLabelField
      var scratch: [UInt8] = []
      while try reader.next(&fields, atMost: header.fieldCount) {
        guard fields.count == header.fieldCount else {
          throw reader.error(
            "\(fields.count) \(fields.count == 1 ? "field" : "fields"), but the header has \(header.fieldCount)",
            remedy: "quote fields that hold commas")
        }
        try appendPath(fields[header.file], of: reader, to: &paths, scratch: &scratch)
        guard let label = header.label else { continue }
        if paths.count == 1 { isUnlabeled = fields[label].range.isEmpty }
        if isUnlabeled {
          guard fields[label].range.isEmpty else {
            throw reader.error("a label, but the images before have none")
          }
        } else {
          labels.append(try labelValue(fields[label], of: reader))
        }
      }
    }
  }

  /// The most fields that a line may have, as in spreadsheet programs. Each costs memory in
  /// addition to its values.
  private static let maximumFieldCount = 1 << 14

  /// The positions of the fields in a line.
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
            throw reader.error(
              "the header has two columns called '\(name.prefix(100))', or a column without a name")
          }
          columns[name] = position
        }
      }
      guard let file else {
        throw reader.error(
          "the header has no column 'file'", remedy: "begin the file with the line file,label")
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
        try unsafe paths.append(reader.bytes(of: field), scratch: &scratch)
      }
    } catch {
      throw reader.error(error.message, error.code, remedy: error.remedy)
    }
  }

  private static func labelValue(_ field: CSVField, of reader: CSVReader) throws(StoreError) -> Int {
    if let label = reader.integer(field) { return label }
    let text = try reader.text(CSVField(range: field.range.prefix(100), hasDoubledQuotes: false))
    throw reader.error(
      text.isEmpty ? "an image without a label" : "the label '\(text)' is not a whole number",
      remedy: "number the classes from 0")
  }

  /// Adds the information that `store.json` has on this `labels.csv`.
  private mutating func describe(_ folder: borrowing Folder) throws(StoreError) {
    guard let table, let (description, descriptionState) = try StoreManifest.read(in: folder) else {
      return
    }
    self.description = description
    self.descriptionState = descriptionState
    state = description.state(labelsCRC32: table.crc32)
    classNames = description.classNames(in: state)
    guard let state, state.count == paths.count, paths.count > 0 else { return }
    format = state.imageFormat.map { .uniform($0) } ?? .mixed
  }
}

extension FolderContents {
  /// Reads the values of columns in one pass. The kind of each is stated in `store.json`; otherwise
  /// it is the first that all values can be read as: Int64, Double or String.
  ///
  /// - Parameter names: columns of the store.
  /// - Returns: the columns whose values are of their kind.
  func readColumns(_ names: [String]) throws(StoreError) -> [String: Column] {
    guard let table else { return [:] }
    let places = names.compactMap { name in columns[name].map { (name: name, position: $0) } }
    let memory = try table.contents()
    var reader = CSVReader(memory, path: table.path)
    var fields: [CSVField] = []
    var texts = places.map { _ in [String]() }
    _ = try reader.next(&fields, atMost: Self.maximumFieldCount)
    let fieldCount = fields.count
    while try reader.next(&fields, atMost: fieldCount) {
      guard fields.count == fieldCount else { throw reader.error("fewer fields than in the header") }
      for (column, place) in places.enumerated() {
        texts[column].append(try reader.text(fields[place.position]))
      }
    }
    var result: [String: Column] = [:]
    for (column, place) in places.enumerated() {
      result[place.name] = kinds(ofColumn: place.name).lazy.compactMap { Column(texts[column], as: $0) }.first
    }
    return result
  }

  /// The kinds that a column may be of, the first that fits.
  private func kinds(ofColumn name: String) -> [Column.Kind] {
    state?.columns[name].map { [$0] } ?? [.int64, .double, .string]
  }

  /// The error for a column that ``readColumns(_:)`` leaves out.
  func wrongKind(ofColumn name: String) -> StoreError {
    StoreError(
      .corrupt, "a value is not of the column's kind, \(kinds(ofColumn: name)[0].rawValue)",
      path: table?.path,
      key: name)
  }
}

extension Column {
  /// A column of values given as text, of the first kind that all of them are of: Int64, Double or String.
  init(texts: [String]) {
    self = Column(texts, as: .int64) ?? Column(texts, as: .double) ?? .string(texts)
  }

  /// A column of values given as text, or nil if one of them is not of the kind.
  fileprivate init?(_ texts: [String], as kind: Kind) {
    switch kind {
    case .int64:
      // A text that would not be written the same again, such as 007, is kept as text.
      let values = texts.compactMap { text in Int64(text).flatMap { "\($0)" == text ? $0 : nil } }
      guard values.count == texts.count else { return nil }
      self = .int64(values)
    case .double:
      let values = texts.compactMap { $0.hasLeadingZero ? nil : Double($0) }
      guard values.count == texts.count else { return nil }
      self = .double(values)
    case .string: self = .string(texts)
    case .bytes:
      var bytes = Bytes()
      for text in texts {
        guard let value = Base64.decoded(text) else { return nil }
        bytes.append(value)
      }
      self = .bytes(bytes)
    case .int64Vectors(let width):
      guard let values = Self.numbers(in: texts, width: width, { Int64($0) }),
        let vectors = try? Vectors(values, width: width)
      else { return nil }
      self = .int64Vectors(vectors)
    case .doubleVectors(let width):
      guard let values = Self.numbers(in: texts, width: width, NumberList.double),
        let vectors = try? Vectors(values, width: width)
      else { return nil }
      self = .doubleVectors(vectors)
    }
  }

  /// The numbers of lists that all have the same length.
  private static func numbers<Number>(
    in texts: [String], width: Int, _ number: (Substring) -> Number?
  ) -> [Number]? {
    var numbers: [Number] = []
    numbers.reserveCapacity(texts.count)
    for (position, text) in texts.enumerated() {
      let isList = NumberList.read(text) { text in
        guard let value = number(text) else { return false }
        numbers.append(value)
        return true
      }
      guard isList, numbers.count == (position + 1) * width else { return nil }
    }
    return numbers
  }
}

extension String {
  /// Whether a zero comes before another digit, as in codes and dates, not in numbers.
  fileprivate var hasLeadingZero: Bool {
    let digits = drop { $0 == "-" }
    return digits.first == "0" && digits.dropFirst().first?.isWholeNumber == true
  }
}
