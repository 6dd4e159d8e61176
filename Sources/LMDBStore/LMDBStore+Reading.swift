public import ImageStoreCore
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
        _ = try GatherPlan(indices, regions: regions, in: self)
      case .uniform(let format, let positions, let isChecked):
        let plan = try GatherPlan(indices, regions: regions, of: count, format: format)
        try copy(plan, positions, isChecked, into: &destination)
      case .mixed(let positions, let isChecked):
        let plan = try GatherPlan(indices, regions: regions, in: self)
        try copy(plan, positions, isChecked, into: &destination)
      case .encoded(let images):
        let plan = try GatherPlan(indices, regions: regions, in: self)
        try images.decode(plan, of: contents.file, threads: threads, into: &destination)
      }
      try checkUnchanged()
    } catch {
      if error.code == .corrupt { try checkUnchanged() }
      throw located(error)
    }
  }

  private func copy(
    _ plan: borrowing GatherPlan, _ positions: ImagePositions, _ isChecked: AtomicArray<UInt8>?,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let file = unsafe contents.file.map.bytes
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      guard let start = file.baseAddress else { return }
      // The contents, which outlive the call, own the flags.
      let flags = unsafe isChecked?.elements
      // Every run writes slots of its own.
      try plan.performRuns(threads: threads) { (run) throws(StoreError) in
        try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) in
          let (offset, block) = positions.locate(index)
          if let flags = unsafe flags, unsafe flags[block].load(ordering: .relaxed) == 0 {
            try check(block, plan.format(at: 0), positions, isChecked!)
          }
          return unsafe start + offset
        }
      }
    }
  }

  private func copy(
    _ plan: borrowing GatherPlan, _ positions: MixedPositions, _ isChecked: AtomicArray<UInt8>?,
    into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try plan.performRuns(threads: threads) { (run) throws(StoreError) in
        try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) in
          try unsafe locate(index, positions, isChecked)
        }
      }
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    if case .encoded = contents.images { return try borrowDecoded(indices, body) }
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

  public var isZeroCopy: Bool {
    if case .encoded = contents.images { false } else { true }
  }

  /// The error with the path, and with the key of a value that cannot be decoded.
  private func located(_ error: StoreError) -> StoreError {
    guard case .encoded = contents.images, let image = error.image, error.key == nil else {
      return error.at(path: path)
    }
    guard case .values(let values) = contents.labels, values.keys.indices.contains(image) else {
      return error.at(path: path)
    }
    return error.at(path: path, key: shownName(values.keys[image]))
  }

  /// Where an image that is not encoded is. The caller has checked the index.
  func locate(
    _ index: Int
  ) throws(StoreError) -> (format: ImageFormat, image: UnsafeRawPointer) {
    switch contents.images {
    case .uniform(let format, let positions, let isChecked):
      let (offset, block) = positions.locate(index)
      if let isChecked, unsafe isChecked.elements[block].load(ordering: .relaxed) == 0 {
        try check(block, format, positions, isChecked)
      }
      return unsafe (format, contents.file.map.bytes.baseAddress! + offset)
    case .mixed(let positions, let isChecked):
      return try unsafe (positions.format(index), locate(index, positions, isChecked))
    case .none, .encoded:
      throw .indexOutOfRange(index, count: 0)
    }
  }

  private func locate(
    _ index: Int, _ positions: MixedPositions, _ isChecked: AtomicArray<UInt8>?
  ) throws(StoreError) -> UnsafeRawPointer {
    let offset = positions.offset(index)
    if let isChecked, unsafe isChecked.elements[index].load(ordering: .relaxed) == 0 {
      let format = positions.format(index)
      try check(
        ImageValue(format, count: nil, pageSize: contents.file.pageSize), format, at: offset, index...index)
      isChecked[index] = 1
    }
    // The walk has checked that the value, which ends after the pixels, is within the file.
    return unsafe contents.file.map.bytes.baseAddress! + offset
  }

  /// Compares a block with the header its writer gave it, once.
  private func check(
    _ block: Int, _ format: ImageFormat, _ positions: ImagePositions, _ isChecked: AtomicArray<UInt8>
  ) throws(StoreError) {
    let images = positions.images(ofBlock: block)
    let count = contents.hasBlocks ? images.count : nil
    try check(
      ImageValue(format, count: count, pageSize: contents.file.pageSize), format,
      at: positions.locate(images.lowerBound).offset, images.lowerBound...(images.upperBound - 1))
    isChecked[block] = 1
  }

  private func check(
    _ value: ImageValue, _ format: ImageFormat, at offset: Int, _ images: ClosedRange<Int>
  ) throws(StoreError) {
    let key =
      contents.hasBlocks
      ? StoreKey.segment(StoreKey.images, first: images.lowerBound) : StoreKey.image(images.lowerBound)
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
    if let offset = unsafe TruthValues.firstOther(in: pixels) {
      throw StoreError(
        .corrupt, "a bool sample is neither 0 nor 1",
        image: images.lowerBound + offset / format.byteCount, key: key)
    }
  }
}

