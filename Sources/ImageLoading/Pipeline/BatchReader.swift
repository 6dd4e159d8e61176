internal import ImageStoreCore

/// Makes any batch of an epoch. Workers share it.
struct BatchReader: Sendable {
  /// How many batches there are.
  let count: Int
  /// Fetches images before they are read; nil if all are in memory.
  let readAhead: LoaderReadAhead?
  let size: Int
  private let indices: SampleIndices
  private let order: SampleOrder
  private let labels: [Int]?
  private let columns: [String: Column]
  private let images: TensorReader
  private let masks: TensorReader?
  private let imageCount: Int

  /// The objects that a worker keeps between batches.
  struct Workspace {
    let images = TensorReader.Workspace()
    let masks = TensorReader.Workspace()
  }

  /// Reads labels and columns, and checks the arguments of a loader.
  init(_ request: LoaderRequest) throws(StoreError) {
    let store = request.images
    guard request.batchSize > 0 else {
      throw StoreError(.invalidArgument, "the batch size \(request.batchSize) is not positive")
    }
    guard request.state.imageCount == store.count else {
      throw StoreError(
        .invalidArgument,
        "the loader's state was saved with \(request.state.imageCount) images, but the store has \(store.count)",
        remedy: "resume with the store that the state was taken from")
    }
    guard request.masks == nil || request.masks?.count == store.count else {
      throw StoreError(
        .invalidArgument, "\(request.masks?.count ?? 0) masks for \(store.count) images",
        remedy: "give one mask per image")
    }
    try request.augmentation.validate()
    order = try request.state.order.resolved(for: store)
    imageCount = store.count
    indices = try order.indices(of: store, from: request.state.position)
    size = request.batchSize
    count =
      switch request.options.lastBatch {
      case .keep: indices.count / size + (indices.count % size == 0 ? 0 : 1)
      case .drop: indices.count / size
      }
    labels = try Self.labels(of: store)
    columns = try Self.columns(request.options.columns, of: store)
    images = TensorReader(store, .images, as: request.tensor, request)
    if let partner = request.masks {
      masks = TensorReader(partner, .masks, as: request.maskTensor, request)
    } else {
      masks = nil
    }
    let stores = [store] + (request.masks.map { [$0] } ?? [])
    readAhead = LoaderReadAhead(of: stores, in: order, indices)
    let pattern = LoaderReadAhead.pattern(of: order)
    for store in stores { store.advise(pattern) }
  }

  private static func labels(of store: any ImageStore) throws(StoreError) -> [Int]? {
    guard let labels = try store.labels() else { return nil }
    guard labels.count == store.count else {
      throw StoreError(.corrupt, "\(labels.count) labels for \(store.count) images")
    }
    return labels
  }

  private static func columns(
    _ names: [String], of store: any ImageStore
  ) throws(StoreError) -> [String: Column] {
    var columns: [String: Column] = [:]
    for name in names {
      let column = try store.column(name)
      guard column.count == store.count else {
        throw StoreError(.corrupt, "\(column.count) values for \(store.count) images", key: name)
      }
      columns[name] = column
    }
    return columns
  }

  /// Makes a batch.
  ///
  /// - Parameter number: in `0..<count`.
  func read(
    _ number: Int, into storage: BatchStorage, _ workspace: borrowing Workspace
  ) throws(StoreError) {
    let start = number * size
    let end = min(start + size, indices.count)
    storage.number = number
    if storage.indices.count != end - start {
      storage.indices = [Int](repeating: 0, count: end - start)
    }
    unsafe storage.indices.withUnsafeMutableBufferPointer { memory in
      unsafe indices.fill(memory, from: start)
    }
    storage.state = LoaderState(
      order: order, imageCount: imageCount, position: indices.globalPosition(after: end))
    let samples = TensorReader.Samples(
      indices: storage.indices, firstPosition: indices.globalPosition(of: start),
      stride: order.shard?.count ?? 1)
    storage.samples = samples
    storage.reader = images
    try gatherLabels(into: storage)
    for (name, column) in columns { storage.columns[name] = column.gathering(storage.indices) }
    try images.read(samples, into: &storage.images, workspace.images)
    guard let masks else { return }
    try checkSizes(samples.indices, of: masks)
    try masks.read(samples, into: &storage.masks, workspace.masks)
  }

  private func gatherLabels(into storage: BatchStorage) throws(StoreError) {
    guard let labels else { return }
    // Taken out and put back, so that it is appended to as a variable and not through the object.
    var batchLabels = storage.labels
    storage.labels = []
    batchLabels.removeAll(keepingCapacity: true)
    let indices = storage.indices
    for index in indices {
      guard let label = Int32(exactly: labels[index]) else {
        throw StoreError(
          .unsupported, "the label \(labels[index]) does not fit the 32 bits of a batch's labels",
          remedy: "read it with labels()", image: index)
      }
      batchLabels.append(label)
    }
    storage.labels = batchLabels
  }

  /// Checks that images and masks have the same height and width, so that one crop serves both.
  private func checkSizes(_ indices: [Int], of masks: TensorReader) throws(StoreError) {
    let isUniform = images.store.format != nil && masks.store.format != nil
    for index in isUniform ? indices.prefix(1) : indices[...] {
      let format = try images.store.format(at: index)
      let mask = try masks.store.format(at: index)
      guard format.height == mask.height && format.width == mask.width else {
        throw StoreError(
          .invalidArgument, "an image of \(format) has a mask of another size, \(mask)",
          remedy: "pair images with masks of the same height and width", image: index)
      }
    }
  }
}
