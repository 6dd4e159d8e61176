import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

/// Images that are one array, in one entry.
///
/// A stored array is read from the map. A deflated one is inflated to memory, whole, when its first image is
/// read, since there is no way into the middle of it.
final class ImageArray: Sendable {
  let images: ArrayGeometry
  private let archive: ZipArchive
  private let name: String
  private let entry: ZipEntry
  private let header: NPYHeader
  private let checksums: NPZStore.ChecksumPolicy
  private let inflated = Cached<PixelMemory>()
  private let isChecked = Atomic(false)

  /// A larger array is not read through for its checksum before its first image is.
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
  }

  var isDeflated: Bool { entry.isDeflated }

  /// The bytes of an image in the archive, if they are not deflated, with those that may be before them: only the entry's own
  /// header says how long it is.
  func byteRange(of index: Int) -> Range<Int> {
    let data = entry.offset + entry.leastByteCount - entry.compressedByteCount + header.dataOffset
    let start = data + index * images.imageStride
    return start..<min(start + max(images.imageStride, 0) + Self.mostExtraBytes, entry.limit)
  }

  private static let mostExtraBytes = 128

  /// Whether images lie in the map as they are delivered.
  var isMapped: Bool { !entry.isDeflated && isBorrowable }

  /// Whether images lie in the map or in memory as they are delivered. Truth values are made 0 and 1 in
  /// memory; in the map they are what someone wrote.
  var isBorrowable: Bool {
    images.isDirect && (entry.isDeflated || images.format.elementType != .bool)
  }

  /// Calls with the first sample of the first image; all are there until the call ends.
  private func withBase<Result>(
    _ body: (UnsafeRawPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if entry.isDeflated {
      let memory = try inflated.value { () throws(StoreError) in
        try located { () throws(StoreError) in try inflate(checks: checksums == .check) }
      }
      return try unsafe body(memory.bytes.baseAddress! + header.dataOffset)
    }
    let bytes = try unsafe located { () throws(StoreError) in
      let bytes = try unsafe archive.compressedBytes(of: entry)
      if checksums == .check, entry.byteCount <= Self.mostBytesChecked, !isChecked.load(ordering: .relaxed) {
        try unsafe entry.check(bytes)
        isChecked.store(true, ordering: .relaxed)
      }
      return unsafe bytes
    }
    return try unsafe body(bytes.baseAddress! + header.dataOffset)
  }

  private func inflate(checks: Bool) throws(StoreError) -> PixelMemory {
    let source = try unsafe archive.compressedBytes(of: entry)
    let memory = try PixelMemory(capacity: entry.byteCount)
    try memory.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(entry.byteCount) { (target) throws(StoreError) in
        var inflater = Inflater(.raw)
        try unsafe inflater.inflate(source, into: target)
        if checks { try unsafe entry.check(UnsafeRawBufferPointer(target)) }
        if images.format.elementType == .bool {
          unsafe TruthValues.normalize(
            UnsafeMutableRawBufferPointer(rebasing: target[header.dataOffset...]))
        }
      }
    }
    return memory
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
    let stride = images.imageStride
    try unsafe withBase { (base) throws(StoreError) in
      guard !isBorrowable else {
        return try unsafe plan.copy(0..<plan.count, into: memory) { (index) throws(StoreError) in
          unsafe base + index * stride
        }
      }
      for position in 0..<plan.count {
        unsafe copy(
          plan.region(at: position), from: base + plan.indices[position] * stride,
          to: plan.slot(of: position, in: memory))
      }
    }
  }

  /// Lends images, whose indices have been checked, if they are ``isBorrowable``.
  func borrow(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    let (format, stride) = (images.format, images.imageStride)
    try unsafe withBase { (base) throws(StoreError) in
      for position in indices.indices {
        let image = unsafe UnsafeRawBufferPointer(
          start: base + indices[position] * stride, count: format.byteCount)
        try unsafe withRawSpan(of: image) { (pixels) throws(StoreError) in
          try body(position, format, pixels)
        }
      }
    }
  }

  /// Copies a region of an image as it is to be delivered.
  private func copy(
    _ region: ImageRegion, from image: UnsafeRawPointer, to slot: UnsafeMutableRawBufferPointer
  ) {
    unsafe images.copy(region, from: image, to: slot.baseAddress!)
    if images.format.elementType == .bool { unsafe TruthValues.normalize(slot) }
  }

  /// Checks the array's checksum, unless that has been done or is done on inflating it.
  func verifyOnce() throws(StoreError) {
    if isChecked.load(ordering: .relaxed) || entry.isDeflated && checksums == .check { return }
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
