// The forms of the one read that callers type. Each is a few lines around the requirement.

extension ImageStore {
  /// Appends images, or regions of them, to the caller's memory.
  ///
  /// - Parameters:
  ///   - indices: which images: an array, a range, any collection; any order, repeats allowed.
  ///   - regions: which part of each; by default whole images.
  ///   - destination: memory with room for the images: rows of pixels without padding.
  /// - Throws: as ``read(_:regions:into:)``, the requirement of the protocol.
  public func read(
    _ indices: some Collection<Int>, regions: ImageRegions = .whole, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let indices = indices.indexArray()
    try regions.withSpan(images: indices.count) { (regions) throws(StoreError) in
      try read(indices.span, regions: regions, into: &destination)
    }
  }

  /// Replaces the contents of a batch by images, or regions of them, with their labels.
  ///
  ///     try store.read(0..<128, into: &batch)
  ///     try store.read([17, 4, 98], regions: .same(window), into: &batch)
  ///     try store.read(indices, regions: .each(crops), into: &batch)
  ///
  /// - Parameters:
  ///   - indices: which images: an array, a range, any collection; any order, repeats allowed.
  ///   - regions: which part of each; by default whole images.
  ///   - batch: receives the images; its memory is reused.
  /// - Throws: ``StoreError/Code/indexOutOfRange``; ``StoreError/Code/invalidArgument`` for regions
  ///   that are not within their image or not as many as the indices; and what reading throws.
  ///   After an error the batch is empty.
  public func read(
    _ indices: some Collection<Int>, regions: ImageRegions = .whole, into batch: inout ImageBatch
  ) throws(StoreError) {
    let indices = indices.indexArray()
    try read(indices, regions: regions, labels: batchLabels(indices), into: &batch)
  }

  /// A new batch of images, or of regions of them, with their labels.
  ///
  /// - Parameters:
  ///   - indices: which images: an array, a range, any collection; any order, repeats allowed.
  ///   - regions: which part of each; by default whole images.
  /// - Throws: as ``read(_:regions:into:)`` into a batch.
  public func read(
    _ indices: some Collection<Int>, regions: ImageRegions = .whole
  ) throws(StoreError) -> ImageBatch {
    var batch = ImageBatch()
    try read(indices, regions: regions, into: &batch)
    return batch
  }

  /// The bytes of one image.
  public func pixels(at index: Int) throws(StoreError) -> [UInt8] {
    var bytes: [UInt8] = []
    try withImage(at: index) { (_, pixels) throws(StoreError) in
      bytes = [UInt8](copying: pixels)
    }
    return bytes
  }

  /// Lends one image, without a copy if the store ``isZeroCopy``.
  ///
  /// - Parameters:
  ///   - index: which image.
  ///   - body: takes the image's format and its pixels, which are valid only until it returns.
  public func withImage<Result>(
    at index: Int,
    _ body: (_ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    var result: Result?
    try withSpan(of: index) { (indices) throws(StoreError) in
      try forEachImage(indices) { (_, format, pixels) throws(StoreError) in
        result = try body(format, pixels)
      }
    }
    guard let result else {
      throw StoreError(.corrupt, "the store lent no pixels", image: index)
    }
    return result
  }

  /// Lends images one after another; see ``forEachImage(_:_:)``, the requirement of the protocol.
  public func forEachImage(
    _ indices: some Collection<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try forEachImage(indices.indexArray().span, body)
  }

  /// The label of one image, or nil if the store has none.
  public func label(at index: Int) throws(StoreError) -> Int? {
    guard let labels = try labels() else { return nil }
    guard labels.indices.contains(index) else {
      throw .indexOutOfRange(index, count: labels.count)
    }
    return labels[index]
  }

  /// Reads everything and checks every checksum there is; see ``verify(progress:)``.
  public func verify() throws(StoreError) {
    try verify { _ in }
  }
}

extension ImageStore {
  /// Reads only pixels, for callers that read labels as a column.
  package func readPixels(
    _ indices: some Collection<Int>, into batch: inout ImageBatch
  ) throws(StoreError) {
    try read(indices.indexArray(), regions: .whole, labels: [], into: &batch)
  }

  private func read(
    _ indices: [Int], regions: ImageRegions, labels: [Int32], into batch: inout ImageBatch
  ) throws(StoreError) {
    try regions.withSpan(images: indices.count) { (regions) throws(StoreError) in
      let layout = try batchLayout(indices.span, regions: regions)
      // Samples of what is in memory would be noticed beside less.
      if layout.byteCount >= 64 << 20, residentShare() < 0.98 { willRead(indices.span) }
      try batch.replace(layout: layout, indices: indices, labels: labels) {
        (destination) throws(StoreError) in
        try read(indices.span, regions: regions, into: &destination)
      }
    }
  }

  /// How images, or a region of each, are laid out in memory once read.
  ///
  /// - Parameter regions: none, one for all images, or one for each.
  package func batchLayout(
    _ indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> BatchLayout {
    guard let format, regions.count <= 1 || Self.haveOneSize(regions, count: indices.count) else {
      return try GatherPlan(indices, regions: regions, in: self).layout
    }
    guard regions.count > 0 else { return BatchLayout(format, count: indices.count) }
    // Where regions of one size are is checked by the read itself, once.
    guard regions[0].isContained(in: format) else {
      throw .outside(regions[0], of: format, image: indices.count > 0 ? indices[0] : 0)
    }
    return BatchLayout(format.cropped(to: regions[0]), count: indices.count)
  }

  /// Whether there are as many regions as images, all of one size.
  private static func haveOneSize(_ regions: Span<ImageRegion>, count: Int) -> Bool {
    guard regions.count == count else { return false }
    // The first is copied once: the optimizer of Swift 6.3 falls over a loop that looks it up each time.
    let first = regions[0]
    for position in regions.indices {
      let region = regions[position]
      if region.height != first.height || region.width != first.width { return false }
    }
    return true
  }

  /// The labels of images as a batch has them: Int32, empty if the store has none.
  package func batchLabels(_ indices: [Int]) throws(StoreError) -> [Int32] {
    guard let all = try labels() else { return [] }
    var labels: [Int32] = []
    labels.reserveCapacity(indices.count)
    for index in indices {
      guard all.indices.contains(index) else { throw .indexOutOfRange(index, count: all.count) }
      guard let label = Int32(exactly: all[index]) else {
        throw StoreError(
          .unsupported, "the label \(all[index]) does not fit the 32 bits of a batch's labels",
          remedy: "read it with labels()", image: index)
      }
      labels.append(label)
    }
    return labels
  }
}

extension Sequence<Int> {
  /// These indices in an array.
  ///
  /// Callers in other modules reach code that is not specialised for their collection, in which
  /// every index would cost calls through a table. Nearly all of them pass one of two types.
  func indexArray() -> [Int] {
    if let array = self as? [Int] { return array }
    if let range = self as? Range<Int> { return Array(range) }
    return Array(self)
  }
}
