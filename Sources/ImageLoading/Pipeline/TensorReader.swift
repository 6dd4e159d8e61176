internal import ImageStoreCore

/// Reads the images of a batch from one store, and converts them on the way.
struct TensorReader: Sendable {
  let store: any ImageStore
  let converter: BatchConverter
  /// The caller's processing of each image.
  let step: ImageStep?
  /// Whether the choices depend on positions of the order, because it may have an image several times.
  private let choosesByPosition: Bool
  /// The store again if it can say where the images to convert are.
  let locatingStore: (any LocatingStore)?

  /// - Parameters:
  ///   - store: the store that images are read from.
  ///   - side: whether they are images, or masks, which are resized by the nearest pixel and not recolored.
  init(_ store: any ImageStore, _ side: LoadedBatch.Side, as tensor: TensorFormat, _ request: LoaderRequest) {
    self.store = store
    let order = request.state.order
    let (seed, epoch) = order.seedAndEpoch
    var augmentation = request.augmentation
    if side == .masks {
      augmentation.filter = .nearest
      augmentation.colorJitter = nil
    }
    step = side == .images ? request.step : nil
    converter = BatchConverter(
      tensor: tensor, augmentation: augmentation, seed: augmentation.seed ?? seed,
      epoch: augmentation.epoch ?? epoch)
    choosesByPosition = order.drawsWithReplacement
    let isLocating = !(converter.isPlain && step == nil) && store.isLocating
    locatingStore = isLocating ? store as? any LocatingStore : nil
  }

  /// The objects that a worker keeps between batches.
  final class Workspace {
    var conversion: Conversion?
    let placement = Placement()
    var regions: [ImageRegion] = []
    /// Where the images of a batch are while it is made.
    var images: [LocatedImage] = []
    var memory = GrowingMemory()
  }

  /// The images of a batch, and their global positions in the order.
  struct Samples {
    let indices: [Int]
    let firstPosition: Int
    let stride: Int
  }

  /// The number that determines the augmentation of the image at a position of the batch.
  func sample(_ position: Int, of samples: Samples) -> Int {
    choosesByPosition ? samples.firstPosition + position * samples.stride : samples.indices[position]
  }

  /// Reads the images of a batch; its indices are those of images that exist.
  ///
  /// - Throws: what the store throws, with the index of the image.
  func read(
    _ samples: Samples, into tensor: inout BatchStorage.Tensor, _ workspace: Workspace
  ) throws(StoreError) {
    do throws(StoreError) {
      try convert(samples, into: &tensor, workspace)
    } catch {
      throw naming(error, samples.indices)
    }
  }

  /// The error with the image it belongs to. If the store did not name the image, the batch is read
  /// again to find it.
  private func naming(_ error: StoreError, _ indices: [Int]) -> StoreError {
    guard error.image == nil, error.code != .indexOutOfRange, error.code != .limitExceeded else {
      return error
    }
    for index in indices {
      do throws(StoreError) {
        try store.withImage(at: index) { (_, _) throws(StoreError) in }
      } catch {
        return error.at(image: index)
      }
    }
    return error
  }

  /// Chooses how to read: whole images or regions, copied or converted.
  private func convert(
    _ samples: Samples, into tensor: inout BatchStorage.Tensor, _ workspace: Workspace
  ) throws(StoreError) {
    tensor.format = converter.tensor
    guard let first = samples.indices.first else {
      tensor.layout = BatchLayout([])
      return try tensor.memory.fill(0) { (_) throws(StoreError) in }
    }
    tensor.formats.removeAll(keepingCapacity: true)
    if converter.augmentation.isPlaced || step != nil {
      return try place(samples, into: &tensor, workspace)
    }
    if converter.isPlain { return try readPlain(samples, into: &tensor) }
    let format: ImageFormat
    if let uniform = store.format { format = uniform } else { format = try store.format(at: first) }
    let delivered = try converter.delivered(format, image: first)
    tensor.layout = BatchLayout(delivered, count: samples.indices.count)
    if store.format != nil && converter.isRegionEach {
      let regions = chooseRegions(samples, format: format, delivered: delivered, workspace)
      return try tensor.memory.fill(tensor.layout.byteCount) { (output) throws(StoreError) in
        try store.read(samples.indices.span, regions: regions.span, into: &output)
      }
    }
    if store.format != nil && converter.readsRegions && !store.isZeroCopy {
      return try convertRegions(samples, format: format, delivered: delivered, into: &tensor, workspace)
    }
    try convertImages(samples, delivered: delivered, into: &tensor, workspace)
  }

