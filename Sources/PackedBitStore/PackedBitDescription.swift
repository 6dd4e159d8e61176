import ImageStoreCore
import StoreIO

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What `format.json` says of the masks beside it.
struct PackedBitDescription: Codable {
  var format = Self.formatName
  var formatVersion = 1
  /// Null while there are no masks.
  var height: Int?
  var width: Int?
  var axis: PackingAxis
  var bitOrder: BitOrder
  var classNames: [String]?
  /// What belongs to the masks there are, and to those before the last append, which an append that does not
  /// finish leaves behind.
  var states: [State]?
  private var crc32: String? = SealedJSON.zeros
  /// Whether the file's bytes are those that were written.
  private(set) var isIntact = true

  /// The checksums of what is said of some number of masks.
  struct State: Codable {
    let count: Int
    /// The CRC-32 of the values of each file, without `.npy`, for the first `count` masks.
    let checksums: [String: UInt32]
  }

  private enum CodingKeys: String, CodingKey {
    case format, formatVersion, height, width, axis, bitOrder, classNames, states, crc32
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

  /// The file's bytes, for people to read too.
  func encoded() throws(StoreError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      var description = self
      description.crc32 = SealedJSON.zeros
      return SealedJSON.seal(Array(try encoder.encode(description)) + [0x0A])
    } catch {
      throw StoreError(.unsupported, "the class names cannot be written as JSON: \(error)")
    }
  }

  static func read(in folder: String) throws(StoreError) -> PackedBitDescription {
    let path = "\(folder)/\(fileName)"
    let bytes = try FileSystem.contents(of: path, limit: 64 << 20)
    var description: PackedBitDescription
    do {
      description = try JSONDecoder().decode(PackedBitDescription.self, from: Data(bytes))
      description.isIntact = SealedJSON.isIntact(bytes, stated: description.crc32)
    } catch {
      throw StoreError(.corrupt, "this is not the description of packed masks", path: path)
    }
    guard description.format == formatName else {
      throw StoreError(
        .unrecognized, "a description of '\(description.format)', not of packed masks", path: path)
    }
    guard description.formatVersion == 1 else {
      throw StoreError(
        .unsupported, "version \(description.formatVersion) of the description",
        remedy: "this package reads version 1", path: path)
    }
    return description
  }

  /// How masks are packed, or nil while there are none.
  func layout() throws(StoreError) -> PackedBitLayout? {
    guard let height, let width else { return nil }
    return try PackedBitLayout(height: height, width: width, axis: axis, bitOrder: bitOrder)
  }
}
