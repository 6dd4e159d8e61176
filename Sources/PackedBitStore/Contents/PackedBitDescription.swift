import ImageStoreCore
import ImageStoreSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The contents of `format.json`, which describes the masks next to it.
struct PackedBitDescription: Codable {
  var format = Self.formatName
  var formatVersion = 1
  /// Null while there are no masks.
  var height: Int?
  var width: Int?
  var axis: PackingAxis
  var bitOrder: BitOrder
  /// The class names of the current state, for programs that do not know names in states.
  var classNames: [String]?
  /// The state of the current masks, and that of the masks before the last append, which counts
  /// again if the append does not finish.
  var states: [State]?
  /// The files that an edit writes next to the old ones; none once they have replaced these. The
  /// first state is that of the edit, if it has been committed, and the next what was there before.
  /// See ``PackedBitEdit``.
  var edit: [String]?
  private var crc32: String? = ChecksummedJSON.zeros
  /// Whether the file's bytes are those that were written.
  private(set) var isIntact = true

  /// The state for a number of masks. The number in the header of `masks.npy` says which state
  /// counts, so that masks, their class names and the rest come and go together.
  struct State: Codable {
    let count: Int
    /// The CRC-32 of the values of each file, without `.npy`, for the first `count` masks: of
    /// `labels` if there are labels, of `columns/NAME` for each column, and of `offsets/NAME` for
    /// each column of bytes. The names are those of the columns themselves.
    let checksums: [String: UInt32]
    /// The CRC-32 of the first `count` values of `checksums.npy`; nil if an earlier version wrote the state.
    let checksumsCRC32: UInt32?
    /// The class names; nil if an earlier version wrote the state, which knew only those of the newest state.
    let classNames: ClassNames?

    /// Class names, or the statement that there are none.
    struct ClassNames: Codable {
      let names: [String]?

