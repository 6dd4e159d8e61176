import ImageStoreCore
import ImageStoreTesting

/// The images both sides work on, in memory, and the order of the shuffled work.
struct SampleData {
  let store: InMemoryStore
  private let order: [Int]
  private static let format = ImageFormat(height: 32, width: 32, channels: 3)

  init(_ settings: Settings, count: Int) throws {
    guard let folder = settings.data else {
      var generator = SplitMix64(seed: 10)
      store = try Self.synthetic(count)
      order = Array(0..<count).shuffled(using: &generator)
      return
    }
    var writer = InMemoryStore.Writer()
    let labels = try NumPyFile("\(folder)/labels.npy").integers[..<count]
    try NumPyFile("\(folder)/images.npy").withBytes { bytes in
      try writer.append(
        bytes.extracting(first: count * Self.format.byteCount),
        layout: BatchLayout(Self.format, count: count), labels: ImageLabels(labels: Array(labels)))
    }
    store = try writer.finish()
    order = try NumPyFile("\(folder)/order.npy").integers.filter { $0 < count }
  }

  /// The whole batches of the shuffled order; both sides leave out the rest.
  func batches(of size: Int) -> [[Int]] {
    stride(from: 0, through: order.count - size, by: size).map { Array(order[$0..<$0 + size]) }
  }

  /// Images without a data set: smooth with some noise, as photographs are.
  private static func synthetic(_ count: Int) throws -> InMemoryStore {
    var images = SyntheticImages(seed: 10)
    var writer = InMemoryStore.Writer()
    for index in 0..<count {
      try writer.append(images.image(.natural, format: format), format: format, label: index % 10)
    }
    return try writer.finish()
  }
}
