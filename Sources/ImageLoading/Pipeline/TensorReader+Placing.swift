internal import ImageStoreCore

extension TensorReader {
  /// Reads the part of each image that is needed, and places it, one image after another, so that a
  /// decoded image is still in the caches when it is resized.
  func place(
    _ samples: Samples, into tensor: inout BatchStorage.Tensor, _ workspace: Workspace
  ) throws(StoreError) {
    let indices = samples.indices
    let uniform = store.format
    var formats: [ImageFormat] = tensor.formats
    let first = try format(at: indices[0], uniform)
    let delivered = try self.delivered(transform(0, of: samples, first), first, image: indices[0])
    tensor.layout = BatchLayout(delivered, count: indices.count)
    defer { tensor.formats = formats }
    try unsafe tensor.memory.write(tensor.layout.byteCount) { (memory) throws(StoreError) in
      func place(
        _ position: Int, _ format: ImageFormat, _ transform: ImageTransform, _ held: ImageRegion,
        _ pixels: UnsafeRawBufferPointer
      ) throws(StoreError) {
        let slot = unsafe UnsafeMutableRawBufferPointer(
          rebasing: memory[position * delivered.byteCount..<(position + 1) * delivered.byteCount])
        do throws(StoreError) {
          try unsafe workspace.placement.convert(
            pixels, holding: held, of: format, transform, filter: converter.augmentation.filter,
            as: converter.tensor, step: step, index: indices[position], to: slot)
        } catch {
          throw error.at(image: indices[position])
        }
      }
      func transform(_ position: Int, _ format: ImageFormat) throws(StoreError) -> ImageTransform {
        if uniform == nil { formats.append(format) }
        let transform = try self.transform(position, of: samples, format)
        guard try self.delivered(transform, format, image: indices[position]) == delivered else {
          throw StoreError(
            .invalidArgument, "an image of \(format) does not fit in a batch of images of \(delivered)",
            remedy:
              "bring images to one size by resizing or crop, and to one number of channels by converted(channels:)",
            image: indices[position])
        }
        return transform
      }
      if let locatingStore {
        var images = workspace.images
        workspace.images = []
        images.removeAll(keepingCapacity: true)
        try locatingStore.locate(indices.span, into: &images)
        for position in images.indices {
          let format = images[position].format
          try unsafe place(
            position, format, transform(position, format), ImageRegion(wholeOf: format),
            images[position].bytes)
        }
        try locatingStore.checkLocatedImages()
        workspace.images = images
        return
      }
      for position in indices.indices {
        let format = try format(at: indices[position], uniform)
        let transform = try transform(position, format)
        let held = try read(indices[position], of: format, transform, into: &workspace.memory)
        try unsafe place(position, format, transform, held, workspace.memory.bytes)
      }
    }
  }

  private func format(at index: Int, _ uniform: ImageFormat?) throws(StoreError) -> ImageFormat {
    if let uniform { return uniform }
    return try store.format(at: index)
  }

  /// Reads the part of an image that a transform needs.
  ///
  /// - Returns: the part that was read.
  private func read(
    _ index: Int, of format: ImageFormat, _ transform: ImageTransform, into memory: inout GrowingMemory
  ) throws(StoreError) -> ImageRegion {
    let request = transform.request(converter.augmentation.filter)
    try request.validate(of: format)
    // For a window that shows nothing of the image, one pixel is read, so that an image that cannot
    // be read is an error.
    let held =
      Resampler.neededRegion(of: request) ?? ImageRegion(row: 0, column: 0, height: 1, width: 1)
    try memory.fill(format.cropped(to: held).byteCount) { (output) throws(StoreError) in
      try withSpan(of: index) { (one) throws(StoreError) in
        if held == ImageRegion(wholeOf: format) {
          try store.read(one, regions: Span(), into: &output)
        } else {
          try withSpan(of: held) { (regions) throws(StoreError) in
            try store.read(one, regions: regions, into: &output)
          }
        }
      }
    }
    return held
  }

  private func transform(
    _ position: Int, of samples: Samples, _ format: ImageFormat
  ) throws(StoreError) -> ImageTransform {
    try converter.transform(
      sample: sample(position, of: samples), format: format, image: samples.indices[position])
  }

  /// The format of the tensor of an image, which is the same for all of a batch.
  private func delivered(
    _ transform: ImageTransform, _ format: ImageFormat, image: Int
  ) throws(StoreError) -> ImageFormat {
    let augmentation = converter.augmentation
    try converter.tensor.validate(format)
    if augmentation.colorJitter != nil {
      guard format.elementType == .uint8, format.channels == 1 || format.channels == 3 else {
        throw StoreError(
          .unsupported, "the colors of images of \(format) cannot be varied",
          remedy: "convert images to 1 or 3 channels of uint8 by converted(channels:)", image: image)
      }
    }
    let (height, width) = (transform.window.height, transform.window.width)
    if augmentation.rotatesByRightAngles && height != width {
      throw StoreError(
        .invalidArgument,
        "images of \(height)x\(width) turned by right angles would have two different sizes",
        remedy: "crop or resize images to squares", image: image)
    }
    return try converter.converted(format.resized(height: height, width: width))
  }

  /// The transform of each image of a batch.
  func transforms(_ storage: BatchStorage) -> [ImageTransform] {
    let samples = storage.samples
    let layout = storage.images.layout
    return samples.indices.indices.map { position in
      let formats = storage.images.formats
      let format =
        store.format ?? (formats.indices.contains(position) ? formats[position] : layout[position])
      let transform = try? transform(position, of: samples, format)
      // The batch was made by it, so it is one.
      return transform ?? ImageTransform(ImageRegion(wholeOf: format))
    }
  }
}