      init(_ names: [String]?) { self.names = names }

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        names = container.decodeNil() ? nil : try container.decode([String].self)
      }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let names { try container.encode(names) } else { try container.encodeNil() }
      }
    }

    init(count: Int, checksums: [String: UInt32], checksumsCRC32: UInt32?, classNames: [String]?) {
      self.count = count
      self.checksums = checksums
      self.checksumsCRC32 = checksumsCRC32
      self.classNames = ClassNames(classNames)
    }

    private enum CodingKeys: String, CodingKey { case count, checksums, checksumsCRC32, classNames }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      count = try container.decode(Int.self, forKey: .count)
      checksums = try container.decode([String: UInt32].self, forKey: .checksums)
      checksumsCRC32 = try container.decodeIfPresent(UInt32.self, forKey: .checksumsCRC32)
      // null says that there are no names; a missing key says that nothing is known about them.
      classNames =
        container.contains(.classNames)
        ? ClassNames(try container.decodeIfPresent([String].self, forKey: .classNames)) : nil
    }

    private static let labelsKey = "labels"

    var hasLabels: Bool { checksums[Self.labelsKey] != nil }

    /// The columns that have a file in a folder, sorted.
    func names(in folder: String) -> [String] {
      let prefix = folder + "/"
      return checksums.keys.filter { $0.utf8.starts(with: prefix.utf8) }
        .compactMap { String($0.utf8.dropFirst(prefix.utf8.count)) }.sorted()
    }

    /// The paths of the files of labels and columns in the folder.
    var files: [String] {
      let places = [PackedBitContents.columnsFolder, PackedBitContents.offsetsFolder]
      return (hasLabels ? [PackedBitContents.labelsName] : [])
        + places.flatMap { place in
          names(in: place).map { PackedBitContents.file(ofColumn: $0, in: place) }
        }
    }

    /// The CRC-32 of labels and columns, by the names of their files.
    static func checksums(of labels: ImageLabels) -> [String: UInt32] {
      var checksums: [String: UInt32] = [:]
      if let labels = labels.labels { checksums[labelsKey] = CRC32.checksum(of: labels) }
      for (name, column) in labels.columns {
        checksums["\(PackedBitContents.columnsFolder)/\(name)"] = CRC32.checksum(of: column)
        if let offsets = column.offsets {
          checksums["\(PackedBitContents.offsetsFolder)/\(name)"] = CRC32.checksum(of: offsets)
        }
      }
      return checksums
    }
  }

  private enum CodingKeys: String, CodingKey {
    case format, formatVersion, height, width, axis, bitOrder, classNames, states, edit, crc32
  }

  init(
    height: Int?, width: Int?, axis: PackingAxis, bitOrder: BitOrder, classNames: [String]?,
    states: [State]
  ) {
    self.height = height
    self.width = width
    self.axis = axis
    self.bitOrder = bitOrder
    self.classNames = classNames
    self.states = states
  }

  private static let formatName = "packed-bits"
  static let fileName = "format.json"
  private static let mostBytes = 64 << 20

  /// The file's bytes, for people to read too.
  func encoded() throws(StoreError) -> [UInt8] {
    try check()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes: [UInt8]
    do {
      var description = self
      description.crc32 = ChecksummedJSON.zeros
      bytes = ChecksummedJSON.withChecksum(Array(try encoder.encode(description)) + [0x0A])
    } catch {
      throw StoreError(.unsupported, "the class names cannot be written as JSON: \(error)")
    }
    guard bytes.count <= Self.mostBytes else {
      throw StoreError(
        .limitExceeded, "the description has \(bytes.count) bytes, but at most \(Self.mostBytes) are read",
        remedy: "shorten the class names")
    }
    return bytes
  }

  static func read(_ file: borrowing File) throws(StoreError) -> PackedBitDescription {
    let path = file.path
    let bytes = try file.contents(limit: mostBytes)
    var description: PackedBitDescription
    do {
      description = try JSONDecoder().decode(PackedBitDescription.self, from: Data(bytes))
      description.isIntact = ChecksummedJSON.isIntact(bytes, stated: description.crc32)
    } catch {
      throw StoreError(
        .corrupt, "the file is not a description of packed masks (format.json) that can be read", path: path)
    }
    guard description.format == formatName else {
      throw StoreError(
        .unrecognized, "it describes a store of the format '\(description.format)', not packed masks",
        path: path)
    }
    guard description.formatVersion == 1 else {
      throw StoreError(
        .unsupported, "the description has version \(description.formatVersion)",
        remedy: "this package reads version 1", path: path)
    }
    do throws(StoreError) {
      try description.check()
    } catch {
      throw error.at(path: path)
    }
    return description
  }

  /// The state for a number of masks.
  ///
  /// - Parameter isEdited: whether the edit there is, if there is one, has been committed.
  func state(count: Int, isEdited: Bool) -> State? {
    let isPending = edit?.isEmpty == false && !isEdited
    return states?.dropFirst(isPending ? 1 : 0).first { $0.count == count }
  }

  /// The class names of a state, or those of masks without a known state.
  func classNames(of state: State?) -> [String]? {
    // A person who changes the file by hand removes its checksum, and means the names that are
    // listed first.
    guard crc32 != nil, let known = state?.classNames else { return classNames }
    return known.names
  }

  /// More names than these are not classes.
  static let mostClassNames = 1 << 20

  private func check() throws(StoreError) {
    let names = [classNames] + (states ?? []).map { $0.classNames?.names }
    for names in names where (names?.count ?? 0) > Self.mostClassNames {
      throw StoreError(
        .limitExceeded, "\(names!.count) class names are too many: at most \(Self.mostClassNames) are read")
    }
    for state in states ?? [] {
      for place in [PackedBitContents.columnsFolder, PackedBitContents.offsetsFolder] {
        for name in state.names(in: place) { try Column.validate(name: name) }
      }
    }
    // An edit may not read or remove anything else.
    let files = Set((states?.first?.files ?? []).map { Array($0.utf8) })
    for name in edit ?? [] where !files.contains(Array(name.utf8)) {
      throw StoreError(
        .corrupt, "the description names an edit of '\(name)', which is not a file of labels or columns")
    }
  }

  /// How masks are packed, or nil while there are none.
  func layout() throws(StoreError) -> PackedBitLayout? {
    guard let height, let width else { return nil }
    return try PackedBitLayout(height: height, width: width, axis: axis, bitOrder: bitOrder)
  }
}
