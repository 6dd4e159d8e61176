import ImageStoreCore

extension ConformanceCheck {
  /// Checksums, and reads that are verified.
  static let verifying = [
    ConformanceCheck("what is intact is verified, whole, in part, and before it is read") { run in
      let images = try run.images(20)
      let store = try run.store(images)
      try store.verify()
      try store.verify([7, 0, 7, 19].span)
      try store.verify(Span())
      let verified = store.verifyingReads()
      try run.expect(verified, holds: images)
      let some = try store.subset([5, 2, 11]).verifyingReads()
      try run.expectRead(some, images.subset([5, 2, 11]), [2, 0, 1])
      for wrapper in [verified, some] {
        try run.requireEqual(
          "checksumCoverage of a wrapper", wrapper.checksumCoverage, store.checksumCoverage)
      }
    },
    ConformanceCheck("an index that no image has is not verified") { run in
      let store = try run.store(try run.images(5))
      for bad in [-1, 5, Int.max, Int.min] {
        try run.requireError(.indexOutOfRange, what: "verify([0, \(bad)])") {
          try store.verify([0, bad].span)
        }
        try run.requireError(.indexOutOfRange, what: "verify([\(bad)]) of a subset") {
          try store.subset([4, 1]).verify([bad].span)
        }
      }
    },
  ]
}

extension ModelImages {
  /// The images at some indices, with their labels.
  fileprivate func subset(_ indices: [Int]) -> ModelImages {
    var subset = ModelImages()
    for index in indices { subset.append(pixels[index], format: formats[index]) }
    subset.labels = labels.map { labels in indices.map { labels[$0] } }
    return subset
  }
}
