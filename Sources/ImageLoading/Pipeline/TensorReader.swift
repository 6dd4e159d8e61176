internal import ImageStoreCore

/// Reads the images of a batch from one store, converting them on the way.
struct TensorReader: Sendable {
  let store: any ImageStore
  let converter: BatchConverter
  /// Whether the choices depend on positions of the order, since it may have an image several times.
  let choosesByPosition: Bool

  init(_ store: any ImageStore, tensor: TensorFormat, _ request: LoaderRequest) {
    self.store = store
    let order = request.position.order
    let (seed, epoch) = order.seedAndEpoch
    converter = BatchConverter(
      tensor: tensor, augmentation: request.augmentation,
      seed: request.augmentation.seed ?? seed, epoch: request.augmentation.epoch ?? epoch)
    choosesByPosition = order.drawsWithReplacement
  }

  /// What a worker keeps between batches.
  final class Workspace {
    var conversion: Conversion?
    var regions: [ImageRegion] = []
    /// Where images lie, for prefetching alone: never to be read from.
    var addresses: [UInt] = []
    var memory = BatchMemory()
  }

  /// The images of a batch, and the positions of the joined order they stand at.
  struct Samples {
    let indices: [Int]
    let firstPosition: Int
    let stride: Int
  }

  private func sample(_ place: Int, of samples: Samples) -> Int {
    choosesByPosition ? samples.firstPosition + place * samples.stride : samples.indices[place]
  }

  /// Reads the images of a batch; its indices are those of images that exist.
  func read(
    _ samples: Samples, into part: inout BatchStorage.Part, _ workspace: Workspace
  ) throws(StoreError) {
    part.tensor = converter.tensor
    guard let first = samples.indices.first else {
      part.layout = BatchLayout([])
      return try part.memory.fill(0) { (_) throws(StoreError) in }
    }
    if converter.isPlain {
      var region: ImageRegion?
      if case .fixed(let fixed) = converter.augmentation.crop { region = fixed }
      part.layout = try store.batchLayout(samples.indices, regions: region.map { [$0] } ?? [])
      return try part.memory.fill(part.layout.byteCount) { (output) throws(StoreError) in
        if let region {
          try store.read(samples.indices.span, region: region, into: &output)
        } else {
          try store.read(samples.indices.span, into: &output)
        }
      }
    }
    let format: ImageFormat
    if let uniform = store.format { format = uniform } else { format = try store.format(at: first) }
    let delivered = try converter.delivered(format, image: first)
    part.layout = BatchLayout(delivered, count: samples.indices.count)
    if converter.isRegionEach && store.format != nil {
      let regions = chooseRegions(samples, format: format, delivered: delivered, workspace)
      return try part.memory.fill(part.layout.byteCount) { (output) throws(StoreError) in
        try store.read(samples.indices.span, regions: regions.span, into: &output)
      }
    }
    if converter.readsRegions && !store.lendsWithoutCopy && store.format != nil {
      return try readRegions(samples, format: format, delivered: delivered, into: &part, workspace)
    }
    try lend(samples, delivered: delivered, into: &part, workspace)
  }

  /// Finds out where images lie, without touching them. A random image of a map is not where the processor
  /// looks ahead by itself, and waiting for memory takes longer than converting, so each is fetched
  /// while the one before is converted.
  private func findAddresses(_ samples: Samples, _ workspace: Workspace) throws(StoreError) {
    var addresses = workspace.addresses
    workspace.addresses = []
    addresses.removeAll(keepingCapacity: true)
    if store.lendsWithoutCopy {
      try store.forEachImage(samples.indices.span) { (_, _, pixels) throws(StoreError) in
        addresses.append(unsafe pixels.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
      }
    }
    workspace.addresses = addresses
  }

  /// Converts images where the store has them.
  private func lend(
    _ samples: Samples, delivered: ImageFormat, into part: inout BatchStorage.Part,
    _ workspace: Workspace
  ) throws(StoreError) {
    let slot = delivered.byteCount
    try findAddresses(samples, workspace)
    try unsafe part.memory.write(part.layout.byteCount) { (memory) throws(StoreError) in
      var seen = 0
      var conversion = workspace.conversion
      try store.forEachImage(samples.indices.span) { (place, format, pixels) throws(StoreError) in
        let index = samples.indices[place]
        if conversion?.format != format {
          guard try converter.delivered(format, image: index) == delivered else {
            throw StoreError(
              .invalidArgument, "\(format) in a batch that has \(delivered)",
              remedy: "crop images to one size, or take them as they are stored", image: index)
          }
          conversion = Conversion(converter.tensor, format: format, delivered: delivered)
        }
        let choice = converter.choice(sample: sample(place, of: samples), format: format)
        let next = place + 1 < workspace.addresses.count ? workspace.addresses[place + 1] : 0
        do throws(StoreError) {
          try unsafe conversion!.convert(pixels, choice, to: memory + place * slot, next: next)
        } catch {
          throw error.at(image: index)
        }
        seen += 1
      }
      workspace.conversion = conversion
      guard seen == samples.indices.count else {
        throw StoreError(.corrupt, "the store lent \(seen) images of \(samples.indices.count)")
      }
    }
  }

  /// Reads the region of each image, so that formats that decode need not decode the rest, and converts
  /// those.
  private func readRegions(
    _ samples: Samples, format: ImageFormat, delivered: ImageFormat,
    into part: inout BatchStorage.Part, _ workspace: Workspace
  ) throws(StoreError) {
    let regions = chooseRegions(samples, format: format, delivered: delivered, workspace)
    let cropped = format.resized(height: delivered.height, width: delivered.width)
    let (byteCount, overflow) = cropped.byteCount.multipliedReportingOverflow(by: samples.indices.count)
    guard !overflow else {
      throw StoreError(.limitExceeded, "a batch of \(samples.indices.count) x \(cropped)")
    }
    try workspace.memory.fill(byteCount) { (output) throws(StoreError) in
      try store.read(samples.indices.span, regions: regions.span, into: &output)
    }
    if workspace.conversion?.format != cropped {
      workspace.conversion = Conversion(converter.tensor, format: cropped, delivered: delivered)
    }
    let conversion = workspace.conversion!
    try unsafe part.memory.write(part.layout.byteCount) { (memory) throws(StoreError) in
      for place in samples.indices.indices {
        var choice = converter.choice(sample: sample(place, of: samples), format: format)
        choice.row = 0
        choice.column = 0
        let source = unsafe UnsafeRawBufferPointer(
          rebasing: workspace.memory.bytes[place * cropped.byteCount..<(place + 1) * cropped.byteCount])
        try unsafe withRawSpan(of: source) { (pixels) throws(StoreError) in
          try unsafe conversion.convert(pixels, choice, to: memory + place * delivered.byteCount)
        }
      }
    }
  }

  private func chooseRegions(
    _ samples: Samples, format: ImageFormat, delivered: ImageFormat, _ workspace: Workspace
  ) -> [ImageRegion] {
    workspace.regions.removeAll(keepingCapacity: true)
    for place in samples.indices.indices {
      let choice = converter.choice(sample: sample(place, of: samples), format: format)
      workspace.regions.append(
        ImageRegion(
          row: choice.row, column: choice.column, height: delivered.height, width: delivered.width))
    }
    return workspace.regions
  }
}
