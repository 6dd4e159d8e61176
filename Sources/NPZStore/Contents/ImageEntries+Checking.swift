internal import CImageStoreKernels
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport
import Synchronization

// Stored images are checked once, when they are first read: the header before the entry, that of the
// array, the checksum. In a shuffled order each of these is somewhere in the file, and so is what the
// directory says of it; waiting for one after another takes longer than the checks themselves.

extension ImageEntries {
  /// Images are checked so many at a time before they are copied: the caches still have them then.
  private static var partLength: Int { 64 }
  /// How many images before an image is checked its record of the directory is fetched, and its
  /// headers. The rest is fetched while the image before it is checked.
  private static var recordLead: Int { 16 }
  private static var headerLead: Int { 8 }
  /// The bytes from an entry's beginning within which headers usually are.
  private static var headerByteCount: Int { 256 }
  private static var mostFetchedByteCount: Int { 16_384 }

  /// Does something with a run of images, all of which have been checked by then: if any is left in
  /// the archive that has not been, the run is checked and done in parts.
  @inline(__always)
  func checkingFirst(
    _ run: Range<Int>, of indices: Span<Int>, _ offsets: UnsafeMutablePointer<Atomic<Int>>,
    _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    // Acquiring: who sees that none is left sees where all of them are.
    guard uncheckedCount.load(ordering: .acquiring) > 0 else { return try body(run) }
    for start in stride(from: run.lowerBound, to: run.upperBound, by: Self.partLength) {
      let part = start..<min(start + Self.partLength, run.upperBound)
      try unsafe check(indices.extracting(part), offsets)
      try body(part)
    }
  }

  /// Checks those of some images that have not been checked.
  private func check(
    _ indices: Span<Int>, _ offsets: UnsafeMutablePointer<Atomic<Int>>
  ) throws(StoreError) {
    let file = unsafe archive.file.bytes.baseAddress!
    var newCount = 0
    defer { if newCount > 0 { uncheckedCount.subtract(newCount, ordering: .releasing) } }
    try unsafe archive.directory.entries.withUnsafeBufferPointer { (entries) throws(StoreError) in
      let last = indices.count - 1
      for position in -min(Self.recordLead, last)..<indices.count {
        let far = indices[min(position + Self.recordLead, last)]
        unsafe image_kernels_prefetch(offsets + far, 1)
        unsafe image_kernels_prefetch(entries.baseAddress! + positions.position(of: far), 1)
        let near = indices[max(0, min(position + Self.headerLead, last))]
        let nearEntry = unsafe entries[positions.position(of: near)]
        unsafe image_kernels_prefetch(file + nearEntry.offset, Self.headerByteCount)
        guard position >= 0, case let index = indices[position],
          unsafe offsets[index].load(ordering: .relaxed) == 0
        else { continue }
        let next = unsafe entries[positions.position(of: indices[min(position + 1, last)])]
        let offset: Int
        do throws(StoreError) {
          offset = try unsafe checkedOffset(
            entries[positions.position(of: index)], fetching: file + next.offset + Self.headerByteCount)
        } catch {
          throw named(error, index)
        }
        if unsafe offsets[index].exchange(offset, ordering: .relaxed) == 0 { newCount += 1 }
      }
    }
  }

  /// Checks an image.
  ///
  /// - Parameter next: where most of the next image is.
  /// - Returns: where its pixels begin in the file.
  @inline(__always)
  private func checkedOffset(
    _ entry: ZipEntry, fetching next: UnsafeRawPointer
  ) throws(StoreError) -> Int {
    let bytes = try unsafe archive.compressedBytes(of: entry)
    if checksums == .check {
      // The processor's own fetching is enough within larger ones.
      try unsafe entry.check(
        found: bytes.count <= Self.mostFetchedByteCount
          ? CRC32.checksum(of: bytes, fetching: next) : CRC32.checksum(of: bytes))
    }
    let pixels =
      if isRepeatedHeaderEnough, let expected, unsafe expected.isHeader(of: bytes) {
        unsafe bytes.baseAddress! + expected.header.count
      } else {
        try unsafe otherPixels(bytes)
      }
    return unsafe pixels - archive.file.bytes.baseAddress!
  }

  /// Where an entry has the pixels of an image that another header than the first one describes, or
  /// whose samples must be looked at.
  private func otherPixels(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> UnsafeRawPointer {
    let decoded = try unsafe decoded(bytes)
    guard decoded.images.isDirect else {
      // One array in Fortran order among others in C order.
      throw StoreError(
        .unsupported, "the image has another byte order than the first image",
        remedy: "save the archive again")
    }
    if decoded.images.format.elementType == .bool {
      let pixels = unsafe UnsafeRawBufferPointer(
        start: decoded.pixels, count: decoded.images.format.byteCount)
      // This package's writer lets none through.
      if let offset = unsafe TruthValues.firstOther(in: pixels) {
        throw unsafe StoreError(
          .corrupt, "a bool sample is \(pixels[offset]), at byte \(offset) of the pixels")
      }
    }
    return unsafe decoded.pixels
  }
}
