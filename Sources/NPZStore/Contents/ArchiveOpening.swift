import ImageStoreCodecs
import ImageStoreCore
import ImageStoreSupport

extension ZipNumbering {
  /// The names of the entries of images, as this package and numpy's users write them.
  static let images = ZipNumbering(prefix: "ix-", suffixes: [".npy"], digitCount: 6)
  /// The same for encoded images, by the positions of their codecs.
  static let encodedImages = ZipNumbering(prefix: "ix-", suffixes: [".png", ".jpg"], digitCount: 6)

  /// The name of an encoded image.
  static func name(ofEncoded number: Int, _ kind: StoredKind) -> String {
    encodedImages.name(of: number, suffix: ImageCodecs.position(ofCodec: kind.codec))
  }
}

extension ZipArchive {
  /// Opens an archive as its last commit left it.
  ///
  /// - Throws: as ``ZipEnd/find(in:accept:)`` and ``ZipDirectory/init(_:count:offset:numbering:)``,
  ///   naming the file.
  convenience init(at path: String) throws(StoreError) {
    do throws(StoreError) {
      let (file, directory, end) = try Self.open(path)
      self.init(file, directory, end)
    } catch {
      throw error.at(path: path)
    }
  }

  private static func open(
    _ path: String
  ) throws(StoreError) -> (MappedFile, ZipDirectory, ZipEnd) {
    let file = try File(path, .read)
    // A writer may cut off the bytes of a dead one, or commit, while the file is examined; a few
    // tries are enough.
    for _ in 0..<100 {
      let state = try file.state()
      do throws(StoreError) {
        let map = try MappedFile(file)
        let found: (directory: ZipDirectory, end: ZipEnd)? = try ZipEnd.find(in: file) {
          (end) throws(StoreError) in
          // Nil if a writer finished an append since the file was mapped.
          guard let bytes = unsafe map.bytes(at: end.directoryOffset, count: end.directoryByteCount)
          else { return nil }
          let place = end.directoryOffset..<end.directoryOffset + end.directoryByteCount
          return try map.readingPieces([place]) { () throws(StoreError) in
            try unsafe end.checkDirectory(bytes)
            let directory = try unsafe ZipDirectory(
              bytes, count: end.entryCount, offset: end.directoryOffset,
              numbering: end.mark == .encoded ? .encodedImages : .images)
            return (directory, end)
          }
        }
        if let found { return (map, found.directory, found.end) }
      } catch {
        let now = try file.state()
        if error.code == .system || now == state { throw error }
      }
    }
    throw StoreError(.busy, "writers keep changing it while it is opened", remedy: "open it again")
  }
}

extension ZipArchive {
  /// How many names are compared when an archive is opened.
  private static let mostNamesCompared = 4096

  /// Compares names in a directory without a checksum with those in the local headers, so that a
  /// damaged name neither hides labels nor shifts images: of entries without a number, and of
  /// numbers in the position of another.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func checkNames() throws(StoreError) {
    // This package leaves no gaps.
    if end.mark != nil, directory.hasGaps {
      throw StoreError(
        .corrupt, "image numbers are missing from its entries", remedy: "write the archive again", path: path)
    }
    // This package writes every entry so that it can be read.
    if end.mark != nil, let problem = directory.problems.first { throw problem.error.at(path: path) }
    for problem in directory.problems.prefix(Self.mostNamesCompared) {
      let entry = directory.entries[problem.position]
      try checkName(of: entry, problem.name)
      let header = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[entry.offset..<entry.limit])
      // A damaged record must not hide an entry.
      guard unsafe header.integer(UInt16.self, at: 8) == problem.method,
        unsafe header.integer(UInt16.self, at: 6) == problem.flags
      else {
        throw StoreError(
          .corrupt, "the archive's directory contradicts the header before the entry",
          remedy: "fetch or write the archive again", path: path, key: problem.name)
      }
    }
    guard !end.hasDirectoryChecksum else { return }
    let named = directory.named.prefix(Self.mostNamesCompared)
    let strays = directory.strayNumbers
    let compared = named.map(\.position) + strays.prefix(Self.mostNamesCompared).map(\.position)
    try file.readingPieces(compared.map { headers(of: directory.entries[$0]) }) { () throws(StoreError) in
      for named in named { try checkName(of: directory.entries[named.position], named.name) }
      try checkStrays(strays)
    }
  }

  /// Where the header before an entry is, and the beginning of the entry, which has a header of its own.
  func headers(of entry: ZipEntry) -> Range<Int> {
    entry.offset..<min(entry.offset + 512 + entry.nameByteCount, entry.limit)
  }

  private func checkStrays(_ strays: [(number: Int, position: Int)]) throws(StoreError) {
    var compared = 0
    for (position, stray) in strays.enumerated() where compared < Self.mostNamesCompared {
      let before = position > 0 ? strays[position - 1] : nil
      let after = position + 1 < strays.count ? strays[position + 1] : nil
      let follows = before.map { $0.number + 1 == stray.number && $0.position + 1 == stray.position } ?? false
      let isFollowed =
        after.map { $0.number == stray.number + 1 && $0.position == stray.position + 1 } ?? false
      if follows && isFollowed { continue }
      try checkName(of: directory.entries[stray.position], directory.numbering.name(of: stray.number))
      compared += 1
    }
  }

  private func checkName(of entry: ZipEntry, _ name: String) throws(StoreError) {
    // The directory was checked: the header and the name are before the limit, the limit in the file.
    let header = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[entry.offset..<entry.limit])
    let start = ZipFormat.localHeaderByteCount
    let local = unsafe UnsafeRawBufferPointer(rebasing: header[start..<start + entry.nameByteCount])
    guard unsafe header.integer(UInt32.self, at: 0) == ZipFormat.localHeader,
      unsafe header.integer(UInt16.self, at: 26).map(Int.init) == entry.nameByteCount,
      unsafe CRC32.checksum(of: local) == entry.nameChecksum
    else {
      throw StoreError(
        .corrupt, "the name in the archive's directory is not the one before the entry",
        remedy: "fetch or write the archive again", path: path, key: name)
    }
  }

  /// Compares every record of the directory with the local header of its entry.
  ///
  /// - Throws: ``StoreError/Code/corrupt``.
  func checkLocalHeaders() throws(StoreError) {
    for entry in directory.entries {
      do throws(StoreError) {
        _ = try unsafe compressedBytes(of: entry)
      } catch {
        throw error.at(path: path)
      }
    }
  }
}
