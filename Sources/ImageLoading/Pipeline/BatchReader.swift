internal import ImageStoreCore

/// Makes any batch of an epoch: what workers share.
struct BatchReader: Sendable {
  let count: Int
  let hasMasks: Bool
  private let size: Int
  private let indices: SampleIndices
  private let order: SampleOrder
  private let labels: [Int]?
  private let columns: [String: Column]
  private let images: TensorReader
  private let masks: TensorReader?
  private let imageCount: Int

  /// What a worker keeps between batches.
  struct Workspace {
    let images = TensorReader.Workspace()
    let masks = TensorReader.Workspace()
  }

  /// Reads labels and columns, and checks the arguments of a loader.
  init(_ request: LoaderRequest) throws(StoreError) {
    let store = request.store
    guard request.batchSize > 0 else {
      throw StoreError(.invalidArgument, "batches of \(request.batchSize) images")
    }
    guard request.position.imageCount == store.count else {
      throw StoreError(
        .invalidArgument,
        "a position among \(request.position.imageCount) images where the store has \(store.count)",
        remedy: "resume with the store that the position was taken from")
    }
    try request.augmentation.validate()
    order = request.position.order
    imageCount = store.count
    indices = try order.indices(of: store, from: request.position.position)
    let size = request.batchSize
    self.size = size
    count =
      switch request.options.lastBatch {
      case .keep: indices.count / size + (indices.count % size == 0 ? 0 : 1)
      case .drop: indices.count / size
      }
    labels = try store.labels()
    var columns: [String: Column] = [:]
    for name in request.options.columns { columns[name] = try store.column(name) }
    self.columns = columns
    images = TensorReader(store, tensor: request.tensor, request)
    hasMasks = request.masks != nil
    if let (partner, tensor) = request.masks {
      guard partner.count == store.count else {
        throw StoreError(
          .invalidArgument, "\(partner.count) images to pair with \(store.count)",
          remedy: "pair stores whose images belong together one by one")
      }
      masks = TensorReader(partner, tensor: tensor, request)
    } else {
      masks = nil
    }
    if case .sequential = order.kind {
      store.advise(.sequential)
    } else {
      store.advise(.random)
    }
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
    storage.position = LoaderState(
      order: order, imageCount: imageCount, position: indices.joinedPosition(after: end))
    let samples = TensorReader.Samples(
      indices: storage.indices, firstPosition: indices.joinedPosition(of: start),
      stride: order.rank?.count ?? 1)
    do throws(StoreError) {
      try readLabels(into: storage)
      try images.read(samples, into: &storage.images, workspace.images)
      if let masks {
        try checkPairs(samples, with: masks)
        try masks.read(samples, into: &storage.masks!, workspace.masks)
      }
    } catch {
      throw locate(error, samples.indices)
    }
  }

  private func readLabels(into storage: BatchStorage) throws(StoreError) {
    // Taken out and put back, so that it is appended to as a variable and not through the object.
    var batchLabels = storage.labels
    storage.labels = []
    batchLabels.removeAll(keepingCapacity: true)
    if let labels {
      guard labels.count == imageCount else {
        throw StoreError(.corrupt, "\(labels.count) labels for \(imageCount) images")
      }
      let indices = storage.indices
      for index in indices {
        guard let label = Int32(exactly: labels[index]) else {
          throw StoreError(
            .unsupported, "the label \(labels[index]) does not fit the 32 bits of a batch's labels",
            remedy: "read it with labels()", image: index)
        }
        batchLabels.append(label)
      }
    }
    storage.labels = batchLabels
    guard !columns.isEmpty else { return }
    for (name, column) in columns {
      guard column.count == imageCount else {
        throw StoreError(.corrupt, "\(column.count) values for \(imageCount) images", key: name)
      }
      storage.columns[name] = column.gathering(storage.indices)
    }
  }

  /// Checks that partners have the same height and width, so that one crop serves both.
  private func checkPairs(
    _ samples: TensorReader.Samples, with masks: TensorReader
  ) throws(StoreError) {
    let isUniform = images.store.format != nil && masks.store.format != nil
    for index in isUniform ? samples.indices.prefix(1) : samples.indices[...] {
      let format = try images.store.format(at: index)
      let partner = try masks.store.format(at: index)
      guard format.height == partner.height && format.width == partner.width else {
        throw StoreError(
          .invalidArgument, "an image of \(format) masks with one of \(partner)",
          remedy: "pair images of equal height and width", image: index)
      }
    }
  }

  /// Finds which image an error belongs to where the store did not say.
  private func locate(_ error: StoreError, _ indices: [Int]) -> StoreError {
    guard error.image == nil, error.code != .indexOutOfRange, error.code != .limitExceeded else {
      return error
    }
    for index in indices {
      do throws(StoreError) {
        try images.store.withImage(at: index) { (_, _) throws(StoreError) in }
      } catch {
        return error.at(image: index)
      }
    }
    return error
  }
}
