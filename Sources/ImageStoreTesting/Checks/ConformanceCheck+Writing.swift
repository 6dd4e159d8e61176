import ImageStoreCore

extension ConformanceCheck {
  /// Stores that appear complete or not at all.
  static let writing = [
    ConformanceCheck("a store appears when it is finished") { run in
      let images = try run.images(9)
      let path = run.path()
      let here = run
      try run.factory.write(
        path, .create,
        WritePlan(run.steps(of: images), classNames: images.classNames) {
          try here.requireNothing(at: path, "before finish()")
        })
      try run.expect(try run.factory.open(path), holds: images)
    },
    ConformanceCheck("a dropped writer leaves nothing") { run in
      let images = try run.images(9)
      let path = run.unwrittenPath("dropped")
      for mode in WriteMode.allCases where mode != .append || run.capabilities.canAppend {
        try run.factory.write(path, mode, WritePlan([], finishes: false))
        try run.requireNothing(at: path, "after a writer without images was dropped")
        try run.factory.write(path, mode, WritePlan(run.steps(of: images), finishes: false))
        try run.requireNothing(at: path, "after a writer was dropped")
      }
    },
    ConformanceCheck("creating refuses what is there") { run in
      let images = try run.images(5)
      let path = run.path()
      try run.write(images, to: path)
      try run.requireError(.alreadyExists, what: "creating over a store") {
        try run.factory.write(path, .create, WritePlan([.run(images)]))
      }
      try run.expect(try run.factory.open(path), holds: images)
    },
    ConformanceCheck("replacing happens at the end, or not at all") { run in
      let first = try run.images(9)
      let second = try run.images(6, height: 5, width: 8)
      let path = run.path()
      // Replacing without an existing store creates one.
      try run.write(first, to: path, mode: .replace)
      try run.expect(try run.factory.open(path), holds: first)
      let here = run
      for finishes in [false, true] {
        try run.factory.write(
          path, .replace,
          WritePlan(run.steps(of: second), finishes: finishes) {
            try here.expect(try here.factory.open(path), holds: first)
          })
        try run.expect(try run.factory.open(path), holds: finishes ? second : first)
      }
      try run.requireError(.invalidArgument, what: "replacing by images without their pixels") {
        let broken = WritePlan.Step.raw([], BatchLayout(first.formats), ImageLabels())
        try run.factory.write(path, .replace, WritePlan([.run(first), broken], finishes: false))
      }
      try run.expect(try run.factory.open(path), holds: second)
    },
    ConformanceCheck("a store copied from another is its equal") { run in
      var images = try run.images(50)
      if run.capabilities.holdsColumns {
        images.columns = ["weight": .double((0..<50).map { Double($0) / 7 })]
      }
      let store = try run.store(images)
      let copy = try InMemoryStore(copying: store)
      try run.expect(copy, holds: images)
      try run.factory.write(
        run.path("copy"), .create, WritePlan([.store(images)], classNames: images.classNames))
      try run.expect(try run.factory.open(run.path("copy")), holds: images)
    },
    ConformanceCheck("images that disagree about labels or columns") { run in
      let images = try run.images(4)
      var unlabeled = images
      unlabeled.labels = nil
      var extended = images
      extended.columns = ["extra": .int64([1, 2, 3, 4])]
      var retyped = images
      retyped.columns = ["extra": .double([1, 2, 3, 4])]
      var renamed = images
      renamed.columns = ["other": .int64([1, 2, 3, 4])]
      var pairs: [(ModelImages, ModelImages)] = []
      if run.capabilities.holdsUnlabeled { pairs += [(images, unlabeled), (unlabeled, images)] }
      if run.capabilities.holdsColumns {
        pairs += [(images, extended), (extended, images), (extended, retyped), (extended, renamed)]
      }
      for (first, second) in pairs {
        let path = run.unwrittenPath("refused")
        try run.requireError(.invalidArgument, what: "appending other labels or columns") {
          try run.factory.write(path, .create, WritePlan([.run(first), .run(second)], finishes: false))
        }
        try run.requireNothing(at: path, "after other labels or columns were refused")
      }
    },
  ]
}
