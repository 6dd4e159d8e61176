internal import CImageStoreSystem
package import ImageStoreCore
internal import ImageStorePlatform

/// The metadata of a file or folder that must not be lost when another takes its name.
package enum FileMetadata {
  /// Gives an open file or folder the owner, the extended attributes (access lists among them) and
  /// the mode of another.
  ///
  /// Only root may give files away, so the owner is kept if the system permits it. If the group
  /// cannot be kept, its rights are dropped: the new group then has no more rights than everybody.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for an attribute that cannot be set, naming it;
  ///   ``StoreError/Code/system``.
  static func copy(from old: Int32, to new: Int32, path: String) throws(StoreError) {
    var (was, now) = (stat(), stat())
    guard unsafe fstat(old, &was) == 0, unsafe fstat(new, &now) == 0 else {
      throw .system(errno, "looking up its owner", path: path)
    }
    var mode = was.st_mode & 0o7777
    if was.st_uid != now.st_uid || was.st_gid != now.st_gid,
      fchown(new, was.st_uid, was.st_gid) != 0
    {
      // Only the owner may set set-user-ID bits.
      mode &= 0o777
      if was.st_gid != now.st_gid, fchown(new, uid_t.max, was.st_gid) != 0 {
        mode = mode & ~0o070 | (mode & 0o007) << 3 & mode & 0o070
      }
    }
    let capacity = 256
    var failed = [CChar](repeating: 0, count: capacity)
    if unsafe image_stores_copy_attributes(old, new, &failed, Int32(capacity)) != 0 {
      let reason = errno
      let name = String(decoding: failed.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw StoreError(
        .unsupported,
        "the extended attribute '\(name)' cannot be kept: \(unsafe String(cString: strerror(reason)))",
        remedy: "remove the attribute, or convert to a new store", path: path,
        underlying: .init(.posix, reason))
    }
    // Last, since a change of owner or access list changes the mode.
    guard fchmod(new, mode) == 0 else { throw .system(errno, "setting its permissions", path: path) }
  }
}

extension File {
  /// Gives this file the owner, attributes and mode of another; see ``FileMetadata``.
  package func takeMetadata(of other: borrowing File) throws(StoreError) {
    try FileMetadata.copy(from: other.descriptor, to: descriptor, path: other.path)
  }
}