// Changes by another program in the meantime.

extension LMDBStore {
  /// Makes sure that what was just read was still of the commit that was opened.
  ///
  /// Two commits later, pages that were freed since may hold something else. The writer of this
  /// package never frees pages that images are on, and those of labels and columns by edits alone;
  /// class names are copied when a store is opened. Other programs replace and delete values, and
  /// their pages may hold something else even under the same key.
  func checkUnchanged() throws(StoreError) {
    // Pages of a commit are overwritten when the third commit after it begins: see
    // `DatabaseFile.holds`.
    guard contents.file.lastTransaction > lastKnown.load(ordering: .relaxed) &+ 1 else { return }
    guard let written = try transactionsOfOwnWriters() else {
      throw StoreError(
        .busy, "another program changed the database after it was opened", remedy: "open it again", path: path
      )
    }
    lastKnown.max(written.last, ordering: .relaxed)
  }

  /// Makes sure that labels and columns that were just read were still of the commit that was opened.
  ///
  /// Edits free pages of labels and columns, but not those of images.
  private func checkRecordsUnchanged() throws(StoreError) {
    try checkUnchanged()
    guard contents.file.lastTransaction > contents.meta.transaction &+ 1,
      let written = try transactionsOfOwnWriters(), written.lastEdit > contents.meta.transaction
    else { return }
    throw StoreError(
      .busy, "labels, columns or class names were edited after the database was opened",
      remedy: "open it again", path: path)
  }

  /// Information on the commits, if only writers of this package have written since the store was
  /// opened.
  private func transactionsOfOwnWriters() throws(StoreError) -> StoreMetadata.Transactions? {
    guard case .records = contents.labels else { return nil }
    return try Snapshot.readLast(of: contents.file) { (tree) throws(StoreError) in
      guard let written = try StoreMetadata(tree)?.transactions, written.last == tree.meta.transaction,
        written.first <= contents.meta.transaction &+ 1
      else { return nil }
      return written
    }
  }

  /// Reads labels or columns of the commit that was opened, and throws if they no longer belong to
  /// that commit.
  func readingRecordsUnchanged<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      let result = try body()
      try checkRecordsUnchanged()
      return result
    } catch {
      // Overwritten bytes look damaged.
      if error.code == .corrupt { try checkRecordsUnchanged() }
      throw error
    }
  }

  /// Reads something of the commit that was opened, and throws if it no longer belongs to that
  /// commit.
  @inline(__always)
  func readingUnchanged<Result: ~Copyable>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      let result = try body()
      try checkUnchanged()
      return result
    } catch {
      // Overwritten bytes look damaged.
      if error.code == .corrupt { try checkUnchanged() }
      throw error
    }
  }
}

// The map stays for as long as the store does.
extension LMDBStore: LocatingStore {
  package func checkLocatedImages() throws(StoreError) {
    do throws(StoreError) {
      try checkUnchanged()
    } catch {
      throw error.at(path: path)
    }
  }
}
