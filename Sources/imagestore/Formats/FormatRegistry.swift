internal import ImageStoreCore
internal import StoreIO

/// The kinds of stores the program knows.
enum FormatRegistry {
  /// All kinds, the more particular ones first: a folder of files is what a folder is when it is nothing
  /// else.
  static let formats: [any StoreFormat] = [
    LMDBFormat(), HDF5Format(), NPZFormat(), PackedBitFormat(), CIFARFormat(), FileFormat(),
  ]

  /// The kinds that are written, in the order in which tables list them.
  static let writable: [any WritableStoreFormat] =
    ["file", "lmdb", "hdf5", "npz", "packedbit"].compactMap { format(named: $0) }

  /// The kind that `--to` calls so.
  static func format(named name: String) -> (any WritableStoreFormat)? {
    formats.lazy.compactMap { $0 as? any WritableStoreFormat }.first { $0.name == name }
  }

  /// The kind a destination's suffix stands for; a folder of files where it stands for none.
  static func format(forDestination path: String) -> any WritableStoreFormat {
    writable.first { FileHead.hasSuffix(path, $0.suffixes) } ?? FileFormat()
  }

  /// The kind of what is at a path.
  ///
  /// - Throws: ``StoreError/Code/notFound`` where nothing is; ``StoreError/Code/unrecognized``.
  static func format(of path: String, _ hints: OpenHints) throws(StoreError) -> any StoreFormat {
    guard FileSystem.kind(of: path) != nil else {
      throw StoreError(.notFound, "there is no such file or folder", path: path)
    }
    if let format = formats.first(where: { $0.recognizes(path, hints) }) { return format }
    throw StoreError(
      .unrecognized, "this is no store or data set that can be read",
      remedy: "'imagestore --help' lists what can; bare bits need --shape", path: path)
  }

  /// The kinds and what they read, for the help.
  static var overview: String {
    let width = formats.map(\.name.count).max() ?? 0
    return formats.map { format in
      "  " + format.name + String(repeating: " ", count: width + 2 - format.name.count) + format.summary
    }.joined(separator: "\n")
  }
}
