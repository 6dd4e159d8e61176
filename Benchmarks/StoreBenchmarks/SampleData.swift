import ImageStoreCore
import ImageStoreTesting
import NumPyFormat
import StoreIO

/// The images both sides work on, in memory, and the order of the shuffled work.
struct SampleData {
  let store: InMemoryStore
  private let order: [Int]

  init(_ settings: Settings, count: Int) throws {
    guard let folder = settings.data else {
      var generator = SplitMix64(seed: 10)
      store = try Self.synthetic(count)
      order = Array(0..<count).shuffled(using: &generator)
      return
    }
    let images = try MappedFile("\(folder)/images.npy")
    let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: images.bytes))
    let layout = try NPYImages(imagesOf: header)
    precondition(layout.isDirect && layout.count >= count, "prepare.py made other data than is asked for")
    let labels = try Self.integers("\(folder)/labels.npy")
    var writer = InMemoryStore.Writer()
    let pixels = try unsafe UnsafeRawBufferPointer(
      rebasing: header.data(in: images.bytes)[..<(count * layout.format.byteCount)])
    try writer.append(
      unsafe RawSpan(_unsafeBytes: pixels), layout: BatchLayout(layout.format, count: count),
      annotations: Annotations(labels: Array(labels[..<count])))
    store = try writer.makeStore()
    order = try Self.integers("\(folder)/order.npy").filter { $0 < count }
  }

  /// The whole batches of the shuffled order; both sides leave out the rest.
  func batches(of size: Int) -> [[Int]] {
    stride(from: 0, through: order.count - size, by: size).map { Array(order[$0..<$0 + size]) }
  }

  /// Images without a data set: smooth with some noise, as photographs are.
  private static func synthetic(_ count: Int) throws -> InMemoryStore {
    let format = ImageFormat(height: 32, width: 32, channels: 3)
    var images = SyntheticImages(seed: 10)
    var writer = InMemoryStore.Writer()
    for index in 0..<count {
      let image = images.image(.natural, format: format)
      try unsafe writer.append(image.span.bytes, format: format, label: index % 10)
    }
    return try writer.makeStore()
  }

  private static func integers(_ path: String) throws -> [Int] {
    let file = try MappedFile(path)
    let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: file.bytes))
    return try unsafe header.integers(in: header.data(in: file.bytes))
  }
}
