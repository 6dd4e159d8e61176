import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

/// Images that are one array, in one entry.
///
/// A stored array is read from the map. A deflated one is inflated as it is read, in order; in any
/// other order the whole array has to be in memory, because inflating cannot start in the middle.
final class ImageArray: Sendable {
  let images: ArrayGeometry
  private let archive: ZipArchive
  private let name: String
  private let entry: ZipEntry
  private let header: NPYHeader
  private let checksums: NPZStore.ChecksumPolicy
  private let inflated: DeflatedEntry?
  private let isChecked = Atomic(false)

  /// A larger array is not read completely for its checksum before its first image.
  private static let mostBytesChecked = 256 << 20

  init(
    _ archive: ZipArchive, _ array: ArchiveArray, _ images: ArrayGeometry,
    checksums: NPZStore.ChecksumPolicy
  ) throws(StoreError) {
    self.archive = archive
    self.name = array.name
    self.entry = array.entry
    self.checksums = checksums
    self.images = images
    header = try array.readable()
    inflated = array.entry.isDeflated ? DeflatedEntry(archive, array.entry, checks: checksums == .check) : nil
  }

  /// The array's name in numpy.
  var key: String { name.hasSuffix(".npy") ? String(name.dropLast(4)) : name }
  /// The extents of its axes.
  var shape: [Int] { header.shape }

  var isDeflated: Bool { entry.isDeflated }

  /// The bytes of an image in the archive, if they are not deflated, with those that may be before
  /// them: only the entry's own header says how long it is.
  func byteRange(of index: Int) -> Range<Int> {
    let data = entry.offset + entry.leastByteCount - entry.compressedByteCount + header.dataOffset
    let start = data + index * images.imageStride
    return start..<min(start + max(images.imageStride, 0) + Self.mostExtraBytes, entry.limit)
  }

  private static let mostExtraBytes = 128

  /// Whether images are in the map as they are delivered. Truth values are turned into 0 and 1 when
  /// they are copied; in the map they are as written.
  var isMapped: Bool { !entry.isDeflated && images.isDirect && images.format.elementType != .bool }

  /// The first sample of the first image of a stored array.
  private func mappedBase() throws(StoreError) -> UnsafeRawPointer {
    let bytes = try unsafe archive.compressedBytes(of: entry)
    if checksums == .check, entry.byteCount <= Self.mostBytesChecked, !isChecked.load(ordering: .relaxed) {
      try unsafe entry.check(bytes)
      isChecked.store(true, ordering: .relaxed)
    }
    return unsafe bytes.baseAddress! + header.dataOffset
  }

  /// The same error naming the file and the array.
  private func located<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw error.at(path: archive.path, key: name)
    }
  }

  /// Copies images, or converts them, to the caller's memory.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard let inflated else {
      let base = try unsafe located { () throws(StoreError) in try unsafe mappedBase() }
      let stride = images.imageStride
      guard !isMapped else {
        return try unsafe plan.copy(0..<plan.count, into: memory) { (index) throws(StoreError) in
          unsafe base + index * stride
        }
      }
      for position in 0..<plan.count {
        unsafe copy(
          plan.region(at: position), from: base + plan.indices[position] * stride,
          to: plan.slot(of: position, in: memory))
      }
      return
    }
    let (stride, offset) = (images.imageStride, header.dataOffset)
    if let resident = inflated.resident, images.isDirect, images.format.elementType != .bool {
      try unsafe plan.copy(0..<plan.count, into: memory) { (index) throws(StoreError) in
        unsafe resident.bytes.baseAddress! + (offset + index &* stride)
      }
      return
    }
    let size = images.imageByteSpan ?? header.dataByteCount
    let indices = plan.indices
    do throws(StoreError) {
      try unsafe inflated.forEach(count: plan.count) { position in
        // Images that are spread over the array need the whole array.
        let start = images.imageByteSpan == nil ? offset : offset + indices[position] * stride
        return start..<start + size
      } _: { (position, start) throws(StoreError) in
        let image = unsafe images.imageByteSpan == nil ? start + indices[position] * stride : start
        unsafe copy(
          plan.region(at: position), from: image, to: plan.slot(of: position, in: memory))
      }
    } catch {
      throw error.at(path: archive.path, key: name)
    }
  }

  /// Lends images, whose indices have been checked, if they are ``isMapped``.
  func borrow(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let (format, stride) = (images.format, images.imageStride)
    let base = try unsafe located { () throws(StoreError) in try unsafe mappedBase() }
    for position in indices.indices {
      let image = unsafe UnsafeRawBufferPointer(
        start: base + indices[position] * stride, count: format.byteCount)
      try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// Copies a region of an image in the delivered form.
  private func copy(
    _ region: ImageRegion, from image: UnsafeRawPointer, to slot: UnsafeMutableRawBufferPointer
  ) {
    unsafe images.copy(region, from: image, to: slot.baseAddress!)
    if images.format.elementType == .bool { unsafe TruthValues.normalize(slot) }
  }

  /// Checks the array's checksum, unless that has been done or is done on inflating it.
  func verifyOnce() throws(StoreError) {
    let isCheckedByReading =
      entry.isDeflated && checksums == .check && entry.byteCount <= InflatedBytes.smallByteCount
    if isChecked.load(ordering: .relaxed) || isCheckedByReading { return }
    try verify()
    isChecked.store(true, ordering: .relaxed)
  }

  /// Checks the array's checksum.
  func verify() throws(StoreError) {
    try located { () throws(StoreError) in
      try archive.check(entry)
    }
  }
}
