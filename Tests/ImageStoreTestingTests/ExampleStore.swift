import Foundation
import ImageStoreCore

/// Equal-sized images of bytes in one file: a line of JSON, then the pixels.
struct ExampleStore: ImageStore {
  struct Header: Codable {
    var count = 0
    var format: ImageFormat?
    var labels: [Int]?
  }

  private let header: Header
  private let pixels: [UInt8]

  init(at path: String) throws(StoreError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw StoreError(.notFound, "there is no such file", path: path)
    }
    guard let end = data.firstIndex(of: 0x0A),
      let header = try? JSONDecoder().decode(Header.self, from: data[..<end])
    else { throw StoreError(.unrecognized, "this is not a file of images", path: path) }
    pixels = [UInt8](data[(end + 1)...])
    self.header = header
    // What the header says is checked before anything is read by it.
    let (byteCount, overflow) = (header.format?.byteCount ?? 0).multipliedReportingOverflow(by: header.count)
    guard header.count >= 0, !overflow, byteCount == pixels.count,
      (header.format == nil) == (header.count == 0),
      header.labels.map({ $0.count == header.count }) ?? true
    else { throw StoreError(.corrupt, "\(pixels.count) bytes for \(header.count) images", path: path) }
  }

  var count: Int { header.count }
  var format: ImageFormat? { header.format }
  func labels() -> [Int]? { header.labels }
  var checksumCoverage: ChecksumCoverage { .noImages }

  func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard let format, (0..<count).contains(index) else {
      throw StoreError(.indexOutOfRange, "there is no image \(index)", remedy: "the store has \(count)")
    }
    return format
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let format = try format(at: indices[position])
      let start = indices[position] * format.byteCount
      // Any bytes are bytes: what a raw span of them shows is initialised.
      try unsafe body(position, format, pixels[start..<start + format.byteCount].span.bytes)
    }
  }
}
