internal import ImageStoreCore
internal import ImageStoreSupport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The report of `info` on a store.
struct StoreReport {
  private struct Part: Encodable {
    var name: String
    var count: Int
  }

  let path: String
  private let format: String
  private let count: Int
  private let parts: [Part]
  /// The properties that all images have in common; nil for those that differ.
  private let height: Int?
  private let width: Int?
  private let channels: Int?
  private let elementType: String?
  private let labelCounts: [Int: Int]?
  private let classNames: [String]?
  private let columnKinds: [String: String]
  private let notes: [ReadingNote]
  /// Further properties of the store that the format reports.
  private let details: [(name: String, text: String)]
  /// The number of images in each encoded format; nil if the store has pixels.
  private let encoded: EncodedKinds?
  private let bytesOnDisk: Int
  private let bytesAllocated: Int

  init(_ opened: OpenedStore) throws(StoreError) {
    let store = opened.store
    path = opened.path
    format = opened.format.name
    count = store.count
    parts = opened.splits.map { Part(name: $0.name, count: $0.store.count) }
    let common = try CommonFormat(of: store)
    height = common.height
    width = common.width
    channels = common.channels
    elementType = common.elementType?.name
    labelCounts = try store.labels().map(LabelCounts.of)
    classNames = store.classNames
    notes = store.notes
    details = opened.format.details(of: store)
    encoded = store.hasEncodedImages && store.count > 0 ? try EncodedKinds(of: store) : nil
    var kinds: [String: String] = [:]
    for name in store.columnNames { kinds[name] = try store.column(name).kind.rawValue }
    columnKinds = kinds
    (bytesOnDisk, bytesAllocated) = try opened.format.bytesOnDisk(at: opened.path)
  }

  /// One object on lines of its own.
  func json() throws(StoreError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    } catch {
      throw StoreError(.unsupported, "the report cannot be written as JSON: \(error)", path: path)
    }
  }

  /// Lines for people.
  var text: String {
    var rows: [(String, String)] = [("format", format)]
    let division = parts.map { "\(Numbers.grouped($0.count)) \($0.name)" }.joined(separator: ", ")
    rows.append(("images", Numbers.grouped(count) + (parts.count > 1 ? " (\(division))" : "")))
    if count > 0 {
      let sizes = [height, width, channels].map { $0.map(String.init) ?? "?" }
      rows.append(("size", sizes.joined(separator: " x ") + (sizes.contains("?") ? " (images differ)" : "")))
      rows.append(("samples", elementType ?? "of different types"))
    }
    if let encoded { rows.append(("encoded", encoded.text)) }
    rows.append(("on disk", Numbers.bytes(bytesOnDisk)))
    for detail in details { rows.append((detail.name, detail.text)) }
    for (name, kind) in columnKinds.sorted(by: { $0.key < $1.key }) {
      rows.append(("column", "\(Console.printable(name)) (\(kind))"))
    }
    for kind in [ReadingNote.Kind.notRead, .decided] {
      if let line = notes.line(of: kind) {
        rows.append((kind == .notRead ? "not read" : "decided", Console.printable(line)))
      }
    }
    rows.append(("labels", labelCounts == nil ? "none" : "\(labelCounts!.count) different"))
    let width = 8
    var lines = rows.map { $0.0 + String(repeating: " ", count: width + 2 - $0.0.count) + $0.1 }
    lines += labelLines
    return Console.printable(path) + "\n" + lines.map { "  \($0)\n" }.joined()
  }

  /// One line per label with its name and count, for as many as a screen shows.
  private var labelLines: [String] {
    guard let labelCounts else { return [] }
    let shown = labelCounts.sorted { $0.key < $1.key }.prefix(20)
    let labels = shown.map { "\($0.key)" }
    let names = shown.map { label, _ in
      classNames.flatMap { $0.indices.contains(label) ? Console.printable($0[label]) : nil } ?? ""
    }
    let counts = shown.map { Numbers.grouped($0.value) }
    let widths = [labels, names, counts].map { $0.map(\.count).max() ?? 0 }
    var lines: [String] = []
    for index in shown.indices {
      let name = names[index] + String(repeating: " ", count: widths[1] - names[index].count)
      lines.append(
        "          " + String(repeating: " ", count: widths[0] - labels[index].count) + labels[index]
          + (widths[1] > 0 ? "  \(name)" : "")
          + "  " + String(repeating: " ", count: widths[2] - counts[index].count) + counts[index])
    }
    if labelCounts.count > shown.count {
      lines.append("          ... and \(labelCounts.count - shown.count) more")
    }
    return lines
  }
}

extension StoreReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case path, format, count, parts, height, width, channels, elementType, hasLabels, labelCounts, classNames,
      columns
    case columnKinds, encoded, notRead, decided, bytesOnDisk, bytesAllocated
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encode(format, forKey: .format)
    try container.encode(count, forKey: .count)
    try container.encode(parts, forKey: .parts)
    // null is written out: a missing key and a key without a value are not the same.
    try container.encode(height, forKey: .height)
    try container.encode(width, forKey: .width)
    try container.encode(channels, forKey: .channels)
    try container.encode(elementType, forKey: .elementType)
    let labels = [String: Int](uniqueKeysWithValues: (labelCounts ?? [:]).map { ("\($0.key)", $0.value) })
    try container.encode(labels, forKey: .labelCounts)
    try container.encode(labelCounts != nil, forKey: .hasLabels)
    try container.encode(classNames, forKey: .classNames)
    try container.encode(columnKinds.keys.sorted(), forKey: .columns)
    try container.encode(columnKinds, forKey: .columnKinds)
    try container.encode(encoded?.counts, forKey: .encoded)
    try container.encode(notes.filter { $0.kind == .notRead }.map(\.text), forKey: .notRead)
    try container.encode(notes.filter { $0.kind == .decided }.map(\.text), forKey: .decided)
    try container.encode(bytesOnDisk, forKey: .bytesOnDisk)
    try container.encode(bytesAllocated, forKey: .bytesAllocated)
  }
}

/// The common properties of the formats of all images of a store.
private struct CommonFormat {
  var height: Int?
  var width: Int?
  var channels: Int?
  var elementType: ElementType?

  init(of store: any ImageStore) throws(StoreError) {
    if let format = store.format {
      set(format)
      return
    }
    guard store.count > 0 else { return }
    set(try store.format(at: 0))
    for index in 1..<store.count {
      let format = try store.format(at: index)
      if height != format.height { height = nil }
      if width != format.width { width = nil }
      if channels != format.channels { channels = nil }
      if elementType != format.elementType { elementType = nil }
      if height == nil && width == nil && channels == nil && elementType == nil { return }
    }
  }

  private mutating func set(_ format: ImageFormat) {
    height = format.height
    width = format.width
    channels = format.channels
    elementType = format.elementType
  }
}
