internal import ImageStorePlatform

extension Folder {
  /// Removes a file directly in the folder. Use it only for names that this package gives.
  ///
  /// - Returns: whether there was one.
  package func unlink(_ name: String) -> Bool { unsafe unlinkat(descriptor, name, 0) == 0 }
}
