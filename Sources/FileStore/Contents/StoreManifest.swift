internal import ImageStoreCore
internal import ImageStoreSupport

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The contents of `store.json`, which describes a folder in addition to `labels.csv`: class names,
/// and facts that would otherwise require reading every image. A folder without it can still be
/// read.
struct StoreManifest: Codable {
  static let fileName = "store.json"
  /// The most bytes the file may have.
  static let maximumByteCount = 64 << 20

  /// The state that belongs to one version of `labels.csv`.
  struct State: Codable {
    /// CRC-32 of the whole of `labels.csv`.
    var labelsCRC32: UInt32
    var count: Int
    /// The format of all images, or nil if they differ.
    var imageFormat: ImageFormat?
    var hasLabels: Bool
    /// The kinds of the columns.
    var columns: [String: Column.Kind]
    /// The class names, if they differ from the file's: if an append that adds the first names
    /// fails, the earlier images must not get them.
    var classNames: [String]?
  }

  var format = "image-files"
  var formatVersion = 1
  private var classNames: [String]?
  /// The layout, if it is ``FileStore/Layout/encoded``; other layouts are recognized by the names.
  var layout: FileStore.Layout?
  /// The state now, and before that the one before the last append. An append replaces this file
  /// first, then `labels.csv`: for either version of `labels.csv` that a crash leaves, its state is
  /// here.
  var states: [State]
  /// CRC-32 of the file with zeros in place of these eight digits.
  private var crc32: String? = ChecksummedJSON.zeros
  /// Whether the file's bytes are those that were written; a file without a checksum counts as
  /// intact.
  private(set) var isIntact = true

  private enum CodingKeys: String, CodingKey {
    case format, formatVersion, classNames, layout, states, crc32
  }

  init(classNames: [String]? = nil, states: [State]) {
    self.classNames = classNames
    self.states = states
  }

  /// The state of a `labels.csv`, or nil if it was changed by hand.
  func state(labelsCRC32: UInt32) -> State? {
    states.first { $0.labelsCRC32 == labelsCRC32 }
  }

  /// The class names in a state, or now.
  func classNames(in state: State?) -> [String]? { (state ?? states.first)?.classNames ?? classNames }

  /// Adds the new state, in which classes have these names: after an append they include the old
  /// ones, after an edit they may be any or none.
  mutating func add(_ state: State, classNames names: [String]?) {
    var state = state
    // If only class names change, there is only one `labels.csv`, and this file decides.
    states.removeAll { $0.labelsCRC32 == state.labelsCRC32 }
    if let classNames, names != classNames {
      // The file's own names are the new ones, which after an append are right for both states, for
      // programs that read only these.
      for position in states.indices where states[position].classNames == nil {
        states[position].classNames = classNames
      }
      self.classNames = names
    } else if names != classNames {
      if states.isEmpty { classNames = names } else { state.classNames = names }
    }
    states.insert(state, at: 0)
  }

  /// The file's bytes, for people to read too.
  func encoded() throws(StoreError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var description = self
    description.crc32 = ChecksummedJSON.zeros
    do {
      return ChecksummedJSON.withChecksum(Array(try encoder.encode(description)) + [0x0A])
    } catch {
      throw StoreError(.unsupported, "the class names cannot be written as JSON: \(error)")
    }
  }

  /// Reads the file in a folder, or nothing if there is none.
  ///
  /// - Returns: its contents, and the state of the file.
  static func read(in folder: borrowing Folder) throws(StoreError) -> (StoreManifest, FileState)? {
    guard folder.kind(of: fileName) != nil else { return nil }
    let file = try File(fileName, in: folder, .read, followingLinks: true)
    let path = file.path
    let state = try file.state()
    let bytes = try file.contents(limit: maximumByteCount)
    var description: StoreManifest
    do {
      description = try JSONDecoder().decode(StoreManifest.self, from: Data(bytes))
      description.isIntact = ChecksummedJSON.isIntact(bytes, stated: description.crc32)
    } catch {
      throw StoreError(
        .corrupt, "the file is not a store description (store.json) that can be read",
        remedy: "remove the file to read the folder by labels.csv alone", path: path)
    }
    guard description.format == "image-files" else {
      throw StoreError(
        .unrecognized, "it describes a store of the format '\(description.format)', not 'image-files'",
        path: path)
    }
    guard description.formatVersion == 1 else {
      throw StoreError(
        .unsupported, "the description has version \(description.formatVersion)",
        remedy: "this package reads version 1", path: path)
    }
    return (description, state)
  }
}
