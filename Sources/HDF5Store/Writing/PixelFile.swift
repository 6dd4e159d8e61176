import ImageStoreCore
import ImageStoreSupport

/// The file that a writer streams stored pixels to, one image or chunk after another from an offset.
struct PixelFile: ~Copyable {
  /// Where the first byte goes. Before it there is room for the metadata, so that a file of
  /// contiguous images is completed by writing the rest around them. It is one page, so that maps
  /// are aligned.
  static let start = 4096

  let path: String
  private let file: File
  private var writing = SequentialWriting(from: PixelFile.start)

  /// Creates the file.
  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File(path, .create)
  }

  /// Where the next byte goes.
  var end: Int { writing.end }
  /// Bytes streamed so far.
  var byteCount: Int { end - Self.start }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    try unsafe writing.append(bytes, to: file)
  }

  /// Writes the collected bytes.
  mutating func flush() throws(StoreError) { try writing.flush(to: file) }

  /// Writes around the streamed bytes, which ``flush()`` has written to the file.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StoreError) {
    try unsafe file.write(bytes, at: offset)
  }

  func resize(to byteCount: Int) throws(StoreError) { try file.resize(to: byteCount) }
  func synchronize() throws(StoreError) { try file.synchronize() }
}

/// The formats of images one after another, as runs of equal formats.
struct ImageRuns {
  private(set) var runs: [(format: ImageFormat, count: Int)] = []
  private(set) var count = 0

  /// The format of all images, or nil if they differ or there are none.
  var uniformFormat: ImageFormat? { runs.count == 1 ? runs[0].format : nil }

  mutating func append(_ format: ImageFormat, count added: Int) {
    guard added > 0 else { return }
    if runs.last?.format == format {
      runs[runs.count - 1].count += added
    } else {
      runs.append((format, added))
    }
    count += added
  }

  /// The format of every image in turn.
  func forEach(_ body: (ImageFormat) throws(StoreError) -> Void) throws(StoreError) {
    for run in runs {
      for _ in 0..<run.count { try body(run.format) }
    }
  }
}

extension BatchLayout {
  /// The runs of equal formats, and where each is.
  func forEachRun(
    _ body: (_ format: ImageFormat, _ count: Int, _ bytes: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    if let format = uniformFormat {
      if count > 0 { try body(format, count, 0..<byteCount) }
      return
    }
    var start = 0
    while start < count {
      var end = start + 1
      while end < count, self[end] == self[start] { end += 1 }
      try body(
        self[start], end - start, byteRange(of: start).lowerBound..<byteRange(of: end - 1).upperBound)
      start = end
    }
  }
}
