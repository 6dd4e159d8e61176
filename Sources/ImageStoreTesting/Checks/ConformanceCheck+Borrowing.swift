import ImageStoreCore

extension ConformanceCheck {
  /// Images borrowed one after another.
  static let borrowing = [
    ConformanceCheck("borrowed images are the images read") { run in
      for isMixed in run.capabilities.holdsMixedSizes ? [false, true] : [false] {
        let format = try run.format()
        let images =
          isMixed ? run.random.mixed(format, count: 17) : run.random.uniform(format, count: 17)
        let store = try run.store(images, mode: .replace)
        let orders = [Array(0..<17), Array((0..<17).reversed()), [3], [], run.indices(40, below: 17)]
        for indices in orders {
          var lent: [[UInt8]] = []
          var positions: [Int] = []
          var formats: [ImageFormat] = []
          try store.forEachImage(indices.span) { (position, format, pixels) throws(StoreError) in
            positions.append(position)
            formats.append(format)
            lent.append(unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) })
          }
          try run.requireEqual("positions lent", positions, Array(indices.indices))
          try run.requireEqual("formats lent", formats, indices.map { images.formats[$0] })
          try run.requireEqual("pixels lent", lent, indices.map { images.pixels[$0] })
        }
      }
    },
    ConformanceCheck("an error of the body ends the borrowing and comes out") { run in
      let store = try run.store(try run.images(9))
      let thrown = StoreError(.busy, "thrown by the body", image: 5)
      for last in [0, 2, 8] {
        var calls = 0
        var caught: StoreError?
        do throws(StoreError) {
          try store.forEachImage(0..<9) { (position, _, _) throws(StoreError) in
            calls += 1
            if position == last { throw thrown }
          }
        } catch {
          caught = error
        }
        try run.requireEqual("error that forEachImage throws", caught, thrown)
        try run.requireEqual("calls of the body", calls, last + 1)
      }
      // The store is as good as before.
      try store.forEachImage(0..<9) { (_, _, _) throws(StoreError) in }
    },
    ConformanceCheck("the store can be read while it lends") { run in
      let images = try run.images(5)
      let store = try run.store(images)
      var seen: [[UInt8]] = []
      try store.forEachImage(0..<5) { (position, _, pixels) throws(StoreError) in
        let lent = unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) }
        // Another image is read in the meantime, and must not overwrite the lent one.
        seen.append(try store.pixels(at: 4 - position))
        let lentAfterwards = unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) }
        seen.append(lent == lentAfterwards ? lent : [])
      }
      let expected = (0..<5).flatMap { [images.pixels[4 - $0], images.pixels[$0]] }
      try run.requireEqual("pixels read and lent", seen, expected)
    },
    ConformanceCheck("advice, announcements and verification change nothing") { run in
      let images = try run.images(12)
      let store = try run.store(images)
      for pattern in [AccessPattern.sequential, .random, .any] {
        store.advise(pattern)
        try run.expectRead(store, images, run.indices(20, below: images.count))
      }
      for indices in [Array(0..<images.count), [3, 3, 0], [], [-1, images.count, Int.max, Int.min]] {
        store.willRead(indices.span)
        try run.expectRead(store, images, run.indices(20, below: images.count))
      }
      let share = store.residentShare()
      try run.require((0...1).contains(share), "a share of \(share) is in memory")
      var progress: [Int] = []
      try store.verify { progress.append($0) }
      try run.require(progress == progress.sorted(), "verify reports progress \(progress), which falls")
      try run.expect(store, holds: images)
    },
  ]
}
