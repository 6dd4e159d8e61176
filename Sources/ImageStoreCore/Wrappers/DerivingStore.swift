/// A wrapper that makes each image from the image of ``StoreWrapper/base`` with the same index.
///
/// It says how a format changes, which part of an image a region needs, and how its pixels are
/// made. Reading is implemented here for all such wrappers.
package protocol DerivingStore: StoreWrapper {
  /// The object that one thread works with.
  associatedtype Tool: AnyObject

  var tools: IdlePool<Tool> { get }
  var threads: Int { get }
  /// The format that all images have, once it has been determined.
  var knownFormat: Cached<ImageFormat?> { get }

  /// The format that an image of a format becomes.
  func derived(_ format: ImageFormat) throws(StoreError) -> ImageFormat

  /// Whether images of a format stay as they are.
  func keeps(_ format: ImageFormat) throws(StoreError) -> Bool

  /// The part of an image of `base` that a region of the result is made from; nil if none.
  func needed(
    for region: ImageRegion, of format: ImageFormat
  ) throws(StoreError) -> ImageRegion?

  /// Makes a region.
  ///
  /// - Parameters:
  ///   - pixels: rows of an image of `base`.
  ///   - held: the part of it that `pixels` has, which contains everything that is needed.
  ///   - format: the format of the whole image of `base`.
  ///   - region: the region of the result.
  ///   - slot: memory of the size of the region.
  func derive(
    _ pixels: UnsafeRawBufferPointer, holding held: ImageRegion, of format: ImageFormat,
    _ region: ImageRegion,
    into slot: UnsafeMutableRawBufferPointer, with tool: Tool
  ) throws(StoreError)
}

extension DerivingStore {
  /// The format of all images. It follows from that of `base`; otherwise all images are examined
  /// once, up to the first that differs. A header that cannot be read counts as different.
  package func derivedFormat() -> ImageFormat? {
    if count == 0 { return nil }
    if let format = base.format { return try? derived(format) }
    return
      (try? knownFormat.value { () throws(StoreError) in
        let first = try derivedFormat(at: 0)
        for index in 1..<max(1, count) {
          guard try derivedFormat(at: index) == first else { return nil }
        }
        return first
      }) ?? nil
  }

  package func derivedFormat(at index: Int) throws(StoreError) -> ImageFormat {
    let format = try base.format(at: index)
    do throws(StoreError) {
      return try derived(format)
    } catch {
      throw error.at(image: index)
    }
  }

