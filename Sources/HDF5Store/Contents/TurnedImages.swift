import ImageStoreCore
import ImageStoreSupport

/// Images whose layout in a dataset differs from the one delivered: with their axes in another
/// order, or as packed bits.
///
/// The samples of contiguous datasets are gathered from the map. For other datasets, images are
/// decoded as the dataset has them, and then turned; if an image is spread over the whole dataset,
/// the dataset is decoded once and kept.
struct TurnedImages: Sendable {
  enum Arrangement: Sendable {
    case strided(ArrayGeometry)
    case packed(PackedBits)
  }

  let arrangement: Arrangement
  /// The dataset read along its first axis.
  let raw: HDF5Images
  let rawFormat: ImageFormat
  let rawCount: Int
  /// Whether the first axis counts the images.
  let isByImage: Bool
  private let whole = Cached<PixelMemory>()

  init(_ arrangement: Arrangement, _ raw: HDF5Images, _ shape: DatasetShape, isByImage: Bool) {
    self.arrangement = arrangement
    self.raw = raw
    rawFormat = shape.format
    rawCount = shape.count
    self.isByImage = isByImage
  }

  var format: ImageFormat {
    switch arrangement {
    case .strided(let geometry): geometry.format
    case .packed(let bits): bits.format
    }
  }

  /// The coverage of checksums that are compared when images are read.
  var checksumCoverage: ChecksumCoverage {
    switch raw.checksumCoverage {
    case .allImages: .allImages
    case .noImages: .noImages
    default: isByImage ? raw.checksumCoverage : .noImages
    }
  }

  /// Writes images, or a region of each, to their slots, their samples as the machine has them.
  func read(
    _ plan: borrowing GatherPlan, from file: MappedFile, into memory: UnsafeMutableRawBufferPointer,
    threads: Int
  ) throws(StoreError) {
    switch raw {
    case .mapped(let offset, let type):
      guard let bytes = unsafe file.bytes(at: offset, count: rawCount * rawFormat.byteCount) else {
        throw StoreError(.corrupt, "images are beyond the end of the file")
      }
      try unsafe turn(plan, from: bytes, isSwapped: type.isSwapped, into: memory, threads: threads)
    case .resident(let resident):
      try unsafe turn(plan, from: resident.bytes, isSwapped: false, into: memory, threads: threads)
    case .chunked, .library, .constant:
      if isByImage { return try unsafe readByImage(plan, from: file, into: memory, threads: threads) }
      let samples = try whole.value { () throws(StoreError) in try readWhole(file, threads: threads) }
      try unsafe turn(plan, from: samples.bytes, isSwapped: false, into: memory, threads: threads)
    case .each, .turned, .encoded:
      throw StoreError(.corrupt, "the images have no bytes of their own in the file")
    }
  }

  private func turn(
    _ plan: borrowing GatherPlan, from bytes: UnsafeRawBufferPointer, isSwapped: Bool,
    into memory: UnsafeMutableRawBufferPointer, threads: Int
  ) throws(StoreError) {
    guard plan.count > 0, let base = bytes.baseAddress else { return }
    try plan.performRuns(threads: threads) { (run) throws(StoreError) in
      for position in run {
        let slot = unsafe plan.slot(of: position, in: memory)
        unsafe copy(plan.indices[position], plan.region(at: position), from: base, to: slot)
        if isSwapped { unsafe Self.swap(slot, format.elementType) }
      }
    }
  }

  /// - Parameter base: the first sample of the dataset.
  private func copy(
    _ index: Int, _ region: ImageRegion, from base: UnsafeRawPointer, to slot: UnsafeMutableRawBufferPointer
  ) {
    guard let target = slot.baseAddress else { return }
    switch arrangement {
    case .strided(let geometry):
      unsafe geometry.copy(region, from: base + index * geometry.imageStride, to: target)
    case .packed(let bits): unsafe bits.unpack(region, of: index, from: base, to: target)
    }
  }

  /// Decodes some images at a time, and turns them.
  private func readByImage(
    _ plan: borrowing GatherPlan, from file: MappedFile, into memory: UnsafeMutableRawBufferPointer,
    threads: Int
  ) throws(StoreError) {
    let step = max(1, min(plan.count, (4 << 20) / rawFormat.byteCount))
    let scratch = try PixelMemory(capacity: step * rawFormat.byteCount)
    for start in stride(from: 0, to: plan.count, by: step) {
      let part = start..<min(start + step, plan.count)
      try scratch.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(part.count * rawFormat.byteCount) { (bytes) throws(StoreError) in
          try unsafe readRaw(plan.indices.extracting(part), from: file, into: bytes, threads: threads)
        }
      }
      guard let base = unsafe scratch.bytes.baseAddress else { return }
      for position in part {
        unsafe copy(
          position - start, plan.region(at: position), from: base, to: plan.slot(of: position, in: memory))
      }
    }
  }

  private func readWhole(_ file: MappedFile, threads: Int) throws(StoreError) -> PixelMemory {
    let byteCount = rawCount * rawFormat.byteCount
    let memory = try PixelMemory(capacity: byteCount)
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(byteCount) { (bytes) throws(StoreError) in
        try unsafe readRaw(Array(0..<rawCount).span, from: file, into: bytes, threads: threads)
      }
    }
    return memory
  }

  /// Decodes items of the first axis, in the machine's byte order.
  private func readRaw(
    _ indices: Span<Int>, from file: MappedFile, into bytes: UnsafeMutableRawBufferPointer, threads: Int
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: Span(), of: rawCount, format: rawFormat)
    switch raw {
    case .chunked(let pixels, let type):
      try unsafe pixels.read(plan, into: bytes, threads: threads)
      unsafe type.makeNative(bytes)
    case .library(let pixels, _): try unsafe pixels.read(plan, into: bytes)
    case .constant(let image):
      for position in 0..<plan.count {
        unsafe plan.slot(of: position, in: bytes).copyMemory(from: image.bytes)
      }
    case .mapped, .resident, .each, .turned, .encoded:
      throw StoreError(.corrupt, "the images have no bytes of their own in the file")
    }
  }

  private static func swap(_ bytes: UnsafeMutableRawBufferPointer, _ type: ElementType) {
    #if _endian(big)
    let isBig = false
    #else
    let isBig = true
    #endif
    unsafe StoredType(kind: .signed, byteCount: type.byteCount, isBigEndian: isBig).makeNative(bytes)
  }
}

extension DatasetShape {
  /// A dataset read along its first axis, the others being rows, columns and channels.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` for more bytes than an image has.
  init(alongFirstAxisOf dataset: DatasetDescription, _ elementType: ElementType) throws(StoreError) {
    switch dataset.shape.count {
    case 4: dimensions = [0, 1, 2, 3]
    case 3: dimensions = [0, 1, 2]
    case 2: dimensions = [0, 2]
    default: dimensions = [2]
    }
    var extents = [1, 1, 1, 1]
    for (dimension, extent) in zip(dimensions, dataset.shape) { extents[dimension] = extent }
    self.extents = extents
    format = try ImageFormat(
      validating: extents[1], width: extents[2], channels: extents[3], elementType: elementType)
  }

  /// The form of an array's geometry for datasets whose samples are laid out as they are delivered.
  init(_ geometry: ArrayGeometry, _ dataset: DatasetDescription) {
    format = geometry.format
    extents = [geometry.count, format.height, format.width, format.channels]
    let places: [Dimensions.Axis: Int] = [.image: 0, .row: 1, .column: 2, .channel: 3]
    dimensions = geometry.dimensions.axes.compactMap { places[$0] }
  }
}
