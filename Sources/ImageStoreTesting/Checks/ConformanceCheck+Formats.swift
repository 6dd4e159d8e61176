import ImageStoreCore

extension ConformanceCheck {
  /// Sample types, channels and sizes.
  static let formats = [
    ConformanceCheck("every sample type and number of channels, kept or refused") { run in
      for type in ElementType.allCases {
        for channels in 1...5 {
          let format = ImageFormat(height: 6, width: 5, channels: channels, elementType: type)
          guard run.capabilities.holds(type, channels) else {
            try run.expectUnsupported(run.random.uniform(format, count: 3), "\(format) images")
            continue
          }
          var images = ModelImages()
          for kind in SyntheticImages.Kind.allCases {
            images.append(contentsOf: run.random.uniform(format, count: 2, kind: kind))
          }
          let store = try run.store(images, mode: .replace)
          do {
            try run.expect(store, holds: images)
            try run.expectRead(
              store, images, [3, 0, 7],
              regions: [ImageRegion(row: 1, column: 1, height: 4, width: 3)], filled: 1)
          } catch {
            throw PlanViolation("\(format): \(error)")
          }
        }
      }
    },
    ConformanceCheck("sizes from one pixel to long rows and columns") { run in
      for (height, width) in [(1, 1), (1, 300), (300, 1), (1, 7), (9, 1), (8, 8), (17, 65), (64, 64)] {
        let images = try run.images(5, height: height, width: width)
        let store = try run.store(images, mode: .replace)
        do {
          try run.expect(store, holds: images)
          for region in borderRegions(images.formats[0]) {
            try run.expectRead(store, images, [4, 0, 2], regions: [region])
          }
        } catch {
          throw PlanViolation("\(height)x\(width): \(error)")
        }
      }
    },
    ConformanceCheck("one image") { run in
      let images = try run.images(1)
      let store = try run.store(images)
      try run.expect(store, holds: images)
      try run.expectRead(store, images, [0, 0, 0])
    },
    ConformanceCheck("no images") { run in
      guard run.capabilities.holdsNothing else { return }
      let store = try run.store(ModelImages())
      try run.requireEqual("count", store.count, 0)
      try run.requireEqual("format", store.format, nil)
      try run.expectRead(store, ModelImages(), [], filled: 3)
      try run.expectRefused(store, [0], room: 100, .indexOutOfRange)
      try store.verify()
    },
  ]
}
