import Foundation

/// Files of other projects, which are not part of the repository: a folder of folders such as `pngsuite`.
public enum Corpora {
  /// The folder that the environment names, or nil.
  public static let folder: String? = {
    let path = ProcessInfo.processInfo.environment["IMAGE_STORES_CORPORA"]
    return path.flatMap { isThere($0) ? $0 : nil }
  }()

  /// One of its folders, or nil.
  public static func folder(_ name: String) -> String? {
    folder.map { "\($0)/\(name)" }.flatMap { isThere($0) ? $0 : nil }
  }

  /// A file of it or next to it, or nil.
  public static func file(_ name: String) -> String? {
    folder.flatMap { folder in ["\(folder)/\(name)", "\(folder)/../\(name)"].first(where: isThere) }
  }

  private static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
