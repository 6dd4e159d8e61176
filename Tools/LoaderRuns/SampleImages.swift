import Foundation
import ImageStoreCatalog
import ImageStoreCore

/// Images made when they are asked for, so that a data set larger than memory can be written; what one holds
/// depends on its index alone.
struct SampleImages: ImageStore {
  let count: Int
  let imageFormat = ImageFormat(height: 160, width: 144, channels: 3)

  var format: ImageFormat? { imageFormat }
  var columnNames: [String] { [] }
  var checksumCoverage: ChecksumCoverage { .noImages }
  func format(at index: Int) -> ImageFormat { imageFormat }
  func labels() -> [Int]? { (0..<count).map { $0 % 10 } }
  func column(_ name: String) throws(StoreError) -> Column {
    throw StoreError(.invalidArgument, "no column \(name)")
  }

  /// The words of an image: noise of four bits per sample, which deflates to about half.
  static func words(_ index: Int, count: Int) -> [UInt64] {
    var state = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1
    var words = [UInt64](repeating: 0, count: count)
    for offset in 0..<count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      words[offset] = state & 0x0F0F_0F0F_0F0F_0F0F
    }
    return words
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let words = Self.words(indices[position], count: imageFormat.byteCount / 8)
      try unsafe body(position, imageFormat, words.span.bytes)
    }
  }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    guard regions.count == 0 else { throw StoreError(.unsupported, "regions of images made on request") }
    for position in indices.indices {
      for word in Self.words(indices[position], count: imageFormat.byteCount / 8) {
        unsafe destination.append(word, as: UInt64.self)
      }
    }
  }

  static func write(_ count: Int, as format: StoreCatalog.Variant, to path: String) throws {
    try format.write(SampleImages(count: count), to: path)
    print("  \(count) images written as \(format)")
    ProcessMemory.printPeak()
  }

  static func append(_ count: Int, as format: StoreCatalog.Variant, to path: String) throws {
    let before = try format.open(path).count
    let all = SampleImages(count: before + count)
    try format.write(all.subset(before..<before + count), to: path, mode: .append)
    print("  \(count) images appended to \(before)")
    ProcessMemory.printPeak()
  }
}
