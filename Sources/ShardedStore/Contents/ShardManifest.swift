import ImageStoreCore
import ImageStoreSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The contents of `manifest.json`, which lists the objects of a data set. A reader with a manifest
/// has a snapshot, because no object that it names is ever changed.
struct ShardManifest: Codable, Sendable {
  var format = Self.formatName
  var formatVersion = 1
  /// How many images there are.
  var count: Int
  var layout: ShardedStore.Layout
  /// The format of all images; null if they differ or there are none.
  var imageFormat: ImageFormat?
  var classNames: [String]?
  /// The kinds of columns, by rising name.
  var columns: [Column]
  var hasLabels: Bool
  var index: Index
  /// The first index, if others have replaced it: its name does not identify its content, so only
  /// this very index, and no other object of that name, may be removed.
  var replacedIndex: ReplacedIndex?
  var shards: [Shard]
  private var crc32: String? = ChecksummedJSON.zeros

  struct Column: Codable, Sendable, Hashable {
    let name: String
    let kind: ImageStoreCore.Column.Kind
  }

  /// An archive of arrays with a value for each image.
  struct Index: Codable, Sendable {
    let name: String
    let bytes: Int
    /// Of all its bytes, as eight hexadecimal digits.
    let crc32: String
    let arrays: [Array]

    /// Where in the archive the bytes of an array are, from its header on.
    struct Array: Codable, Sendable {
      let name: String
      let start: Int
      let bytes: Int
    }
  }

  /// An index that no longer counts.
  struct ReplacedIndex: Codable, Sendable {
    let name: String
    let bytes: Int
    let crc32: String
  }

  /// A file of images that follow one another in the data set.
  struct Shard: Codable, Sendable {
    let name: String
    let bytes: Int
    let count: Int
    /// Of all its bytes, as eight hexadecimal digits.
    let crc32: String
    /// Of all its bytes, as 64 hexadecimal digits.
    let sha256: String
  }

  init(
    count: Int, layout: ShardedStore.Layout, imageFormat: ImageFormat?, classNames: [String]?,
    columns: [Column],
    hasLabels: Bool, index: Index, replacing old: ShardManifest?, shards: [Shard]
  ) {
    self.count = count
    self.layout = layout
    self.imageFormat = imageFormat
    self.classNames = classNames
    self.columns = columns
    self.hasLabels = hasLabels
    self.index = index
    if let replaced = old?.index, replaced.name == ShardNames.firstIndex {
      replacedIndex = ReplacedIndex(name: replaced.name, bytes: replaced.bytes, crc32: replaced.crc32)
    } else {
      replacedIndex = old?.replacedIndex
    }
    self.shards = shards
  }

  private enum CodingKeys: String, CodingKey {
    case format, formatVersion, count, layout, imageFormat, classNames, columns, hasLabels, index,
      replacedIndex, shards, crc32
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(formatVersion, forKey: .formatVersion)
    try container.encode(count, forKey: .count)
    try container.encode(layout, forKey: .layout)
    // null is written out, so that programs find the key.
    try container.encode(imageFormat, forKey: .imageFormat)
    try container.encode(classNames, forKey: .classNames)
    try container.encode(columns, forKey: .columns)
    try container.encode(hasLabels, forKey: .hasLabels)
    try container.encode(index, forKey: .index)
    try container.encodeIfPresent(replacedIndex, forKey: .replacedIndex)
    try container.encode(shards, forKey: .shards)
    try container.encode(crc32, forKey: .crc32)
  }

  private static let formatName = "sharded-images"
  /// More than 300,000 shards.
  static let mostBytes = 64 << 20
  /// More names than these are not classes.
  static let mostClassNames = 1 << 20

  /// The object's bytes, for people to read too.
  func encoded() throws(StoreError) -> [UInt8] {
    try check()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes: [UInt8]
    do {
      var manifest = self
      manifest.crc32 = ChecksummedJSON.zeros
      // Sorted, the manifest's own checksum comes before those of the objects.
      bytes = ChecksummedJSON.withChecksum(Swift.Array(try encoder.encode(manifest)) + [0x0A])
    } catch {
      throw StoreError(.unsupported, "the manifest cannot be written as JSON: \(error)")
    }
    guard bytes.count <= Self.mostBytes else {
      throw StoreError(
        .limitExceeded, "the manifest has \(bytes.count) bytes, but at most \(Self.mostBytes) are read",
        remedy: "make larger shards")
    }
    return bytes
  }

  /// Whether bytes claim to be the manifest of such a data set.
  static func isManifest(_ bytes: [UInt8]) -> Bool {
    struct Head: Decodable { let format: String }
    return (try? JSONDecoder().decode(Head.self, from: Data(bytes)))?.format == formatName
  }

