internal import ImageStoreCore
internal import StoreIO

/// Where a writer's images go: into blocks, or one to a value, some MB to a transaction.
///
/// What does not fill a transaction yet is kept in memory, so that a transaction never outlives a call.
struct ImageSink {
  enum Layout: Equatable {
    /// No image has come yet.
    case undecided
    case blocks(ImageFormat, imagesPerBlock: Int)
    case single
  }

  /// The pixels of a transaction. LMDB keeps them in memory until it is committed; few enough to stay in a
  /// processor's cache between the two copies, many enough that a commit costs nothing by comparison.
  private static let bytesPerTransaction = 4 << 20

  private unowned let environment: Environment
  private(set) var layout: Layout
  /// The index of the next image to be put into the database.
  private var next: Int
  /// Images that are not in the database yet, one after another.
  private var pending: [UInt8] = []
  private var pendingFormats: [ImageFormat] = []
  /// The formats of the images of this writer, where they are single.
  private(set) var formats: [ImageFormat] = []
  /// The checksum of the pixels of each image of this writer that is in the database.
  private(set) var checksums: [UInt32] = []
  /// Whether images of differing formats may turn blocks into single images.
  private let canChangeLayout: Bool

  /// - Parameter first: the index of the first image to come.
  init(_ environment: Environment, layout: Layout, first: Int, canChangeLayout: Bool) {
    self.environment = environment
    self.layout = layout
    self.canChangeLayout = canChangeLayout
    next = first
  }

  /// Adds images.
  mutating func append(
    _ pixels: UnsafeRawBufferPointer, layout run: BatchLayout
  ) throws(StoreError) {
    guard run.count > 0 else { return }
    if layout == .undecided {
      if let format = run.uniformFormat {
        layout = .blocks(
          format, imagesPerBlock: ImageValue.imagesPerBlock(format, pageSize: environment.pageSize))
      } else {
        layout = .single
      }
    }
    if case .blocks(let format, let imagesPerBlock) = layout, run.uniformFormat != format {
      try splitBlocks(format, imagesPerBlock, for: run)
    }
    if case .blocks(let format, let imagesPerBlock) = layout {
      try unsafe appendToBlocks(pixels, format, imagesPerBlock)
    } else {
      try unsafe appendSingle(pixels, run)
    }
  }

  /// Puts what is kept in memory into the database.
  mutating func flush() throws(StoreError) {
    // Taken out while it is read, and put back so that its memory is used again.
    var ready: [UInt8] = []
    swap(&ready, &pending)
    try unsafe ready.span.withUnsafeBytes { (bytes) throws(StoreError) in
      switch layout {
      case .undecided: return
      case .blocks(let format, let imagesPerBlock):
        try unsafe putBlocks(bytes, format, imagesPerBlock)
      case .single:
        let run = pendingFormats
        pendingFormats.removeAll(keepingCapacity: true)
        try unsafe putSingle(bytes, run)
      }
    }
    ready.removeAll(keepingCapacity: true)
    swap(&ready, &pending)
  }

  // MARK: Blocks

  private mutating func appendToBlocks(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, _ imagesPerBlock: Int
  ) throws(StoreError) {
    let blockByteCount = imagesPerBlock * format.byteCount
    guard pending.count + pixels.count >= Self.bytesPerTransaction else {
      unsafe pending.append(contentsOf: pixels)
      return
    }
    // Only as much is copied as completes a block; whole blocks go from the caller's memory to the page.
    let missing = (blockByteCount - pending.count % blockByteCount) % blockByteCount
    let completing = min(missing, pixels.count)
    unsafe pending.append(contentsOf: pixels[..<completing])
    guard completing == missing else { return }
    try flush()
    let rest = unsafe UnsafeRawBufferPointer(rebasing: pixels[completing...])
    let whole = rest.count / blockByteCount * blockByteCount
    try unsafe putBlocks(UnsafeRawBufferPointer(rebasing: rest[..<whole]), format, imagesPerBlock)
    unsafe pending.append(contentsOf: rest[whole...])
  }

