import ImageStoreCore

extension ConformanceCheck {
  /// Arguments that make no sense.
  static let refusals = [
    ConformanceCheck("an index that no image has") { run in
      for images in try run.uniformAndMixed(5) {
        let store = try run.store(images, mode: .replace)
        let room = 10 * images.gather([0, 1, 2, 3, 4]).count
        for bad in [-1, images.count, Int.max, Int.min] {
          for indices in [[bad], [0, bad], [bad, 0], [0, 1, 2, bad, 3]] {
            try run.expectRefused(store, indices, room: room, .indexOutOfRange)
            try run.expectRefused(
              store, indices, regions: [ImageRegion(row: 0, column: 0, height: 1, width: 1)],
              room: room, .indexOutOfRange)
          }
          try run.requireError(.indexOutOfRange, what: "format(at: \(bad))") {
            _ = try store.format(at: bad)
          }
          try run.requireError(.indexOutOfRange, what: "forEachImage([\(bad)])") {
            try store.forEachImage([bad].span) { (_, _, _) throws(StoreError) in }
          }
          try run.requireError(.indexOutOfRange, what: "label(at: \(bad))") {
            _ = try store.label(at: bad)
          }
        }
      }
    },
    ConformanceCheck("a region outside its image") { run in
      for images in try run.uniformAndMixed(5) {
        let store = try run.store(images, mode: .replace)
        let room = 10 * images.gather([0, 1, 2, 3, 4]).count
        let good = ImageRegion(row: 0, column: 0, height: 1, width: 1)
        for bad in outsideRegions(images.formats[2]) {
          try run.expectRefused(store, [2], regions: [bad], room: room, .invalidArgument)
          try run.expectRefused(store, [2, 0, 1], regions: [bad], room: room, .invalidArgument)
          try run.expectRefused(store, [1, 2], regions: [good, bad], room: room, .invalidArgument)
          try run.expectRefused(
            store, [2, 1, 0], regions: [bad, good, good], room: room, .invalidArgument)
        }
      }
    },
    ConformanceCheck("regions that do not fit the images in number") { run in
      for images in try run.uniformAndMixed(5) {
        let store = try run.store(images, mode: .replace)
        let room = 10 * images.gather([0, 1, 2, 3, 4]).count
        let good = ImageRegion(row: 0, column: 0, height: 1, width: 1)
        let wider = ImageRegion(row: 0, column: 0, height: 1, width: 2)
        for (indices, regions) in [
          ([0, 1, 2], [good, good]), ([0, 1], [good, good, good]), ([0], [good, good]), ([], [good, good]),
          ([0, 1, 2], [good, wider]), ([0], [wider, good]),
        ] {
          try run.expectRefused(store, indices, regions: regions, room: room, .invalidArgument)
        }
      }
    },
    ConformanceCheck("too little room") { run in
      for images in try run.uniformAndMixed(5) {
        let store = try run.store(images, mode: .replace)
        for indices in [[0], [4, 1], [0, 1, 2, 3, 4, 0]] {
          let whole = images.gather(indices).count
          for room in Set([0, 1, whole / 2, whole - 1]) where room < whole {
            try run.expectRefused(store, indices, room: room, .invalidArgument)
          }
          let region = ImageRegion(row: 1, column: 0, height: 1, width: 2)
          let cropped = images.gather(indices, regions: [region]).count
          try run.expectRefused(
            store, indices, regions: [region], room: cropped - 1, .invalidArgument)
        }
      }
    },
    ConformanceCheck("a column or store that is not there") { run in
      let images = try run.images(3)
      let store = try run.store(images)
      try run.requireError(.notFound, what: "column(\"absent\")") { _ = try store.column("absent") }
      let absent = run.unwrittenPath("absent")
      try run.requireError(.notFound, what: "opening a store that is not there") {
        _ = try run.factory.open(absent)
      }
    },
  ]

  /// Regions that are empty, negative or reach beyond an image, by one pixel or beyond all numbers.
  private static func outsideRegions(_ format: ImageFormat) -> [ImageRegion] {
    let (height, width) = (format.height, format.width)
    return [
      (-1, 0, 1, 1), (0, -1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0), (0, 0, -1, 1), (0, 0, 1, -1),
      (height, 0, 1, 1), (0, width, 1, 1), (0, 0, height + 1, 1), (0, 0, 1, width + 1),
      (1, 0, height, 1), (0, 1, 1, width), (.max, 0, 1, 1), (0, .max, 1, 1), (0, 0, .max, 1),
      (0, 0, 1, .max), (.max, .max, .max, .max), (.min, 0, 1, 1), (0, .min, 1, 1),
      (.min, .min, .min, .min), (1, 1, .max, .max), (0, 0, .min, 1), (0, 0, 1, .min),
    ].map { ImageRegion(row: $0.0, column: $0.1, height: $0.2, width: $0.3) }
  }
}

extension CheckRun {
  /// Images of one format and, if the store can hold them, images of different sizes.
  fileprivate mutating func uniformAndMixed(_ count: Int) throws -> [ModelImages] {
    let uniform = try images(count)
    guard capabilities.holdsMixedSizes else { return [uniform] }
    let format = try format()
    var mixed = random.mixed(format, count: count - 3)
    // The images that checks give regions to are large enough for them.
    mixed.append(contentsOf: random.uniform(format, count: 3))
    return [uniform, mixed]
  }
}