  /// - Throws: ``StoreError/Code/corrupt`` for bytes that are not a manifest, contradict themselves
  ///   or do not agree with their checksum; ``StoreError/Code/unrecognized``;
  ///   ``StoreError/Code/unsupported`` for another version.
  init(parsing bytes: [UInt8]) throws(StoreError) {
    struct Version: Decodable { let format: String, formatVersion: Int }
    let decoder = JSONDecoder()
    let data = Data(bytes)
    do {
      let version = try decoder.decode(Version.self, from: data)
      guard version.format == Self.formatName else {
        throw StoreError(
          .unrecognized, "the manifest is one of the format '\(version.format)', not of a sharded data set")
      }
      guard version.formatVersion == 1 else {
        throw StoreError(
          .unsupported, "the manifest has version \(version.formatVersion)",
          remedy: "this package reads version 1")
      }
      self = try decoder.decode(ShardManifest.self, from: data)
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.corrupt, "the file is not a manifest of a sharded data set that can be read")
    }
    guard ChecksummedJSON.isIntact(bytes, stated: crc32) else {
      throw StoreError(
        .corrupt, "the manifest does not agree with its checksum",
        remedy: "restore it, or remove its crc32 if it was changed on purpose")
    }
    try check()
  }

  /// Checks that the parts agree with one another, and that names are those of objects of a data set.
  private func check() throws(StoreError) {
    guard (classNames?.count ?? 0) <= Self.mostClassNames else {
      throw StoreError(
        .limitExceeded,
        "\(classNames!.count) class names are too many: at most \(Self.mostClassNames) are read")
    }
    var rest = count
    var names: Set<String> = []
    for shard in shards {
      guard ShardNames.isShard(shard.name), names.insert(shard.name).inserted, shard.count > 0,
        shard.bytes > 0,
        shard.bytes <= 1 << 62, shard.count <= rest, Self.isChecksum(shard.crc32)
      else {
        throw StoreError(.corrupt, "the manifest lists an impossible shard", key: shard.name)
      }
      rest -= shard.count
    }
    guard count >= 0, rest == 0 else {
      throw StoreError(.corrupt, "the shards have \(count - rest) images, but the manifest says \(count)")
    }
    guard ShardNames.isIndex(index.name), index.bytes > 0,
      Self.isChecksum(index.crc32)
    else {
      throw StoreError(.corrupt, "the manifest names an impossible index", key: index.name)
    }
    if let replacedIndex, replacedIndex.name != ShardNames.firstIndex {
      throw StoreError(
        .corrupt, "the manifest says it replaced an impossible index", key: replacedIndex.name)
    }
    for array in index.arrays
    where array.start < 0 || array.bytes < 0 || array.start > index.bytes
      || array.bytes > index.bytes - array.start
    {
      throw StoreError(.corrupt, "the manifest names an array outside the index", key: array.name)
    }
    for (column, next) in zip(columns, columns.dropFirst()) where !(column.name < next.name) {
      throw StoreError(.corrupt, "the columns are not in the order of their names", key: next.name)
    }
    for column in columns { try ImageStoreCore.Column.validate(name: column.name) }
  }

  private static func isChecksum(_ text: String) -> Bool {
    text.utf8.count == 8 && UInt32(text, radix: 16) != nil
  }
}

/// The names of the objects of a data set.
enum ShardNames {
  static let manifest = "manifest.json"
  static let folder = "shards"

  /// The name of a shard in its folder: its number when it was written, and the first 64 bits of
  /// its SHA-256.
  static func shard(_ number: Int, sha256: String) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits + "-" + sha256.prefix(16)
      + ".npz"
  }

  /// The name of a shard's object.
  static func object(ofShard name: String) -> String { "\(folder)/\(name)" }

  /// The name of the index of a folder that is written completely.
  static let firstIndex = "index.npz"

  /// The name of an index next to others, which identifies its content.
  static func index(sha256: String) -> String { "index-\(sha256.prefix(16)).npz" }

  /// Whether a manifest may name its index so.
  static func isIndex(_ name: String) -> Bool { name == firstIndex || hash(in: name, after: "index") != nil }

  static func isShard(_ name: String) -> Bool {
    let digits = name.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
    return (5...18).contains(digits.count) && hash(in: name, after: String(digits) ?? "") != nil
  }

  /// The hash of the content in the name of an index or of a shard's object; nil for other names.
  static func hash(in object: String) -> String? {
    if let hash = hash(in: object, after: "index") { return hash }
    let shards = "\(folder)/"
    guard object.hasPrefix(shards) else { return nil }
    let shard = object.dropFirst(shards.count)
    return isShard(String(shard)) ? String(shard.dropLast(4).suffix(16)) : nil
  }

  private static func hash(in name: String, after beginning: String) -> String? {
    guard name.hasPrefix(beginning + "-"), name.hasSuffix(".npz") else { return nil }
    let hash = name.utf8.dropFirst(beginning.utf8.count + 1).dropLast(4)
    guard hash.count == 16, hash.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return String(hash)
  }
}

extension UInt32 {
  /// The form of checksums in manifests: eight hexadecimal digits.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
