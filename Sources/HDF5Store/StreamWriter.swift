import ImageStoreCore
import ImageStoreSupport

/// What ``HDF5Store/Writer`` does.
struct StreamWriter: ~Copyable {
  private(set) var count = 0

  let staging: Staging
  let threads: Int
  private let classNames: [String]?
  private let forms: ValueForms
  /// The file that is appended to, locked so that libhdf5 does not let others write what the rewriting would lose.
  private let replaced: ReadersHold?
  let isCompressed: Bool
  var spool: PixelSpool
  var encoder: ChunkEncoder
  var images = ImageRuns()
  var annotations: Annotations?
  var checksums: [UInt32] = []
  private var hasFailed = false

  private init(
    _ staging: consuming Staging, _ spool: consuming PixelSpool, classNames: [String]?,
    forms: ValueForms, replaced: consuming ReadersHold?, level: Int?, threads: Int
  ) {
    self.staging = staging
    self.spool = spool
    self.classNames = classNames
    self.forms = forms
    self.replaced = replaced
    self.threads = threads
    isCompressed = level != nil
    encoder = ChunkEncoder(level: level ?? 0, threads: threads)
  }

  static func start(
    _ path: String, _ mode: WriteMode, _ compression: Compression, classNames: [String]?, threads: Int?
  ) throws(StoreError) -> StreamWriter {
    let threads = Workers.threadCount(threads)
    // What is appended to is replaced by a longer one.
    let staging = try Staging(destination: path, mode: mode) { (path) throws(StoreError) in
      try HDF5Store.otherContents(at: path)
    }
    let grows = mode == .append && !staging.isNew
    var hold: ReadersHold?
    var old: HDF5Store?
    if grows {
      do throws(StoreError) {
        hold = try ReadersHold(path)
      } catch {
        throw error.at(path: path)
      }
      old = try HDF5Store(at: path, threads: threads)
    }
    var forms = ValueForms()
    if let old {
      try old.checkHoldsNothingElse()
      try old.verifyParts()
      forms = try old.valueForms()
    }
    let spool = try PixelSpool(staging.path)
    let isCompressed = old?.isCompressed ?? (compression != .none)
    let level = forms.level ?? (compression == .small ? 9 : 1)
    var writer = StreamWriter(
      staging, spool, classNames: old?.classNames ?? classNames, forms: forms, replaced: hold,
      level: isCompressed ? level : nil, threads: threads)
    if let old {
      do throws(StoreError) {
        try writer.takeOver(old)
      } catch {
        throw error.at(path: path)
      }
    }
    return writer
  }

  mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations added: Annotations
  ) throws(StoreError) {
    try checkIsUsable()
    hasFailed = true
    do throws(StoreError) {
      guard pixels.byteCount == layout.byteCount else {
        throw StoreError(
          .invalidArgument, "\(pixels.byteCount) bytes of pixels where the formats take \(layout.byteCount)")
      }
      try added.validate(count: layout.count)
      try added.checkStrings()
      try forms.check(added)
      if layout.count > 0 {
        try note(added)
        try unsafe pixels.withUnsafeBytes { (bytes) throws(StoreError) in
          try unsafe append(bytes, layout)
        }
      }
    } catch {
      throw error.at(path: staging.destination)
    }
    count += layout.count
    hasFailed = false
  }

  consuming func finish() throws(StoreError) {
    try checkIsUsable()
    let destination = staging.destination
    do throws(StoreError) {
      if isCompressed, let format = images.uniformFormat {
        try encoder.finish(
          format, imagesPerChunk: ChunkEncoder.imagesPerChunk(format), to: &spool)
      }
      try spool.flush()
      let assembly = FileAssembly(
        images: images,
        chunks: isCompressed ? FileAssembly.Chunks(sizes: encoder.sizes, level: encoder.level) : nil,
        annotations: annotations ?? Annotations(),
        checksums: checksums, classNames: classNames, forms: forms)
      try assembly.complete(spool, in: staging)
    } catch {
      throw error.at(path: destination)
    }
    try staging.commit()
  }

  private func checkIsUsable() throws(StoreError) {
    guard !hasFailed else {
      throw StoreError(
        .invalidArgument, "this writer has failed before", remedy: "start again with a new one",
        path: staging.destination)
    }
  }

  private mutating func note(_ added: Annotations) throws(StoreError) {
    if annotations == nil {
      annotations = added
    } else {
      try annotations!.append(added)
    }
  }

  mutating func append(
    _ bytes: UnsafeRawBufferPointer, _ layout: BatchLayout
  ) throws(StoreError) {
    try layout.forEachRun { (format, count, range) throws(StoreError) in
      let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
      try unsafe checkSamples(part, format)
      try unsafe appendPixels(part, format, count: count)
    }
  }

  private func checkSamples(
    _ bytes: UnsafeRawBufferPointer, _ format: ImageFormat
  ) throws(StoreError) {
    guard format.elementType == .bool else { return }
    let type = StoredType(kind: .bool, byteCount: 1, isBigEndian: false)
    do throws(StoreError) {
      try unsafe type.checkSamples(bytes)
    } catch {
      throw StoreError(.invalidArgument, error.message)
    }
  }

  /// Adds the checksums of images of one format, and whatever `write` does: on another thread at the same
  /// time where there may be two, else by pieces that are still in the processor's cache.
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
      // Pieces end where the file's do, so that they are written from where they are.
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

  /// Streams images of one format.
  private mutating func appendPixels(
    _ bytes: UnsafeRawBufferPointer, _ format: ImageFormat, count: Int
  ) throws(StoreError) {
    guard isCompressed else {
      images.append(format, count: count)
      return try unsafe Self.appendChecksums(
        of: bytes, format, count: count, to: &checksums, threads: threads, offset: spool.end
      ) { (part) throws(StoreError) in
        try unsafe spool.append(part)
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
      bytes, format, imagesPerChunk: isUniform ? ChunkEncoder.imagesPerChunk(format) : 1, to: &spool)
  }
}

extension Annotations {
  /// Checks that no string has a zero byte, which HDF5's strings end with.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func checkStrings() throws(StoreError) {
    for (name, column) in columns {
      guard case .string(let values) = column else { continue }
      for (index, value) in values.enumerated() where value.utf8.contains(0) {
        throw StoreError(.unsupported, "a string with a zero byte", image: index, key: name)
      }
    }
  }
}
