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

  private static let formatName = "packed-bits"
  static let fileName = "format.json"

  /// The file's bytes, for people to read too.
  func encoded() throws(StoreError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [0x0A]
    } catch {
      throw StoreError(.unsupported, "the class names cannot be written as JSON: \(error)")
    }
  }

  static func read(in folder: String) throws(StoreError) -> PackedBitDescription {
    let path = "\(folder)/\(fileName)"
    let bytes = try FileSystem.contents(of: path, limit: 64 << 20)
    let description: PackedBitDescription
    do {
      description = try JSONDecoder().decode(PackedBitDescription.self, from: Data(bytes))
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
