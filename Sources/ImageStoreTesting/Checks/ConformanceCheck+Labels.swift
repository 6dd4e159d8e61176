import ImageStoreCore

extension ConformanceCheck {
  /// Labels, columns and class names.
  static let labels = [
    ConformanceCheck("labels") { run in
      var images = try run.images(9)
      let range = run.capabilities.labels
      images.labels = [0, 1, -1, 255, 256, 65536, 1 << 31, range.lowerBound, range.upperBound].map {
        min(max($0, range.lowerBound), range.upperBound)
      }
      try run.expect(try run.store(images), holds: images)
    },
    ConformanceCheck("no labels") { run in
      guard run.capabilities.holdsUnlabeled else { return }
      var images = try run.images(5)
      images.labels = nil
      let store = try run.store(images)
      try run.expect(store, holds: images)
      try run.requireEqual("label(at: 0)", try store.label(at: 0), nil)
      try run.requireEqual("the batch's labels", try store.read(0..<5).labels, [])
    },
    ConformanceCheck("class names") { run in
      guard run.capabilities.holdsClassNames else { return }
      var images = try run.images(4)
      images.classNames = ["cat", "dog, small", "\"quoted\"", "line\nbreak", "", "\u{732B}", "7"]
      try run.expect(try run.store(images), holds: images)
    },
    ConformanceCheck("labels and columns that do not fit the images") { run in
      let images = try run.images(3)
      let bytes = images.pixels.flatMap { $0 }
      let layout = BatchLayout(images.formats)
      let steps: [(String, WritePlan.Step)] = [
        ("too few labels", .raw(bytes, layout, ImageLabels(labels: [1, 2]))),
        ("too many labels", .raw(bytes, layout, ImageLabels(labels: [1, 2, 3, 4]))),
        ("too few values", .raw(bytes, layout, ImageLabels(labels: [1, 2, 3], columns: ["c": .int64([1])]))),
        ("too few pixels", .raw(Array(bytes.dropLast()), layout, ImageLabels(labels: [1, 2, 3]))),
        ("too many pixels", .raw(bytes + [0], layout, ImageLabels(labels: [1, 2, 3]))),
      ]
      for (what, step) in steps {
        let path = run.unwrittenPath("refused")
        for before in [[], [WritePlan.Step.run(images)]] {
          try run.requireError(.invalidArgument, what: what) {
            try run.factory.write(path, .create, WritePlan(before + [step], finishes: false))
          }
          try run.requireNothing(at: path, "after \(what)")
        }
      }
    },
  ]
}
