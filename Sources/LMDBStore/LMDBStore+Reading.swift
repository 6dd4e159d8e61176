public import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport
internal import Synchronization

extension LMDBStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    do throws(StoreError) {
      // Not a closure of `readingUnchanged`, which cannot take what the caller lends.
      switch contents.images {
      case .none:
        for position in indices.indices { throw .indexOutOfRange(indices[position], count: 0) }
      case .uniform(let format, let positions, let checks):
        try read(indices, regions, format, positions, checks, into: &destination)
      case .mixed(let positions, let checks):
        try unsafe destination.gatherMixed(indices, regions: regions) { (index) throws(StoreError) in
          try unsafe locate(index, positions, checks)
        }
      case .encoded(let images):
        try images.read(
          indices, regions: regions, of: contents.file, threads: threads, into: &destination)
      }
      try checkUnchanged()
    } catch {
      if error.code == .corrupt { try checkUnchanged() }
      throw located(error)
    }
  }

  private func read(
    _ indices: Span<Int>, _ regions: Span<ImageRegion>, _ format: ImageFormat,
    _ positions: ImagePositions, _ checks: HeaderChecks?, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let gather = try UniformGather(indices, regions: regions, of: count, format: format)
    let file = unsafe contents.file.map.bytes
    try unsafe destination.appendBytes(gather.byteCount) { (memory) throws(StoreError) in
      guard let start = file.baseAddress else { return }
      // The contents, which outlive the call, own the checks.
      let flags = unsafe checks?.view
      // Every run writes slots of its own.
      try gather.performRuns(threads: threads) { (run) throws(StoreError) in
        try unsafe gather.copy(run, indices, regions: regions, into: memory) { (index) throws(StoreError) in
          let (offset, block) = positions.locate(index)
          if let flags = unsafe flags, unsafe !flags.isMarked(block) {
            try check(block, format, positions, checks!)
          }
          return unsafe start + offset
        }
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    if case .encoded(let images) = contents.images {
      do throws(StoreError) {
        return try images.forEach(indices, of: contents.file) {
          (position, format, pixels) throws(StoreError) in
          try checkUnchanged()
          try body(position, format, pixels)
        }
      } catch {
        throw located(error)
      }
    }
    for position in indices.indices {
      let index = indices[position]
      guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    }
    for position in indices.indices {
      let (format, image) = try unsafe readingUnchanged { () throws(StoreError) in
        try unsafe locate(indices[position])
      }
      let pixels = unsafe UnsafeRawBufferPointer(start: image, count: format.byteCount)
      try unsafe body(position, format, RawSpan(_unsafeBytes: pixels))
    }
    try checkUnchanged()
  }

  /// The error with the path, and with the key of a value that cannot be decoded.
  private func located(_ error: StoreError) -> StoreError {
    guard case .encoded = contents.images, let image = error.image, error.key == nil else {
      return error.at(path: path)
    }
    do throws(StoreError) {
      let key = try Snapshot.readLast(of: contents.file) { (tree) throws(StoreError) in
        try ForeignReader.key(of: image, tree)
      }
      return error.at(path: path, key: key)
    } catch _ {
      // What was found first is what is reported.
      return error.at(path: path)
    }
  }

  public var isZeroCopy: Bool {
    if case .encoded = contents.images { false } else { true }
  }

  /// Where an image that is not encoded lies. The caller has checked the index.
  func locate(
    _ index: Int
  ) throws(StoreError) -> (format: ImageFormat, image: UnsafeRawPointer) {
    switch contents.images {
    case .uniform(let format, let positions, let checks):
      let (offset, block) = positions.locate(index)
      if let checks, !checks.isMarked(block) { try check(block, format, positions, checks) }
      return unsafe (format, contents.file.map.bytes.baseAddress! + offset)
    case .mixed(let positions, let checks):
      return try unsafe locate(index, positions, checks)
    case .none, .encoded:
      throw .indexOutOfRange(index, count: 0)
    }
  }

  private func locate(
    _ index: Int, _ positions: MixedPositions, _ checks: HeaderChecks?
  ) throws(StoreError) -> (format: ImageFormat, image: UnsafeRawPointer) {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    let format = positions.format(index)
    let offset = positions.offset(index)
    if let checks, !checks.isMarked(index) {
      try check(
        ImageValue(format, count: nil, pageSize: contents.file.pageSize), format, at: offset, index...index)
      checks.mark(index)
    }
    // The walk has checked that the value, which ends behind the pixels, lies within the file.
    return unsafe (format, contents.file.map.bytes.baseAddress! + offset)
  }

  /// Compares a block with the header its writer gave it, once.
  private func check(
    _ block: Int, _ format: ImageFormat, _ positions: ImagePositions, _ checks: HeaderChecks
  ) throws(StoreError) {
    let images = positions.images(ofBlock: block)
    let count = contents.hasBlocks ? images.count : nil
    try check(
      ImageValue(format, count: count, pageSize: contents.file.pageSize), format,
      at: positions.locate(images.lowerBound).offset, images.lowerBound...(images.upperBound - 1))
    checks.mark(block)
  }

  private func check(
    _ value: ImageValue, _ format: ImageFormat, at offset: Int, _ images: ClosedRange<Int>
  ) throws(StoreError) {
    let key =
      contents.hasBlocks
      ? StoreKey.part(StoreKey.images, first: images.lowerBound) : StoreKey.image(images.lowerBound)
    let bytes = unsafe contents.file.map.bytes(
      at: offset - value.header.count, count: value.header.count + value.pixelByteCount)
    guard let bytes = unsafe bytes else {
      throw StoreError(.corrupt, "the file is cut short", image: images.lowerBound, key: key)
    }
    guard unsafe bytes.starts(with: value.header) else {
      throw StoreError(
        .corrupt, "the value does not begin with the .npy header of \(images.count) images of \(format)",
        image: images.lowerBound, key: key)
    }
    guard format.elementType == .bool else { return }
    let pixels = unsafe UnsafeRawBufferPointer(rebasing: bytes[value.header.count...])
    if let place = unsafe NPYImages.firstNonBoolean(in: pixels) {
      throw StoreError(
        .corrupt, "a bool sample that is neither 0 nor 1",
        image: images.lowerBound + place / format.byteCount, key: key)
    }
  }
}
