internal import ImageStoreCore
internal import ImageStoreSupport

/// Where a writer's images go: into blocks, or one per value, some MB at once.
///
/// Images that do not fill a block or a transaction yet are kept in memory, so a transaction never
/// outlives a call.
struct ImageSink {
  enum Layout: Equatable {
    /// No image has come yet.
    case undecided
    case blocks(ImageFormat, imagesPerBlock: Int)
    case single
    /// One image per value, as it was encoded.
    case encoded
  }

  /// Where values go.
  enum Target {
    /// The file of a new store, which nobody reads yet.
    case builder(DatabaseBuilder)
    /// An existing store, through liblmdb.
    case environment(Environment)
  }

  private var target: Target
  private let pageSize: Int
  /// About how many bytes of pixels are collected, and committed at once by liblmdb: few enough
  /// that it finds them in a processor's cache after the checksum was taken, many enough that a
  /// commit costs nothing by comparison.
  private let groupByteCount: Int
  private(set) var layout: Layout
  /// The index of the next image to write to the database.
  private var next: Int
  /// Images that are not in the database yet, one after another.
  private var pending: [UInt8] = []
  private var pendingFormats: [ImageFormat] = []
  /// How many bytes each of them has, if they are encoded.
  private var pendingByteCounts: [Int] = []
  /// The kinds of this writer's images, if they are single or encoded.
  private(set) var kinds: [StoredKind] = []
  /// The checksum of the pixels of each image of this writer that is in the database, or that of
  /// its bytes if it is encoded.
  private(set) var checksums: [UInt32] = []

  /// - Parameter first: the index of the first new image.
  init(_ target: Target, layout: Layout, first: Int) {
    self.target = target
    switch target {
    case .builder(let builder): (pageSize, groupByteCount) = (builder.pageSize, 1 << 20)
    case .environment(let environment): (pageSize, groupByteCount) = (environment.pageSize, 4 << 20)
    }
    self.layout = layout
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
          format, imagesPerBlock: ImageValue.imagesPerBlock(format, pageSize: pageSize))
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

  /// Writes everything to the database, which liblmdb can then open.
  mutating func finish() throws(StoreError) {
    try flush()
    if case .builder(let builder) = target { try builder.finish(key: layout.key) }
  }

