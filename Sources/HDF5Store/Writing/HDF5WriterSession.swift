import ImageStoreCodecs
import ImageStoreCore
import ImageStoreSupport

/// The work of ``HDF5Store/Writer`` from its first image to its end: it streams pixels to a file,
/// and the rest is made around them when it finishes.
struct HDF5WriterSession: EncodedWriterSession, ~Copyable {
  var state: WriterState
  let encodedLayout: EncodedLayout?

  let staging: Staging
  let threads: Int
  var forms: ValueForms
  /// The existing file.
  let existing: HDF5Store?
  /// The file that is appended to, locked so that libhdf5 does not let others write changes that
  /// the rewriting would lose.
  private let replaced: ReadersHold?
  let isCompressed: Bool
  var pixels: PixelFile
  var encoder: ChunkEncoder
  var images = ImageRuns()
  /// The labels and columns of all images so far.
  var labels: ImageLabels?
  var checksums: [UInt32] = []
  /// The kinds of encoded images, and where each begins and the last ends.
  var encoded = EncodedRecords()
  /// The format that all images must have, because the existing ones are in one dataset, which
  /// other programs may rely on.
  private let required: ImageFormat?

  private init(
    _ state: WriterState, _ staging: consuming Staging, _ pixels: consuming PixelFile, forms: ValueForms,
    replaced: consuming ReadersHold?, level: Int?, required: ImageFormat?, threads: Int,
    encodedLayout: EncodedLayout?, existing: HDF5Store?
  ) {
    self.encodedLayout = encodedLayout
    self.existing = existing
    self.required = required
    self.state = state
    self.staging = staging
    self.pixels = pixels
    self.forms = forms
    self.replaced = replaced
    self.threads = threads
    isCompressed = level != nil
    encoder = ChunkEncoder(level: level ?? 0, threads: threads)
  }

  /// A session that writes a new file, or copies an existing one to append to it.
  ///
  /// - Parameter takesOver: whether it does so now.
  static func start(
    _ path: String, _ mode: WriteMode, _ compression: Compression, _ layout: HDF5Store.Layout,
    _ encoding: ImageEncoding, classNames: [String]?, threads: Int?, takesOver: Bool = true
  ) throws(StoreError) -> HDF5WriterSession {
    let threads = Workers.threadCount(threads)
    // The existing file is replaced by a longer one.
    let staging = try Staging(destination: path, mode: mode) { (path) throws(StoreError) in
      try HDF5Store.otherContents(at: path)
    }
    var hold: ReadersHold?
    var old: HDF5Store?
    var forms = ValueForms()
    if mode == .append, !staging.isNew {
      do throws(StoreError) {
        hold = try ReadersHold(path)
      } catch {
        throw error.at(path: path)
      }
      let store = try HDF5Store(at: path, threads: threads)
      try store.checkHoldsNothingElse()
      try store.verifyRecords()
      forms = try store.valueForms()
      old = store
    }
    if let old { try old.checkLayout(layout) }
    let isEncoded = old.map(\.isEncodedHere) ?? (layout == .encoded)
    guard !isEncoded || compression == .none else {
      throw StoreError(
        .invalidArgument, "encoded images are kept as they are, so compression does not apply",
        remedy: "leave it out", path: path)
    }
    let encodedLayout = try ImageCodecs.encodedLayout(isEncoded: isEncoded, encoding, threads: threads)
    let state = try WriterState(
      path: path, classNames: classNames, appendingTo: old?.existing,
      labels: { () throws(StoreError) in try old?.labels() })
    let pixels = try PixelFile(staging.path)
    let isCompressed = old?.isCompressed ?? (compression != .none)
    let level = forms.level ?? (compression == .small ? 9 : 1)
    var session = HDF5WriterSession(
      state, staging, pixels, forms: forms, replaced: hold, level: isCompressed ? level : nil,
      required: layout == .uniform ? old?.datasetFormat : nil, threads: threads, encodedLayout: encodedLayout,
      existing: old)
    if let old, takesOver {
      do throws(StoreError) {
        try session.takeOver(old)
      } catch {
        throw error.at(path: path)
      }
    }
    return session
  }