  /// Puts images into blocks, the last of which may have fewer.
  private mutating func putBlocks(
    _ pixels: UnsafeRawBufferPointer, _ format: ImageFormat, _ imagesPerBlock: Int
  ) throws(StoreError) {
    let blockByteCount = imagesPerBlock * format.byteCount
    let step = max(1, Self.bytesPerTransaction / blockByteCount) * blockByteCount
    for start in stride(from: 0, to: pixels.count, by: step) {
      let end = min(start + step, pixels.count)
      let first = next
      let checksumCount = checksums.count
      try environment.write(end - start) { (transaction) throws(StoreError) in
        checksums.removeLast(checksums.count - checksumCount)
        for offset in stride(from: start, to: end, by: blockByteCount) {
          let block = unsafe UnsafeRawBufferPointer(
            rebasing: pixels[offset..<min(offset + blockByteCount, end)])
          let count = block.count / format.byteCount
          let index = first + (offset - start) / format.byteCount
          // Here, since the copy that follows finds the block in the cache.
          unsafe addChecksums(of: block, imageByteCount: format.byteCount)
          try unsafe transaction.put(
            ImageValue(format, count: count, pageSize: environment.pageSize), block,
            key: StoreKey.part(StoreKey.images, first: index))
        }
      }
      next += (end - start) / format.byteCount
    }
  }

  // MARK: Single images

  private mutating func appendSingle(
    _ pixels: UnsafeRawBufferPointer, _ run: BatchLayout
  ) throws(StoreError) {
    let runFormats = (0..<run.count).map { run[$0] }
    guard pending.count + pixels.count >= Self.bytesPerTransaction else {
      unsafe pending.append(contentsOf: pixels)
      pendingFormats += runFormats
      return
    }
    try flush()
    try unsafe putSingle(pixels, runFormats)
  }

  private mutating func putSingle(
    _ pixels: UnsafeRawBufferPointer, _ run: [ImageFormat]
  ) throws(StoreError) {
    let pageSize = environment.pageSize
    guard var format = run.first else { return }
    // Made once for each run of images of one format.
    var value = ImageValue(format, count: nil, pageSize: pageSize)
    var position = 0
    var offset = 0
    while position < run.count {
      // The images of one transaction, and the bytes they take on the disk.
      var end = position
      var byteCount = 0
      repeat {
        byteCount += run[end].byteCount + 2 * pageSize
        end += 1
      } while end < run.count && byteCount < Self.bytesPerTransaction
      let (first, start, startOffset) = (next, position, offset)
      let checksumCount = checksums.count
      var endOffset = offset
      try environment.write(byteCount) { (transaction) throws(StoreError) in
        checksums.removeLast(checksums.count - checksumCount)
        endOffset = startOffset
        for image in start..<end {
          let bytes = unsafe UnsafeRawBufferPointer(
            rebasing: pixels[endOffset..<endOffset + run[image].byteCount])
          unsafe addChecksums(of: bytes, imageByteCount: bytes.count)
          if run[image] != format {
            format = run[image]
            value = ImageValue(format, count: nil, pageSize: pageSize)
          }
          try unsafe transaction.put(value, bytes, key: StoreKey.image(first + image - start))
          endOffset += bytes.count
        }
      }
      next += end - position
      formats += run[position..<end]
      position = end
      offset = endOffset
    }
  }

  private mutating func addChecksums(of images: UnsafeRawBufferPointer, imageByteCount: Int) {
    for offset in stride(from: 0, to: images.count, by: imageByteCount) {
      let image = unsafe UnsafeRawBufferPointer(rebasing: images[offset..<offset + imageByteCount])
      unsafe checksums.append(CRC32.checksum(of: image))
    }
  }

  // MARK: From blocks to single images

  /// Turns the blocks written so far into single images, since an image of another format came.
  private mutating func splitBlocks(
    _ format: ImageFormat, _ imagesPerBlock: Int, for run: BatchLayout
  ) throws(StoreError) {
    guard canChangeLayout else {
      let other = (0..<run.count).first { run[$0] != format } ?? 0
      throw StoreError(
        .unsupported, "an image of \(run[other]) for a store of images of \(format), many to a value",
        remedy: "write a new store that has one image a value")
    }
    try flush()
    let count = next
    var first = 0
    next = 0
    checksums = []
    layout = .single
    while first < count {
      let key = StoreKey.part(StoreKey.images, first: first)
      var block: [UInt8] = []
      // Nobody reads the store yet, so the pages of the blocks may be used again at once.
      try environment.write(0) { (transaction) throws(StoreError) in
        block = try unsafe transaction.get(key) { (value) throws(StoreError) in unsafe [UInt8](value) }
        try transaction.remove(key)
      }
      let images = min(imagesPerBlock, count - first)
      let header = ImageValue(format, count: images, pageSize: environment.pageSize).header.count
      try unsafe block.span.withUnsafeBytes { (bytes) throws(StoreError) in
        let pixels = unsafe UnsafeRawBufferPointer(
          rebasing: bytes[header..<header + images * format.byteCount])
        try unsafe putSingle(pixels, Array(repeating: format, count: images))
      }
      first += images
    }
  }
}
