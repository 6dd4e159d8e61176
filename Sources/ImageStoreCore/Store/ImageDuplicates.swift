internal import CImageStoreKernels
import ImageStorePlatform

/// The images of a store that have the same pixels as an earlier image.
///
///     let found = try store.findDuplicates()
///     for copy in found.duplicates { print("\(copy.index) is \(copy.first)") }
///     let unique = try store.subset(found.uniqueIndices)
public struct ImageDuplicates: Sendable, Hashable {
  /// An image that equals an earlier one.
  public struct Duplicate: Sendable, Hashable {
    /// The index of the image.
    public let index: Int
    /// The index of the first image with these pixels.
    public let first: Int
  }

  /// The number of images examined: all images of the store.
  public let imageCount: Int
  /// The images that equal an earlier one, by rising index.
  public internal(set) var duplicates: [Duplicate] = []

  /// Whether no image occurs twice.
  public var isEmpty: Bool { duplicates.isEmpty }

  /// The indices of the images that equal an earlier one, rising.
  public var duplicateIndices: [Int] { duplicates.map(\.index) }

  /// The indices of the images without the duplicates.
  public var uniqueIndices: [Int] {
    let copies = Set(duplicates.map(\.index))
    return (0..<imageCount).filter { !copies.contains($0) }
  }
}

extension ImageStore {
  /// Finds the images whose format and pixels equal those of an earlier image. Labels do not
  /// matter.
  ///
  /// The stored checksums, if there are any, say which images may be equal, so that only these are
  /// read; of other images a CRC-32 is calculated, for which all are read once. What may be equal
  /// is compared byte by byte.
  ///
  /// - Parameter progress: called from time to time with the number of images examined.
  /// - Throws: what reading throws.
  public func findDuplicates(
    progress: (_ checked: Int) -> Void = { _ in }
  ) throws(StoreError) -> ImageDuplicates {
    let checksums = try completeChecksums()
    var places: [UInt32: [Int]] = [:]
    for (index, checksum) in checksums.enumerated() { places[checksum, default: []].append(index) }
    var found = ImageDuplicates(imageCount: count)
    // The images with a checksum that are known to differ; one of nearly all.
    var firsts: [UInt32: [Int]] = [:]
    for (index, checksum) in checksums.enumerated() {
      if (index + 1) % 1024 == 0 { progress(index + 1) }
      guard places[checksum, default: []].count > 1 else { continue }
      if let first = try firstEqual(to: index, among: firsts[checksum, default: []]) {
        found.duplicates.append(ImageDuplicates.Duplicate(index: index, first: first))
      } else {
        firsts[checksum, default: []].append(index)
      }
    }
    progress(count)
    return found
  }

  /// The images without duplicates: the first of equal images stays, with its label and columns.
  ///
  /// ``findDuplicates(progress:)`` says which are left out.
  ///
  /// - Throws: what reading throws.
  public func deduplicated() throws(StoreError) -> SubsetStore {
    try subset(findDuplicates().uniqueIndices)
  }

  /// The CRC-32 of each image's pixels: the stored one, or what is read.
  private func completeChecksums() throws(StoreError) -> [UInt32] {
    let stored = try checksums()
    var complete = stored.map { $0 ?? 0 }
    let missing = stored.indices.filter { stored[$0] == nil }
    if missing.count == count { advise(.sequential) }
    let step = 1024
    for start in stride(from: 0, to: missing.count, by: step) {
      let indices = Array(missing[start..<min(start + step, missing.count)])
      try forEachImage(indices.span) { (position, _, pixels) in
        complete[indices[position]] = unsafe pixels.withUnsafeBytes {
          unsafe $0.isEmpty ? 0 : image_kernels_crc32(0, $0.baseAddress!, $0.count)
        }
      }
    }
    return complete
  }

  /// The first of some images that has the pixels of another one.
  private func firstEqual(to index: Int, among others: [Int]) throws(StoreError) -> Int? {
    guard !others.isEmpty else { return nil }
    let own = try format(at: index)
    var pixels: [UInt8]?
    for other in others where try format(at: other) == own {
      let compared = if let pixels { pixels } else { try self.pixels(at: index) }
      pixels = compared
      let isEqual = try withImage(at: other) { (_, otherPixels) in
        unsafe otherPixels.withUnsafeBytes { other in
          unsafe compared.withUnsafeBytes { own in
            unsafe own.count == other.count
              && (own.isEmpty || memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0)
          }
        }
      }
      if isEqual { return other }
    }
    return nil
  }
}