  /// Appends images or regions. The needed parts of the images of `base` are read some at a time,
  /// by all of its threads, or used where they are in memory; as many threads make the images.
  package func readDerived(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    if try keepsAll(indices) { return try base.read(indices, regions: regions, into: &destination) }
    let plan = try derivedPlan(indices, regions: regions)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      if let store = base as? any LocatingStore, store.locatesImages {
        return try unsafe deriveLocated(plan, in: store, into: memory)
      }
      var part = DerivedPart()
      var pixels = GrowingMemory()
      var start = 0
      while start < plan.count {
        let end = try collect(&part, of: plan, from: start)
        try pixels.fill(part.byteCount) { (output) throws(StoreError) in
          guard !part.indices.isEmpty else { return }
          try base.read(part.indices.span, regions: part.needed.span, into: &output)
        }
        try unsafe derive(part, pixels.bytes, of: plan, into: memory)
        start = end
      }
    }
  }

  /// Whether all images of a call stay as they are.
  private func keepsAll(_ indices: Span<Int>) throws(StoreError) -> Bool {
    if let format = base.format { return try keeps(format) }
    for position in indices.indices {
      guard try keeps(base.format(at: indices[position])) else { return false }
    }
    return true
  }

  /// Lends images one after another, made from those that `base` lends.
  package func forEachDerived(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    var memory = GrowingMemory()
    try tools.withObject { (tool) throws(StoreError) in
      try base.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
        let made: ImageFormat
        do throws(StoreError) {
          if try keeps(format) { return try body(position, format, pixels) }
          made = try derived(format)
          try unsafe memory.write(made.byteCount) { (slot) throws(StoreError) in
            try unsafe pixels.withUnsafeBytes { (pixels) throws(StoreError) in
              try unsafe derive(
                pixels, holding: ImageRegion(wholeOf: format), of: format, ImageRegion(wholeOf: made),
                into: slot,
                with: tool)
            }
          }
        } catch {
          throw error.at(image: position < indices.count ? indices[position] : position)
        }
        try body(position, made, memory.span)
      }
    }
  }

  @_lifetime(copy indices, copy regions)
  private func derivedPlan(
    _ indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> GatherPlan {
    if let format = base.format {
      return try GatherPlan(indices, regions: regions, of: count, format: derived(format))
    }
    return try GatherPlan(indices, regions: regions) { (index) throws(StoreError) in
      try derivedFormat(at: index)
    }
  }

  /// The number of images that is worth another thread.
  private func leastRun(_ plan: borrowing GatherPlan) -> Int {
    max(1, (64 << 10) / max(1, plan.byteCount / max(1, plan.count)))
  }

  private func deriveLocated(
    _ plan: borrowing GatherPlan, in store: any LocatingStore, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    var images: [LocatedImage] = []
    images.reserveCapacity(plan.count)
    try store.locate(plan.indices, into: &images)
    let located = images
    try Workers.performRuns(of: plan.count, minimum: leastRun(plan), threads: threads) {
      (run) throws(StoreError) in
      try tools.withObject { (tool) throws(StoreError) in
        for position in run {
          let image = located[position]
          do throws(StoreError) {
            try unsafe derive(
              image.bytes, holding: ImageRegion(wholeOf: image.format), of: image.format,
              plan.region(at: position), into: plan.slot(of: position, in: memory), with: tool)
          } catch {
            throw error.at(image: plan.indices[position])
          }
        }
      }
    }
    try store.checkLocatedImages()
  }

  /// Collects positions from `start` on until what they need takes some MB.
  ///
  /// - Returns: the first position that is not collected.
  private func collect(
    _ part: inout DerivedPart, of plan: borrowing GatherPlan, from start: Int
  ) throws(StoreError) -> Int {
    part.removeAll(from: start)
    var position = start
    while position < plan.count, part.needed.isEmpty || part.byteCount < DerivedPart.byteBudget {
      let index = plan.indices[position]
      let format = try base.format(at: index)
      do throws(StoreError) {
        let needed = try needed(for: plan.region(at: position), of: format)
        part.append(format, needed, index: index)
      } catch {
        throw error.at(image: index)
      }
      position += 1
    }
    return position
  }

  private func derive(
    _ part: DerivedPart, _ pixels: UnsafeRawBufferPointer, of plan: borrowing GatherPlan,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try Workers.performRuns(of: part.formats.count, minimum: leastRun(plan), threads: threads) {
      (run) throws(StoreError) in
      try tools.withObject { (tool) throws(StoreError) in
        for number in run {
          let format = part.formats[number]
          let position = part.first + number
          var held = ImageRegion(wholeOf: format)
          var image = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
          if let place = part.places[number] {
            held = part.needed[place.number]
            unsafe image = unsafe UnsafeRawBufferPointer(
              rebasing: pixels[place.offset..<place.offset + format.cropped(to: held).byteCount])
          }
          do throws(StoreError) {
            try unsafe derive(
              image, holding: held, of: format, plan.region(at: position),
              into: plan.slot(of: position, in: memory), with: tool)
          } catch {
            throw error.at(image: plan.indices[position])
          }
        }
      }
    }
  }
}

/// The images of `base` that are read at a time: one list per image, another for those of which
/// something is needed.
private struct DerivedPart {
  /// Enough for every thread to have images, but not more than the processor's caches hold.
  static let byteBudget = 8 << 20

  /// The position of the first image.
  var first = 0
  var formats: [ImageFormat] = []
  /// Where an image is in `needed` and in memory; nil if nothing of it is needed.
  var places: [(number: Int, offset: Int)?] = []
  var indices: [Int] = []
  var needed: [ImageRegion] = []
  var byteCount = 0

  mutating func removeAll(from first: Int) {
    self.first = first
    formats.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    indices.removeAll(keepingCapacity: true)
    needed.removeAll(keepingCapacity: true)
    byteCount = 0
  }

  mutating func append(_ format: ImageFormat, _ region: ImageRegion?, index: Int) {
    formats.append(format)
    guard let region else { return places.append(nil) }
    places.append((needed.count, byteCount))
    indices.append(index)
    needed.append(region)
    byteCount += format.cropped(to: region).byteCount
  }
}
