import ImageStoreCore

extension ConformanceCheck {
  /// Whole images in any order.
  static let reading = [
    ConformanceCheck("count, format and images in order") { run in
      let images = try run.images(37)
      try run.expect(try run.store(images), holds: images)
    },
    ConformanceCheck("images in any order, repeated, or none") { run in
      let images = try run.images(37)
      let store = try run.store(images)
      let order = Array(0..<images.count)
      try run.expectRead(store, images, order.shuffled(using: &run.random.generator))
      try run.expectRead(store, images, order.reversed())
      try run.expectRead(store, images, order + order)
      try run.expectRead(store, images, Array(repeating: 17, count: 40))
      try run.expectRead(store, images, [])
      for index in order { try run.expectRead(store, images, [index]) }
      for _ in 0..<20 {
        let count = Int.random(in: 1...100, using: &run.random.generator)
        try run.expectRead(store, images, run.indices(count, below: images.count))
      }
    },
    ConformanceCheck("appending to a partly filled destination keeps what is there") { run in
      let images = try run.images(9)
      let store = try run.store(images)
      for filled in [0, 1, 3, 8, 64, 1001] {
        for spare in [0, 1, 100] {
          try run.expectRead(
            store, images, run.indices(5, below: images.count), filled: filled, spare: spare)
        }
      }
      try run.expectRead(store, images, [], filled: 7)
    },
    ConformanceCheck("batches have the pixels, labels and indices") { run in
      let images = try run.images(21)
      let store = try run.store(images)
      var batch = ImageBatch()
      for size in [5, 21, 1, 0, 30] {
        let indices = run.indices(size, below: images.count)
        try store.read(indices, into: &batch)
        try run.requireEqual("the batch's indices", batch.indices, indices)
        try run.requireEqual("the batch's labels", batch.labels, indices.map { Int32(images.labels![$0]) })
        try run.requireEqual("the batch's pixels", bytes(of: batch), images.gather(indices))
      }
      let range = try store.read(4..<9)
      try run.requireEqual("a range's pixels", bytes(of: range), images.gather(Array(4..<9)))
      for index in 0..<images.count {
        try run.requireEqual("pixels(at: \(index))", try store.pixels(at: index), images.pixels[index])
        try run.requireEqual("label(at: \(index))", try store.label(at: index), images.labels![index])
      }
    },
    ConformanceCheck("images of different sizes") { run in
      let format = try run.format()
      let images = run.random.mixed(format, count: 40)
      guard run.capabilities.holdsMixedSizes else {
        return try run.expectUnsupported(images, "images of different sizes")
      }
      let store = try run.store(images)
      try run.expect(store, holds: images)
      for _ in 0..<20 {
        try run.expectRead(store, images, run.indices(15, below: images.count), filled: 3)
      }
      try run.expectRead(store, images, [])
    },
    ConformanceCheck("images of different sample types and channels") { run in
      guard run.capabilities.holdsMixedFormats else { return }
      var images = ModelImages()
      for type in ElementType.allCases {
        for channels in 1...4 where run.capabilities.holds(type, channels) {
          let format = ImageFormat(height: 5, width: 4, channels: channels, elementType: type)
          images.append(run.random.image(.noise, format: format), format: format)
        }
      }
      images.labels = Array(0..<images.count)
      let store = try run.store(images)
      try run.expect(store, holds: images)
      try run.expectRead(
        store, images, run.indices(15, below: images.count),
        regions: [ImageRegion(row: 1, column: 2, height: 3, width: 2)])
    },
  ]

  private static func bytes(of batch: borrowing ImageBatch) -> [UInt8] {
    unsafe batch.pixels.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

extension CheckRun {
  /// Checks that images are refused as unsupported and that nothing is left behind.
  mutating func expectUnsupported(_ images: ModelImages, _ what: String) throws {
    let path = unwrittenPath("refused")
    try requireError(.unsupported, what: "writing \(what)") {
      try factory.write(path, .create, WritePlan([.run(images)], finishes: false))
    }
    try requireNothing(at: path, "after \(what) were refused")
  }
}
