internal import ImageLoading
internal import ImageStoreCore
internal import ImageStoreSupport

/// Writes a store of one kind, reads it back and measures.
struct DemoRun {
  static let batchSize = 128
  private static let passes = 3

  private let format: any WritableStoreFormat
  private let source: InMemoryStore
  private let path: String

  init(_ format: any WritableStoreFormat, of source: InMemoryStore, in folder: String) {
    self.format = format
    self.source = source
    path = "\(folder)/\(Self.fileName(format))"
  }

  /// The name of the store of a kind in the demo's folder.
  static func fileName(_ format: any WritableStoreFormat) -> String {
    "images" + (format.suffixes.first ?? "-png")
  }

  /// - Throws: what a store throws, and ``StoreError/Code/corrupt`` for a pixel or label that has
  ///   changed.
  func row() throws(StoreError) -> DemoRow {
    let bar = ProgressBar("writing \(format.name)", total: source.count, isQuiet: false)
    let write = try time { () throws(StoreError) in
      try format.write(InterruptibleStore(base: source), to: path, WriteOptions(mode: .replace)) {
        bar.update($0)
      }
    }
    bar.finish()
    let opened = try OpenedStore(path)
    guard try opened.store.labels() == source.labels() else {
      throw StoreError(.corrupt, "the labels read are not those that were written", path: path)
    }
    let inOrder = (0..<source.count).map { $0 }
    let order = SampleOrder.shuffled(seed: 42, epoch: 0)
    let shuffled = Array(try order.indices(of: source))
    return DemoRow(
      name: format.name, count: source.count, write: write, read: try read(inOrder, 1024, opened.store),
      shuffled: try read(shuffled, Self.batchSize, opened.store),
      bytesOnDisk: try FileSystem.bytesOnDisk(path).apparent)
  }

  /// The median time to read images in batches, and compares each of them with what was written.
  private func read(
    _ order: [Int], _ size: Int, _ store: any ImageStore
  ) throws(StoreError) -> Double {
    var times: [Double] = []
    var batch = ImageBatch()
    for pass in 0..<Self.passes {
      var seconds = 0.0
      for start in stride(from: 0, to: order.count, by: size) {
        if Interruption.pending != nil { throw StoreError(.system, "interrupted") }
        let indices = Array(order[start..<min(start + size, order.count)])
        seconds += try time { () throws(StoreError) in try store.read(indices, into: &batch) }
        if pass == 0 { try check(batch) }
      }
      times.append(seconds)
    }
    return times.sorted()[times.count / 2]
  }

  private func check(_ batch: borrowing ImageBatch) throws(StoreError) {
    for position in 0..<batch.count {
      let index = batch.indices[position]
      let pixels = batch.pixels.extracting(batch.layout.byteRange(of: position))
      try source.withImage(at: index) { (format, written) throws(StoreError) in
        guard batch.layout[position] == format, pixels.firstDifference(from: written) == nil else {
          throw StoreError(
            .corrupt, "the pixels read are not those that were written", path: path, image: index)
        }
      }
    }
  }

  private func time(_ body: () throws(StoreError) -> Void) throws(StoreError) -> Double {
    let start = monotonicSeconds()
    try body()
    return monotonicSeconds() - start
  }
}

/// A line of the demo's table.
struct DemoRow {
  var name: String
  var count: Int
  /// Seconds for all images.
  var write: Double
  var read: Double
  var shuffled: Double
  var bytesOnDisk: Int

  static let header =
    line(["store", "write", "read", "shuffled", "disk", "pixels"]) + "\n  "
    + String(repeating: "-", count: 62)

  var text: String {
    let times = [write, read, shuffled].map { Numbers.significant($0 * 1e6 / Double(count)) }
    return Self.line([name] + times + [Numbers.bytes(bytesOnDisk), "equal"])
  }

  static func line(_ cells: [String]) -> String {
    var line = "  " + cells[0] + String(repeating: " ", count: 12 - cells[0].count)
    for cell in cells.dropFirst() { line += String(repeating: " ", count: max(1, 10 - cell.count)) + cell }
    return line
  }
}
