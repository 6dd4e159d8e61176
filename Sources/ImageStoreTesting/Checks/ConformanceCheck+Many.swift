import ImageStoreCore

extension ConformanceCheck {
  /// Many images and many threads.
  static let many = [
    ConformanceCheck("many small images") { run in
      let images = try run.images(run.capabilities.manyImages, height: 4, width: 5)
      let store = try run.store(images)
      try run.expect(store, holds: images)
      for _ in 0..<5 {
        let indices = run.indices(700, below: images.count)
        try run.expectRead(store, images, indices)
        try run.expectRead(
          store, images, indices, regions: run.randomRegions(700, of: images.formats[0]))
      }
    },
    ConformanceCheck("reads from eight threads at once") { run in
      for isMixed in run.capabilities.holdsMixedSizes ? [false, true] : [false] {
        let format = try run.format()
        let images =
          isMixed ? run.random.mixed(format, count: 60) : run.random.uniform(format, count: 60)
        let store = try run.store(images, mode: .replace)
        let shared = ThreadRun(run: run, store: store, images: images)
        try runOnThreads(8) { thread in try shared.readRandomly(thread: thread) }
      }
    },
    ConformanceCheck("stores opened from eight threads at once") { run in
      let images = try run.images(20)
      let path = run.path()
      try run.write(images, to: path)
      let shared = run
      try runOnThreads(8) { _ in
        for _ in 0..<4 { try shared.expect(try shared.factory.open(path), holds: images) }
      }
    },
  ]
}

/// The state that the threads of a check share.
private struct ThreadRun: Sendable {
  let run: CheckRun
  let store: any ImageStore
  let images: ModelImages

  func readRandomly(thread: Int) throws {
    var run = run
    run.random = SyntheticImages(seed: UInt64(thread))
    for _ in 0..<25 {
      let indices = run.indices(Int.random(in: 1...40, using: &run.random.generator), below: images.count)
      try run.expectRead(store, images, indices)
      let region = ImageRegion(row: thread % 3, column: 0, height: 1, width: 2)
      let tall = indices.filter { images.formats[$0].height > 2 }
      try run.expectRead(store, images, tall, regions: [region])
      try run.requireEqual("labels()", try store.labels(), images.labels)
      var lent: [UInt8] = []
      try store.forEachImage(indices.span) { (_, _, pixels) throws(StoreError) in
        lent += unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) }
      }
      try run.requireEqual("bytes lent", lent, images.gather(indices))
    }
  }
}
