internal import CImageStoreKernels
public import ImageStoreCore
internal import ImageStoreSupport

/// The images of CIFAR's training or test split: 32x32x3 uint8, with labels.
///
/// There is a column `filename` if the batches name their images, and a column `coarse_label` for
/// CIFAR-100.
public final class CIFARImages: ImageStore {
  static let imageFormat = ImageFormat(height: 32, width: 32, channels: 3)
  /// Pixels per plane; an image is three planes, red, green and blue.
  private static let planeByteCount = 32 * 32

  let batches: [Batch]
  /// The index of each batch's first image, and after the last the number of images.
  let starts: [Int]
  private let allLabels: [Int]
  private let fileNames = Cached<[String]>()
  private let threads: Int

  public let classNames: [String]?
  public let columnNames: [String]
  public let sourcePaths: [String]

  /// - Parameter sourcePaths: the files of the batches, or the archive.
  init(_ batches: [Batch], classNames: [String]?, threads: Int?, sourcePaths: [String]) {
    self.batches = batches
    self.sourcePaths = sourcePaths
    self.classNames = classNames
    self.threads = Workers.threadCount(threads)
    var starts = [0]
    var labels: [Int] = []
    for batch in batches {
      starts.append(starts[starts.count - 1] + batch.planes.count)
      labels += batch.labels
    }
    self.starts = starts
    allLabels = labels
    var names: [String] = []
    if !batches.isEmpty {
      if batches.allSatisfy({ $0.coarseLabels != nil }) { names.append("coarse_label") }
      if batches.allSatisfy({ $0.fileNames != nil }) { names.append("filename") }
    }
    columnNames = names
  }

  public var count: Int { starts[starts.count - 1] }

  public var format: ImageFormat? { count > 0 ? Self.imageFormat : nil }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0 && index < count else { throw .indexOutOfRange(index, count: count) }
    return Self.imageFormat
  }

  public func labels() -> [Int]? { allLabels }

  /// The files have no checksums of images.
  public var checksumCoverage: ChecksumCoverage { .noImages }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard columnNames.contains(name) else { throw .noColumn(name, among: columnNames) }
    if name == "coarse_label" {
      return .int64(batches.flatMap { ($0.coarseLabels ?? []).map(Int64.init) })
    }
    return .string(
      try fileNames.value { () throws(StoreError) in
        var names: [String] = []
        names.reserveCapacity(count)
        for batch in batches { try batch.appendFileNames(to: &names) }
        return names
      })
  }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, of: count, format: Self.imageFormat)
    // The batches own the bytes that are read.
    defer { withExtendedLifetime(self) {} }
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      guard let base = memory.baseAddress else { return }
      // Runs write to places of their own, so threads share only the bytes they read.
      nonisolated(unsafe) let start = unsafe base
      try Workers.performRuns(of: plan.count, minimum: 512, threads: threads) {
        (run) throws(StoreError) in
        if plan.isWhole, plan.byteCount >= PlaneReader.leastByteCount {
          return try unsafe readBlocks(plan.indices, run, to: start)
        }
        for position in run {
          unsafe interleave(
            plan.indices[position], region: plan.isWhole ? nil : plan.region(at: position),
            to: start + plan.byteRange(of: position).lowerBound)
        }
      }
    }
  }

  /// Reads a run of positions, those with consecutive images by the block.
  private func readBlocks(
    _ indices: Span<Int>, _ run: Range<Int>, to start: UnsafeMutableRawPointer
  ) throws(StoreError) {
    let slot = Self.imageFormat.byteCount
    let plane = Self.planeByteCount
    var position = run.lowerBound
    while position < run.upperBound {
      let first = indices[position]
      let batch = starts.lastIndex { $0 <= first }!
      var end = position + 1
      while end < run.upperBound, indices[end] == first + end - position, indices[end] < starts[batch + 1] {
        end += 1
      }
      let destination = unsafe start + position * slot
      let images = first - starts[batch]..<first - starts[batch] + end - position
      if let reader = try end - position >= 64 ? PlaneReader(batches[batch].planes) : nil {
        try unsafe reader.forEach(images) { (image, red) in
          unsafe image_kernels_interleave3_streaming(
            red, red + plane, red + 2 * plane, destination + (image - images.lowerBound) * slot, plane)
        }
      } else {
        for index in first..<first + end - position {
          unsafe interleave(index, region: nil, to: destination + (index - first) * slot)
        }
      }
      position = end
    }
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try borrowDecoded(indices, byteBudget: 1 << 18, body)
  }

  public func advise(_ pattern: AccessPattern) {
    for batch in batches { batch.planes.source.advise(pattern) }
  }

  /// Writes an image, or a region of it, with its channels interleaved.
  ///
  /// `index` is in `0..<count`, `region` is within an image, and `destination` has room for it.
  @inline(__always)
  private func interleave(_ index: Int, region: ImageRegion?, to destination: UnsafeMutableRawPointer) {
    var batch = 0
    while starts[batch + 1] <= index { batch &+= 1 }
    let red = unsafe batches[batch].planes.address(of: index &- starts[batch])
    let plane = Self.planeByteCount
    guard let region else {
      unsafe image_kernels_interleave3(red, red + plane, red + 2 * plane, destination, plane)
      return
    }
    let width = Self.imageFormat.width
    for row in 0..<region.height {
      let from = unsafe red + ((region.row &+ row) &* width &+ region.column)
      unsafe image_kernels_interleave3(
        from, from + plane, from + 2 * plane, destination + row &* region.width &* 3, region.width)
    }
  }
}
