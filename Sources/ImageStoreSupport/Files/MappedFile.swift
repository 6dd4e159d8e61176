package import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// A file mapped into memory for reading, whole.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the map is read-only and stays until the last
/// reference goes. A file that another program cuts short while it is mapped ends the process with
/// SIGBUS when the lost part is read; no writer of this package shortens a file in place.
@safe package final class MappedFile: @unchecked Sendable {
  package let path: String
  let mapped: UnsafeRawBufferPointer
  /// Whether the file belongs to this user.
  let isOwn: Bool
  /// Whether the whole file has been fetched once.
  let wasRead = Atomic(false)
  /// Counts the samples of pages in memory, which are taken at other places each time.
  let sampling = Atomic<UInt32>(0)
  /// The device and inode of the file, by which one file under two names is known.
  package let identity: FileIdentity
  /// The size of the file, or its size on the disk if that is less: a file may have holes, which
  /// take no space.
  package let allocatedByteCount: Int

  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/unrecognized`` if the path is not a
  ///   regular file, ``StoreError/Code/system``.
  package convenience init(_ path: String) throws(StoreError) {
    try self.init(File(path, .read))
  }

  /// Maps an open file, which may be closed afterwards.
  ///
  /// - Throws: ``StoreError/Code/system``.
  package init(_ file: borrowing File) throws(StoreError) {
    let status = try file.status()
    path = file.path
    identity = FileIdentity(status)
    isOwn = status.st_uid == geteuid()
    let byteCount = Int(status.st_size)
    allocatedByteCount = min(byteCount, Int(status.st_blocks) * 512)
    guard byteCount > 0 else {
      unsafe mapped = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = unsafe Self.map(file.descriptor, byteCount) else {
      throw .system(errno, "mapping it into memory", path: path)
    }
    unsafe mapped = UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// Maps a file, from an address on which a large page may begin: what of it is in memory in such
  /// pages is then mapped with one fault each instead of 512, and found by the processor in one
  /// step less.
  ///
  /// - Returns: nil with `errno` if it cannot be mapped.
  @unsafe private static func map(_ descriptor: Int32, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    let (space, overflow) = byteCount.addingReportingOverflow(2 * regionByteCount)
    if byteCount >= regionByteCount, !overflow,
      let reserved = unsafe mmap(nil, space, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0),
      unsafe reserved != MAP_FAILED
    {
      let first = UInt(bitPattern: reserved)
      let region = UInt(regionByteCount)
      let page = UInt(getpagesize())
      let start = (first + region - 1) / region * region
      let end = (start + UInt(byteCount) + page - 1) / page * page
      // The reservation is this map's own, so that nothing else is replaced; what is left of it on
      // both sides is returned.
      let base = unsafe mmap(
        UnsafeMutableRawPointer(bitPattern: start), byteCount, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor,
        0)
      if let base = unsafe base, unsafe base != MAP_FAILED {
        if start > first { _ = unsafe munmap(reserved, Int(start - first)) }
        _ = unsafe munmap(UnsafeMutableRawPointer(bitPattern: end), Int(first + UInt(space) - end))
        return unsafe base
      }
      _ = unsafe munmap(reserved, space)
    }
    let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0)
    return unsafe base == MAP_FAILED ? nil : base
  }

  deinit {
    if let base = unsafe mapped.baseAddress {
      _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), mapped.count)
    }
  }

  /// Bytes in the file.
  package var byteCount: Int { unsafe mapped.count }

  /// All bytes of the file; valid while this object lives.
  @unsafe package var bytes: UnsafeRawBufferPointer { unsafe mapped }

  /// The bytes of a range, or nil if the file does not have them all.
  @unsafe package func bytes(at offset: Int, count: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      return nil
    }
    return unsafe UnsafeRawBufferPointer(rebasing: mapped[offset..<offset + count])
  }
}

/// Integers in the bytes of a file, at any alignment.
extension UnsafeRawBufferPointer {
  /// The integer at an offset, or nil if the bytes end before.
  @inline(__always)
  package func integer<Value: FixedWidthInteger>(
    _ type: Value.Type, at offset: Int, bigEndian: Bool = false
  ) -> Value? {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, count >= size, offset <= count - size else { return nil }
    let raw = unsafe loadUnaligned(fromByteOffset: offset, as: Value.self)
    return bigEndian ? Value(bigEndian: raw) : Value(littleEndian: raw)
  }
}