  /// Reads images as they are stored, or the same region of each.
  private func readPlain(
    _ samples: Samples, into tensor: inout BatchStorage.Tensor
  ) throws(StoreError) {
    var regions: [ImageRegion] = []
    if case .fixed(let region) = converter.augmentation.crop { regions = [region] }
    tensor.layout = try store.batchLayout(samples.indices.span, regions: regions.span)
    try tensor.memory.fill(tensor.layout.byteCount) { (output) throws(StoreError) in
      try store.read(samples.indices.span, regions: regions.span, into: &output)
    }
  }

  /// Converts images from where the store has them.
  private func convertImages(
    _ samples: Samples, delivered: ImageFormat, into tensor: inout BatchStorage.Tensor,
    _ workspace: Workspace
  ) throws(StoreError) {
    let indices = samples.indices
    let recordsFormats = store.format == nil
    var formats = tensor.formats
    defer { tensor.formats = formats }
    try unsafe tensor.memory.write(tensor.layout.byteCount) { (memory) throws(StoreError) in
      func convert(
        _ position: Int, _ format: ImageFormat, _ pixels: RawSpan, next: UnsafeRawPointer?
      ) throws(StoreError) {
        let index = indices[position]
        if recordsFormats { formats.append(format) }
        if workspace.conversion?.format != format {
          guard try converter.delivered(format, image: index) == delivered else {
            throw StoreError(
              .invalidArgument, "an image of \(format) does not fit in a batch of images of \(delivered)",
              remedy: "crop images to one size, or take them as they are stored", image: index)
          }
          workspace.conversion = Conversion(converter.tensor, format: format, delivered: delivered)
        }
        let choice = converter.choice(sample: sample(position, of: samples), format: format)
        do throws(StoreError) {
          try unsafe workspace.conversion!.convert(
            pixels, choice, to: memory.baseAddress! + position * delivered.byteCount, next: next)
        } catch {
          throw error.at(image: index)
        }
      }
      guard let locatingStore else {
        var converted = 0
        try store.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
          try convert(position, format, pixels, next: nil)
          converted += 1
        }
        guard converted == indices.count else {
          throw StoreError(.corrupt, "the store gave \(converted) images instead of \(indices.count)")
        }
        return
      }
      // The processor does not prefetch a random image of a map by itself, and waiting for memory
      // takes longer than converting, so each image is prefetched while the one before it is
      // converted.
      var images = workspace.images
      workspace.images = []
      images.removeAll(keepingCapacity: true)
      try locatingStore.locate(indices.span, into: &images)
      for position in images.indices {
        let image = images[position]
        let next = position + 1 < images.count ? unsafe images[position + 1].address : nil
        try unsafe convert(position, image.format, RawSpan(_unsafeBytes: image.bytes), next: next)
      }
      try locatingStore.checkLocatedImages()
      workspace.images = images
    }
  }

  /// Reads the region of each image, so that stores that decode need not decode the rest, and converts
  /// those.
  private func convertRegions(
    _ samples: Samples, format: ImageFormat, delivered: ImageFormat,
    into tensor: inout BatchStorage.Tensor, _ workspace: Workspace
  ) throws(StoreError) {
    let regions = chooseRegions(samples, format: format, delivered: delivered, workspace)
    let cropped = format.resized(height: delivered.height, width: delivered.width)
    let (byteCount, overflow) = cropped.byteCount.multipliedReportingOverflow(by: samples.indices.count)
    guard !overflow else {
      throw StoreError(
        .limitExceeded, "a batch of \(samples.indices.count) images of \(cropped) is too large")
    }
    try workspace.memory.fill(byteCount) { (output) throws(StoreError) in
      try store.read(samples.indices.span, regions: regions.span, into: &output)
    }
    if workspace.conversion?.format != cropped {
      workspace.conversion = Conversion(converter.tensor, format: cropped, delivered: delivered)
    }
    let conversion = workspace.conversion!
    try unsafe tensor.memory.write(tensor.layout.byteCount) { (memory) throws(StoreError) in
      for position in samples.indices.indices {
        var choice = converter.choice(sample: sample(position, of: samples), format: format)
        choice.row = 0
        choice.column = 0
        let source = unsafe UnsafeRawBufferPointer(
          rebasing: workspace.memory.bytes[
            position * cropped.byteCount..<(position + 1) * cropped.byteCount])
        try unsafe conversion.convert(
          RawSpan(_unsafeBytes: source), choice, to: memory.baseAddress! + position * delivered.byteCount)
      }
    }
  }

  private func chooseRegions(
    _ samples: Samples, format: ImageFormat, delivered: ImageFormat, _ workspace: Workspace
  ) -> [ImageRegion] {
    workspace.regions.removeAll(keepingCapacity: true)
    for position in samples.indices.indices {
      let choice = converter.choice(sample: sample(position, of: samples), format: format)
      workspace.regions.append(
        ImageRegion(
          row: choice.row, column: choice.column, height: delivered.height, width: delivered.width))
    }
    return workspace.regions
  }
}