  mutating func write(
    encoded bytes: RawSpan, _ images: [EncodedImage], labels added: ImageLabels
  ) throws(StoreError) {
    try add(added)
    for image in images { encoded.append(image.kind, byteCount: image.range.count) }
    checksums += images.map(\.checksum)
    try unsafe bytes.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe pixels.append(bytes) }
  }

  private mutating func add(_ added: ImageLabels) throws(StoreError) {
    try added.checkStrings()
    try forms.check(added)
    if labels == nil {
      labels = added
    } else {
      try labels!.append(added)
    }
  }

  mutating func write(
    _ pixels: RawSpan, layout: BatchLayout, labels added: ImageLabels
  ) throws(StoreError) {
    if let encodedLayout {
      return try encodeAndWrite(pixels, layout: layout, labels: added, with: encodedLayout)
    }
    try add(added)
    try unsafe pixels.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe append(bytes, layout) }
  }

  consuming func complete() throws(StoreError) {
    if isCompressed, let format = images.uniformFormat {
      try encoder.finish(format, imagesPerChunk: ChunkEncoder.imagesPerChunk(format), to: &pixels)
    }
    try pixels.flush()
    let assembly = FileAssembly(
      images: images,
      chunks: isCompressed ? FileAssembly.Chunks(sizes: encoder.sizes, level: encoder.level) : nil,
      encoded: encodedLayout == nil ? nil : encoded, labels: labels ?? ImageLabels(), checksums: checksums,
      classNames: state.classNames, forms: forms)
    try assembly.complete(pixels, in: staging)
    try staging.commit()
  }

  /// Streams images, and takes their checksums.
  mutating func append(_ bytes: UnsafeRawBufferPointer, _ layout: BatchLayout) throws(StoreError) {
    try layout.forEachRun { (format, count, range) throws(StoreError) in
      try unsafe append(UnsafeRawBufferPointer(rebasing: bytes[range]), format, count: count)
    }
  }

  /// Streams images of one format.
  private mutating func append(
    _ bytes: UnsafeRawBufferPointer, _ format: ImageFormat, count: Int
  ) throws(StoreError) {
    if let required, format != required {
      throw StoreError(
        .unsupported,
        "images of \(format) do not fit this file: its \(DatasetNames.images) is one dataset of \(required); "
          + "with both it has to become a group with a dataset for each image, which code that reads the dataset does not expect",
        remedy: "append with --layout mixed (HDF5Store.Layout.mixed), or write another file",
        image: images.count)
    }
    guard isCompressed else {
      images.append(format, count: count)
      return try unsafe Self.appendChecksums(
        of: bytes, format, count: count, to: &checksums, threads: threads, offset: pixels.end
      ) { (part) throws(StoreError) in
        try unsafe pixels.append(part)
      }
    }
    try ChunkEncoder.check(format)
    if let uniform = images.uniformFormat, uniform != format { try separateChunks(uniform) }
    images.append(format, count: count)
    let isUniform = images.uniformFormat != nil
    for image in 0..<count {
      let range = image * format.byteCount..<(image + 1) * format.byteCount
      checksums.append(unsafe CRC32.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[range])))
    }
    try unsafe encoder.append(
      bytes, format, imagesPerChunk: isUniform ? ChunkEncoder.imagesPerChunk(format) : 1, to: &pixels)
  }

  /// Adds the checksums of images of one format, and calls `write`: on another thread at the same
  /// time if two are allowed, otherwise in pieces that are still in the processor's cache.
  ///
  /// - Parameters:
  ///   - offset: where the first byte goes in the file.
  ///   - write: takes bytes of the images, in order, all of them once.
  private static func appendChecksums(
    of bytes: UnsafeRawBufferPointer, _ format: ImageFormat, count: Int, to checksums: inout [UInt32],
    threads: Int, offset: Int, while write: (UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    let size = format.byteCount
    let first = checksums.count
    checksums.append(contentsOf: repeatElement(0, count: count))
    var span = checksums.mutableSpan
    try unsafe span.withUnsafeMutableBufferPointer { (sums) throws(StoreError) in
      let sums = unsafe UnsafeMutableBufferPointer(rebasing: sums[first...])
      func check(_ run: Range<Int>) {
        for image in run {
          unsafe sums[image] = CRC32.checksum(
            of: UnsafeRawBufferPointer(rebasing: bytes[image * size..<(image + 1) * size]))
        }
      }
      if threads > 1, bytes.count >= 1 << 18 {
        try Workers.perform(2, threads: threads) { (piece) throws(StoreError) in
          if piece == 0 { try unsafe write(bytes) } else { check(0..<count) }
        }
        return
      }
      // Pieces end at the boundaries of the file's pieces, so that they are written without a copy.
      var written = 0
      let step = max(1, SequentialWriting.pieceByteCount / size)
      for start in stride(from: 0, to: count, by: step) {
        let last = min(start + step, count)
        check(start..<last)
        let end =
          last == count
          ? bytes.count : SequentialWriting.boundary(notAfter: offset + last * size) - offset
        guard end > written else { continue }
        try unsafe write(UnsafeRawBufferPointer(rebasing: bytes[written..<end]))
        written = end
      }
    }
  }

  /// Gives every image a chunk of its own, because images of another format follow.
  private mutating func separateChunks(_ format: ImageFormat) throws(StoreError) {
    let imagesPerChunk = ChunkEncoder.imagesPerChunk(format)
    guard imagesPerChunk > 1,
      let pipeline = ChunkEncoder.pipeline(format, imagesPerChunk: imagesPerChunk)
    else { return }
    try encoder.finish(format, imagesPerChunk: imagesPerChunk, to: &pixels)
    try pixels.flush()
    let streamed = try MappedFile(pixels.path)
    var separated = try PixelFile(pixels.path + ".separated")
    var target = ChunkEncoder(level: encoder.level, threads: threads)
    var decoder = try ChunkDecoder(pipeline)
    var position = PixelFile.start
    var left = images.count
    for size in encoder.sizes {
      guard let stored = unsafe streamed.bytes(at: position, count: Int(size)) else {
        throw StoreError(.corrupt, "another program cut short the pixels written so far")
      }
      let elements = try unsafe decoder.elements(stored, mask: 0, needed: pipeline.chunkByteCount)
      let count = min(left, imagesPerChunk)
      try unsafe target.append(
        UnsafeRawBufferPointer(start: elements, count: count * format.byteCount), format, imagesPerChunk: 1,
        to: &separated)
      position += Int(size)
      left -= count
    }
    try staging.remove(FileSystem.split(pixels.path).name)
    pixels = separated
    encoder = target
  }
}

extension ImageLabels {
  /// Checks that no string has a zero byte, which HDF5's strings end with.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func checkStrings() throws(StoreError) {
    for (name, column) in columns {
      guard case .string(let values) = column else { continue }
      for (index, value) in values.enumerated() where value.utf8.contains(0) {
        throw StoreError(
          .unsupported, "a string has a zero byte, which the file cannot hold", image: index, key: name)
      }
    }
  }
}