  /// Writes the images in memory to the database.
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
      case .encoded:
        let byteCounts = pendingByteCounts
        pendingByteCounts.removeAll(keepingCapacity: true)
        try unsafe putEncoded(bytes, byteCounts)
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
    guard pending.count + pixels.count >= groupByteCount else {
      unsafe pending.append(contentsOf: pixels)
      return
    }
    // Only images that complete a block are copied; whole blocks are written from the caller's
    // memory to the page.
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
    let whole = ImageValue(format, count: imagesPerBlock, pageSize: pageSize)
    var group: [PendingValue] = []
    for offset in stride(from: 0, to: pixels.count, by: blockByteCount) {
      let block = unsafe UnsafeRawBufferPointer(
        rebasing: pixels[offset..<min(offset + blockByteCount, pixels.count)])
      let count = block.count / format.byteCount
      let value = count == imagesPerBlock ? whole : ImageValue(format, count: count, pageSize: pageSize)
      unsafe addChecksums(of: block, imageByteCount: format.byteCount)
      unsafe group.append(PendingValue(value: value, pixels: block, first: next))
      next += count
      if isComplete(group.count * byteCountOnDisk(value)) { try put(&group) }
    }
    try put(&group)
  }

  // MARK: Single images

  private mutating func appendSingle(
    _ pixels: UnsafeRawBufferPointer, _ run: BatchLayout
  ) throws(StoreError) {
    let runFormats = (0..<run.count).map { run[$0] }
    guard pending.count + pixels.count >= groupByteCount else {
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
    guard var format = run.first else { return }
    // Made once for each run of images of one format.
    var value = ImageValue(format, count: nil, pageSize: pageSize)
    var group: [PendingValue] = []
    var (offset, byteCount) = (0, 0)
    for next in run {
      if next != format {
        format = next
        value = ImageValue(format, count: nil, pageSize: pageSize)
      }
      let end = offset + format.byteCount
      let image = unsafe UnsafeRawBufferPointer(rebasing: pixels[offset..<end])
      unsafe addChecksums(of: image, imageByteCount: format.byteCount)
      unsafe group.append(PendingValue(value: value, pixels: image, first: self.next))
      self.next += 1
      offset = end
      byteCount += byteCountOnDisk(value)
      if isComplete(byteCount) {
        try put(&group)
        byteCount = 0
      }
    }
    kinds += run.map { StoredKind($0) }
    try put(&group)
  }

  // MARK: Encoded images

  /// Adds encoded images, whose checksums have been taken.
  mutating func append(
    encoded bytes: UnsafeRawBufferPointer, _ images: [EncodedImage]
  ) throws(StoreError) {
    kinds += images.map(\.kind)
    checksums += images.map(\.checksum)
    guard pending.count + bytes.count >= groupByteCount else {
      unsafe pending.append(contentsOf: bytes)
      pendingByteCounts += images.map(\.range.count)
      return
    }
    try flush()
    try unsafe putEncoded(bytes, images.map(\.range.count))
  }

  private mutating func putEncoded(
    _ bytes: UnsafeRawBufferPointer, _ byteCounts: [Int]
  ) throws(StoreError) {
    var group: [PendingValue] = []
    var (offset, byteCount) = (0, 0)
    for count in byteCounts {
      let value = ImageValue(encodedByteCount: count)
      let image = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
      unsafe group.append(PendingValue(value: value, pixels: image, first: next))
      next += 1
      offset += count
      byteCount += byteCountOnDisk(value)
      if isComplete(byteCount) {
        try put(&group)
        byteCount = 0
      }
    }
    try put(&group)
  }

  // MARK: Values

  private func byteCountOnDisk(_ value: ImageValue) -> Int {
    ImageValue.byteCountOnDisk(value.byteCount, pageSize: pageSize)
  }

  /// Whether values of so many bytes on their pages should be written now: for a new file, when
  /// they complete a piece of it.
  private func isComplete(_ byteCount: Int) -> Bool {
    switch target {
    case .builder(let builder): builder.completesPiece(adding: byteCount)
    case .environment: byteCount >= groupByteCount
    }
  }

  /// Writes values and forgets them.
  private func put(_ group: inout [PendingValue]) throws(StoreError) {
    switch target {
    case .builder(let builder): try builder.write(group)
    case .environment(let environment):
      let values = group
      let byteCount = values.reduce(0) { $0 + $1.value.byteCount + 2 * pageSize }
      guard byteCount > 0 else { return }
      try environment.write(byteCount) { (transaction) throws(StoreError) in
        for position in 0..<values.count {
          let pending = values[position]
          try unsafe transaction.put(pending.value, pending.pixels, key: layout.key(pending.first))
        }
      }
    }
    group.removeAll(keepingCapacity: true)
  }

  private mutating func addChecksums(of images: UnsafeRawBufferPointer, imageByteCount: Int) {
    for offset in stride(from: 0, to: images.count, by: imageByteCount) {
      let image = unsafe UnsafeRawBufferPointer(rebasing: images[offset..<offset + imageByteCount])
      unsafe checksums.append(CRC32.checksum(of: image))
    }
  }

  // MARK: From blocks to single images

  /// Turns the blocks written so far into single images, because an image of another format was
  /// added.
  private mutating func splitBlocks(
    _ format: ImageFormat, _ imagesPerBlock: Int, for run: BatchLayout
  ) throws(StoreError) {
    guard case .builder(let builder) = target else {
      let other = (0..<run.count).first { run[$0] != format } ?? 0
      throw StoreError(
        .unsupported,
        "an image of \(run[other]) does not fit a store that has many images of \(format) per value",
        remedy: "write a new store that has one image per value")
    }
    try flush()
    let count = next
    next = 0
    checksums = []
    layout = .single
    // Nobody reads the store yet, so it is begun again, from its own first file.
    target = .builder(try DatabaseBuilder(builder.path, isSecond: true))
    for value in builder.values {
      let images = min(imagesPerBlock, count - value.first)
      let header = ImageValue(format, count: images, pageSize: pageSize).header.count
      let pixels = try builder.pixels(
        of: value, headerByteCount: header, byteCount: images * format.byteCount)
      try unsafe pixels.span.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe putSingle(bytes, Array(repeating: format, count: images))
      }
    }
    try builder.discard()
  }
}

extension ImageSink.Layout {
  /// The key of the value that begins with an image.
  func key(_ first: Int) -> String {
    switch self {
    case .single, .encoded: StoreKey.image(first)
    case .undecided, .blocks: StoreKey.segment(StoreKey.images, first: first)
    }
  }
}
