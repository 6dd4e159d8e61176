internal import ImageStoreCore
internal import ImageStoreSupport
internal import PNGCodec

/// Reads PNG files of a folder one after another, in memory that is used again. One thread at a time.
final class PNGFileReader {
  private var decoder = PNGDecoder()
  private var file: PixelMemory
  /// A whole image of which a region is wanted.
  private var whole: PixelMemory
  private var path: [UInt8] = []

  /// - Parameter checksEveryChunk: whether the checksums of what is not pixels are checked, too.
  init(checksEveryChunk: Bool = false) throws(StoreError) {
    decoder.checksEveryChunk = checksEveryChunk
    file = try PixelMemory(capacity: 64 << 10)
    whole = try PixelMemory(capacity: 64 << 10)
  }

  /// The format of an image, from the first bytes of its file.
  func format(_ index: Int, of paths: ImagePaths, in folder: borrowing Folder) throws(StoreError)
    -> ImageFormat
  {
    paths.write(index, to: &path)
    do throws(StoreError) {
      let byteCount = try readHead(of: folder)
      do throws(StoreError) {
        return try headFormat()
      } catch {
        // The header may reach beyond what was read.
        guard let byteCount, error.code == .corrupt else { throw error }
        try readWhole(byteCount, of: folder)
        return try headFormat()
      }
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Decodes an image, which must have `format`, or a region of it.
  ///
  /// - Parameter memory: has the size of the region, or of the image where there is none.
  func decode(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder, as format: ImageFormat,
    region: ImageRegion?, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
      guard let region else {
        return try unsafe decoder.decode(file.bytes, as: format, into: memory)
      }
      try decodeWhole(as: format)
      unsafe copyRegion(region, of: format, from: whole.bytes.baseAddress!, to: memory.baseAddress!)
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Decodes an image and drops it.
  ///
  /// - Parameter format: what the image must have; nil for whatever it has.
  func verify(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder, as format: ImageFormat?
  ) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
      if let format {
        try decodeWhole(as: format)
      } else {
        try decodeWhole(as: headFormat())
      }
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Decodes what was read into memory of the reader's own.
  private func decodeWhole(as format: ImageFormat) throws(StoreError) {
    if whole.capacity < format.byteCount { whole = try PixelMemory(capacity: format.byteCount) }
    try whole.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(format.byteCount) { (image) throws(StoreError) in
        try unsafe decoder.decode(file.bytes, as: format, into: image)
      }
    }
  }

  /// Reads the whole of the file at `path`.
  private func readFile(of folder: borrowing Folder) throws(StoreError) {
    if let byteCount = try readHead(of: folder) { try readWhole(byteCount, of: folder) }
  }

  /// The format that the first bytes of the file say.
  private func headFormat() throws(StoreError) -> ImageFormat {
    let file = file
    return try decoder.readHeader(of: file.span).format
  }

  /// Reads the file at `path`, or as much of it as the memory at hand has room for.
  ///
  /// - Returns: the file's size where there was not enough room.
  private func readHead(of folder: borrowing Folder) throws(StoreError) -> Int? {
    try unsafe path.withUnsafeBufferPointer { (bytes) throws(StoreError) in
      try unsafe bytes.withMemoryRebound(to: CChar.self) { (name) throws(StoreError) in
        try unsafe folder.read(name.baseAddress!, into: file)
      }
    }
  }

  /// Reads the file at `path`, whose head has been read, again into enough memory: no more than what its
  /// header justifies.
  private func readWhole(_ byteCount: Int, of folder: borrowing Folder) throws(StoreError) {
    let head = file
    let most = try decoder.mostFileBytes(head.span)
    guard byteCount <= most else {
      throw StoreError(
        .limitExceeded, "a PNG of \(byteCount) bytes where its header justifies \(most)",
        remedy: "save it again without what is not pixels")
    }
    // One byte more than the file has, so that its end is seen.
    file = try PixelMemory(capacity: byteCount + 1)
    if try readHead(of: folder) != nil {
      throw StoreError(.corrupt, "the file grows while it is read")
    }
  }

  private func pathText(in folder: borrowing Folder) -> String {
    "\(folder.path)/\(String(decoding: path.dropLast(), as: UTF8.self))"
  }
}
