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
    ConformanceCheck("any collection of indices, whole or by regions") { run in
      let images = try run.images(12)
      let store = try run.store(images)
      let region = ImageRegion(row: 2, column: 1, height: 5, width: 7)
      let regions = run.randomRegions(6, of: images.formats[0])
      func check(_ what: String, _ indices: some Collection<Int>) throws {
        let list = Array(indices)
        let each = Array(regions.prefix(list.count))
        for (part, areas) in [
          (ImageRegions.whole, []), (.same(region), [region]), (.each(each), each),
        ] {
          let expected = images.gather(list, regions: areas)
          let batch = try store.read(indices, regions: part)
          try run.requireEqual("\(what), a new batch", bytes(of: batch), list.isEmpty ? [] : expected)
          try run.requireEqual("\(what), its indices", batch.indices, list)
          try run.requireEqual("\(what), its labels", batch.labels, list.map { Int32(images.labels![$0]) })
          var again = ImageBatch()
          try store.read([0, 1, 2], into: &again)
          try store.read(indices, regions: part, into: &again)
          try run.requireEqual("\(what), a batch used again", bytes(of: again), list.isEmpty ? [] : expected)
        }
      }
      try check("an array", [3, 0, 11])
      try check("a slice", [9, 9, 3, 0, 11, 9][1..<4])
      try check("a range", 4..<9)
      try check("a closed range", 4...9)
      try check("a range in reverse", (4..<9).reversed())
      try check("a lazy map", (0..<5).lazy.map { $0 * 2 })
      try check("nothing", [Int]())
      try run.requireError(.invalidArgument, what: "two regions for one image") {
        _ = try store.read([1], regions: .each([region, region]))
      }
      try run.requireError(.invalidArgument, what: "one region for each of two images") {
        _ = try store.read([1, 2], regions: .each([region]))
      }
    },
    ConformanceCheck("samples of the images' own type, and of no other") { run in
      let format = ImageFormat(height: 3, width: 5, elementType: .uint16)
      guard run.capabilities.holds(.uint16, 1) else { return }
      let images = run.random.uniform(format, count: 4)
      let batch = try run.store(images).read([2, 0])
      let samples = try batch.samples(as: UInt16.self)
      let expected = images.gather([2, 0])
      try run.requireEqual("samples", samples.count, 30)
      for index in samples.indices {
        let value = unsafe expected.withUnsafeBytes {
          unsafe $0.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        }
        try run.requireEqual("sample \(index)", samples[index], value)
      }
      try run.requireError(.invalidArgument, what: "samples(as: Int16.self)") {
        _ = try batch.samples(as: Int16.self).count
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
