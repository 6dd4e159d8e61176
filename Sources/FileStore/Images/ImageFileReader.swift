internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport

/// Reads image files of a folder one after another, reusing its memory. It is used by one thread at
/// a time.
final class ImageFileReader {
  /// The decoder of image files.
  private let decoder: EncodedImageDecoder
  /// A decoder that also checks the parts that do not affect pixels.
  private let strict: EncodedImageDecoder
  private var file: PixelMemory
  /// An image that is decoded to be dropped.
  private var image = GrowingMemory()
  private var path: [UInt8] = []

  /// Whether an option applies to a picture that it has examined.
  func hasUse(for option: StoreDescription.Option) -> Bool {
    decoder.hasUse(for: option) || strict.hasUse(for: option)
  }

  /// - Parameter description: the caller's description of pictures.
  init(_ description: StoreDescription) throws(StoreError) {
    decoder = ImageCodecs.decoder(description)
    strict = ImageCodecs.decoder(description, checksEverything: true)
    file = try PixelMemory(capacity: 64 << 10)
  }

  /// The format of an image, from the first bytes of its file.
  func format(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder
  ) throws(StoreError) -> ImageFormat {
    paths.write(index, to: &path)
    do throws(StoreError) {
      let byteCount = try readHead(of: folder)
      if let format = try headFormat() { return format }
      // The header reaches beyond what was read.
      if let byteCount {
        try readWhole(byteCount, of: folder)
        if let format = try headFormat() { return format }
      }
      throw StoreError(.corrupt, "the file ends before its header does")
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Decodes an image, or a region of it.
  ///
  /// - Parameter memory: `request.byteCount` bytes.
  func decode(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder, _ request: DecodeRequest,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
      let file = file
      try unsafe decoder.decode(file.span, request, into: memory)
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Lends the whole of an image's file.
  func withFile(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder,
    _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
    let file = file
    try body(file.span)
  }

  /// Compares the file of an image with its checksums, without decoding it.
  func verify(_ index: Int, of paths: ImagePaths, in folder: borrowing Folder) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
      let file = file
      try decoder.verify(file.span)
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Decodes an image with every checksum of its file checked, and drops it.
  ///
  /// - Parameter expected: the format that the image must have; nil for any.
  func decode(
    _ index: Int, of paths: ImagePaths, in folder: borrowing Folder, as expected: ImageFormat?
  ) throws(StoreError) {
    paths.write(index, to: &path)
    do throws(StoreError) {
      try readFile(of: folder)
      let found = if let expected { expected } else { try headFormat() }
      guard let format = found else {
        throw StoreError(.corrupt, "the file ends before its header does")
      }
      let file = file
      try unsafe image.write(format.byteCount) { (memory) throws(StoreError) in
        try unsafe strict.decode(file.span, DecodeRequest(format: format), into: memory)
      }
    } catch {
      throw error.at(path: pathText(in: folder), image: index)
    }
  }

  /// Reads the whole of the file at `path`.
  private func readFile(of folder: borrowing Folder) throws(StoreError) {
    if let byteCount = try readHead(of: folder) { try readWhole(byteCount, of: folder) }
  }

  /// The format in the bytes read so far, if they have it.
  private func headFormat() throws(StoreError) -> ImageFormat? {
    let file = file
    return try decoder.format(ofHead: file.span)
  }

  /// Reads the file at `path`, or as much of it as the memory at hand has room for.
  ///
  /// - Returns: the file's size if there was not enough room.
  private func readHead(of folder: borrowing Folder) throws(StoreError) -> Int? {
    try unsafe path.withUnsafeBufferPointer { (bytes) throws(StoreError) in
      try unsafe bytes.withMemoryRebound(to: CChar.self) { (name) throws(StoreError) in
        try unsafe folder.read(name.baseAddress!, into: file)
      }
    }
  }

  /// Reads the file at `path`, whose head has been read, again into enough memory, but no more than
  /// its header justifies.
  private func readWhole(_ byteCount: Int, of folder: borrowing Folder) throws(StoreError) {
    let head = file
    let most = try decoder.largestByteCount(ofHead: head.span)
    guard byteCount <= most else {
      throw StoreError(
        .limitExceeded, "the image file has \(byteCount) bytes, but its header allows for at most \(most)",
        remedy: "save it again with nothing in it except the picture")
    }
    // One byte more than the file has, so that its end is seen.
    file = try PixelMemory(capacity: byteCount + 1)
    if try readHead(of: folder) != nil {
      throw StoreError(.corrupt, "the file grew while it was being read")
    }
  }

  private func pathText(in folder: borrowing Folder) -> String {
    "\(folder.path)/\(shownName(path.dropLast()))"
  }
}
