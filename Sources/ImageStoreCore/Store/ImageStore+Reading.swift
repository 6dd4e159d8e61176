// The forms of the one read that callers type. Each is a line or two around the requirement.

extension ImageStore {
  /// Appends whole images to the caller's memory.
  public func read(
    _ indices: Span<Int>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try read(indices, regions: Span<ImageRegion>(), into: &destination)
  }

  /// Appends the same region of each image to the caller's memory.
  public func read(
    _ indices: Span<Int>, region: ImageRegion, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try withSpan(of: region) { (regions) throws(StoreError) in
      try read(indices, regions: regions, into: &destination)
    }
  }

  /// Replaces the contents of a batch by images, or the same region of each, with their labels.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - region: the region of each image to read; nil for whole images.
  ///   - batch: what receives the images; its memory is used again.
  public func read(
    _ indices: [Int], region: ImageRegion? = nil, into batch: inout ImageBatch
  ) throws(StoreError) {
    try read(indices, regions: region.map { [$0] } ?? [], labels: batchLabels(indices), into: &batch)
  }

  /// Replaces the contents of a batch by a region of each image, such as random crops, with their labels.
  ///
  /// - Parameters:
  ///   - indices: which images; any order, repeats allowed.
  ///   - regions: one for each index, all of one size.
  ///   - batch: what is replaced; its memory is used again.
  /// - Throws: ``StoreError/Code/invalidArgument`` for regions that differ in size, reach out of their image, or are
  ///   not as many as the indices; and what reading throws.
  public func read(
    _ indices: [Int], regions: [ImageRegion], into batch: inout ImageBatch
  ) throws(StoreError) {
    guard regions.count == indices.count else {
      throw StoreError(
        .invalidArgument, "\(regions.count) regions for \(indices.count) images",
        remedy: "give one for each image")
    }
    try read(indices, regions: regions, labels: batchLabels(indices), into: &batch)
  }

  /// Replaces the contents of a batch by a range of images, with their labels.
  public func read(
    _ range: Range<Int>, region: ImageRegion? = nil, into batch: inout ImageBatch
  ) throws(StoreError) {
    try read(Array(range), region: region, into: &batch)
  }

  /// A new batch of images, or of the same region of each, with their labels.
  public func read(
    _ indices: [Int], region: ImageRegion? = nil
  ) throws(StoreError) -> ImageBatch {
    var batch = ImageBatch()
    try read(indices, region: region, into: &batch)
    return batch
  }

  /// A new batch of a range of images, with their labels.
  public func read(
    _ range: Range<Int>, region: ImageRegion? = nil
  ) throws(StoreError) -> ImageBatch {
    try read(Array(range), region: region)
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
  ///   - body: takes the image's format, and its pixels, which are gone when it returns.
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

  /// Lends a range of images one after another.
  public func forEachImage(
    _ range: Range<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try forEachImage(Array(range).span, body)
  }

  /// The label of one image, or nil where the store has none.
  public func label(at index: Int) throws(StoreError) -> Int? {
    guard let labels = try labels() else { return nil }
    guard labels.indices.contains(index) else {
      throw .indexOutOfRange(index, count: labels.count)
    }
    return labels[index]
  }
}

extension ImageStore {
  /// Reads everything and checks every checksum there is; see ``verify(progress:)``.
  public func verify() throws(StoreError) {
    try verify { _ in }
  }
}

extension ImageStore {
  /// Reads pixels alone, for whoever takes labels by the column.
  package func readPixels(
    _ range: Range<Int>, into batch: inout ImageBatch
  ) throws(StoreError) {
    try readPixels(Array(range), into: &batch)
  }

  /// Reads pixels alone, for whoever takes labels by the column.
  package func readPixels(
    _ indices: [Int], into batch: inout ImageBatch
  ) throws(StoreError) {
    try read(indices, regions: [], labels: [], into: &batch)
  }

  private func read(
    _ indices: [Int], regions: [ImageRegion], labels: [Int32], into batch: inout ImageBatch
  ) throws(StoreError) {
    let layout = try batchLayout(indices, regions: regions)
    try batch.replace(layout: layout, indices: indices, labels: labels) {
      (destination) throws(StoreError) in
      try read(indices.span, regions: regions.span, into: &destination)
    }
  }

  /// How images, or a region of each, lie in memory once read.
  ///
  /// - Parameter regions: none, one for all images, or one for each.
  package func batchLayout(
    _ indices: [Int], regions: [ImageRegion]
  ) throws(StoreError) -> BatchLayout {
    if let format {
      guard let region = regions.first else { return BatchLayout(format, count: indices.count) }
      // That further ones are as large, and within their images, is what the read checks.
      guard region.isContained(in: format) else {
        throw .outside(region, of: format, image: indices.first ?? 0)
      }
      return BatchLayout(format.cropped(to: region), count: indices.count)
    }
    return try GatherPlan(indices.span, regions: regions.span, in: self).layout
  }

  /// The labels of images as a batch has them: Int32, empty where the store has none.
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
