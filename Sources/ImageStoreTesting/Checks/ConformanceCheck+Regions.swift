import ImageStoreCore

extension ConformanceCheck {
  /// Regions that are within the images.
  static let regions = [
    ConformanceCheck("one region of all images, at every border") { run in
      let images = try run.images(7)
      let store = try run.store(images)
      let format = images.formats[0]
      for region in borderRegions(format) {
        try run.expectRead(
          store, images, run.indices(6, below: images.count), regions: [region], filled: 1)
      }
      try run.expectRead(store, images, [], regions: [ImageRegion(wholeOf: format)])
    },
    ConformanceCheck("every run of columns and every run of rows") { run in
      // Bits packed along rows or columns begin and end anywhere in a byte.
      let images = try run.images(3, height: 19, width: 19)
      let store = try run.store(images)
      for start in 0..<19 {
        for length in 1...19 - start {
          let columns = ImageRegion(row: 9, column: start, height: 2, width: length)
          let rows = ImageRegion(row: start, column: 9, height: length, width: 2)
          try run.expectRead(store, images, [2, 0], regions: [columns])
          try run.expectRead(store, images, [1, 2], regions: [rows])
        }
      }
    },
    ConformanceCheck("a region of each image") { run in
      let images = try run.images(13)
      let store = try run.store(images)
      for _ in 0..<40 {
        let count = Int.random(in: 2...30, using: &run.random.generator)
        let regions = run.randomRegions(count, of: images.formats[0])
        try run.expectRead(
          store, images, run.indices(count, below: images.count), regions: regions, filled: 3)
      }
      let whole = Array(repeating: ImageRegion(wholeOf: images.formats[0]), count: 5)
      try run.expectRead(store, images, [4, 4, 0, 12, 1], regions: whole)
    },
    ConformanceCheck("regions of images of different sizes") { run in
      guard run.capabilities.holdsMixedSizes else { return }
      let format = try run.format()
      var images = run.random.mixed(format, count: 20)
      let all = images.formats
      let smallest = format.resized(
        height: all.map(\.height).min()!, width: all.map(\.width).min()!)
      // Large ones among them, whose borders are beyond those of the others.
      images.append(contentsOf: run.random.uniform(format, count: 5))
      let store = try run.store(images)
      for region in borderRegions(smallest) {
        try run.expectRead(store, images, run.indices(9, below: images.count), regions: [region])
      }
      for _ in 0..<20 {
        let indices = run.indices(9, below: images.count)
        let regions = indices.map { index in
          run.randomRegions(1, of: images.formats[index], height: 1, width: 2)[0]
        }
        try run.expectRead(store, images, indices, regions: regions, filled: 5)
      }
    },
    ConformanceCheck("regions of different sizes in one call") { run in
      let images = try run.images(13)
      let store = try run.store(images)
      let format = images.formats[0]
      for _ in 0..<40 {
        let indices = run.indices(Int.random(in: 2...30, using: &run.random.generator), below: images.count)
        var regions = indices.map { _ in run.randomRegions(1, of: format)[0] }
        // All of an image among parts of others, some of them as large as the first.
        regions[regions.count - 1] = ImageRegion(wholeOf: format)
        if regions.count > 3 { regions[2] = regions[0] }
        try run.expectRead(store, images, indices, regions: regions, filled: 3)
        let batch = try store.read(indices, regions: .each(regions))
        let pixels = unsafe batch.pixels.withUnsafeBytes { unsafe [UInt8]($0) }
        try run.requireEqual("pixels in a batch", pixels, images.gather(indices, regions: regions))
        for (position, region) in regions.enumerated() {
          try run.requireEqual("format in a batch", batch.layout[position], format.cropped(to: region))
        }
      }
      let regions = [
        ImageRegion(wholeOf: format), ImageRegion(row: 0, column: 0, height: 1, width: 1),
      ]
      let room = images.gather([3, 9], regions: regions).count
      try run.expectRefused(store, [3, 9], regions: regions, room: room - 1, .invalidArgument)
      for bad in [-1, 1] {
        var outside = regions
        outside[1].row = bad * format.height
        try run.expectRefused(store, [3, 9], regions: outside, room: room, .invalidArgument)
      }
    },
    ConformanceCheck("regions of different sizes of images of different sizes") { run in
      guard run.capabilities.holdsMixedSizes else { return }
      let format = try run.format()
      let images = run.random.mixed(format, count: 20)
      let store = try run.store(images)
      for _ in 0..<20 {
        let indices = run.indices(9, below: images.count)
        let regions = indices.map { run.randomRegions(1, of: images.formats[$0])[0] }
        try run.expectRead(store, images, indices, regions: regions, filled: 5)
      }
    },
    ConformanceCheck("regions in batches") { run in
      let images = try run.images(9)
      let store = try run.store(images)
      let region = ImageRegion(row: 2, column: 3, height: 7, width: 11)
      let batch = try store.read([8, 0, 3], regions: .same(region))
      let pixels = unsafe batch.pixels.withUnsafeBytes { unsafe [UInt8]($0) }
      try run.requireEqual("pixels", pixels, images.gather([8, 0, 3], regions: [region]))
      try run.requireEqual("format", batch.layout.uniformFormat, images.formats[0].cropped(to: region))

      let regions = [1, 0, 4].map { ImageRegion(row: $0, column: 5 - $0, height: 6, width: 5) }
      var each = ImageBatch()
      try store.read([2, 2, 7], regions: .each(regions), into: &each)
      let eachPixels = unsafe each.pixels.withUnsafeBytes { unsafe [UInt8]($0) }
      try run.requireEqual("pixels of a region each", eachPixels, images.gather([2, 2, 7], regions: regions))
      try run.requireEqual(
        "format of a region each", each.layout.uniformFormat, images.formats[0].cropped(to: regions[0]))
      try run.requireEqual("indices of a region each", each.indices, [2, 2, 7])
    },
  ]

  /// Regions of several sizes at every corner, every edge and in the middle.
  static func borderRegions(_ format: ImageFormat) -> [ImageRegion] {
    var regions: Set<ImageRegion> = []
    for height in Set([1, max(1, format.height / 2), format.height]) {
      for width in Set([1, max(1, format.width / 2), format.width]) {
        for row in [0, (format.height - height) / 2, format.height - height] {
          for column in [0, (format.width - width) / 2, format.width - width] {
            regions.insert(ImageRegion(row: row, column: column, height: height, width: width))
          }
        }
      }
    }
    return regions.sorted {
      ($0.row, $0.column, $0.height, $0.width) < ($1.row, $1.column, $1.height, $1.width)
    }
  }
}

extension CheckRun {
  /// Regions of one random size at random places.
  mutating func randomRegions(
    _ count: Int, of format: ImageFormat, height: Int? = nil, width: Int? = nil
  ) -> [ImageRegion] {
    let height = height ?? Int.random(in: 1...format.height, using: &random.generator)
    let width = width ?? Int.random(in: 1...format.width, using: &random.generator)
    return (0..<count).map { _ in
      ImageRegion(
        row: Int.random(in: 0...format.height - height, using: &random.generator),
        column: Int.random(in: 0...format.width - width, using: &random.generator),
        height: height, width: width)
    }
  }
}
