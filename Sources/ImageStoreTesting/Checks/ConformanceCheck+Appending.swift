import ImageStoreCore

extension ConformanceCheck {
  /// Stores that grow.
  static let appending = [
    ConformanceCheck("appending adds at the end, or not at all") { run in
      guard run.capabilities.canAppend else { return try expectNoAppending(&run) }
      var all = try run.images(9)
      if run.capabilities.holdsColumns {
        all.columns = ["name": .string((0..<9).map { "image \($0)" })]
      }
      if run.capabilities.holdsClassNames { all.classNames = ["a", "b"] }
      let path = run.path()
      // Appending without an existing store creates one.
      try run.write(all, to: path, mode: .append)
      for count in [1, 14, 40] {
        var more = try run.images(count)
        more.classNames = all.classNames
        if run.capabilities.holdsColumns {
          more.columns = ["name": .string((0..<count).map { "more \($0)" })]
        }
        let (before, here) = (all, run)
        for finishes in [false, true] {
          try run.factory.write(
            path, .append,
            WritePlan(run.steps(of: more), classNames: all.classNames, finishes: finishes) {
              try here.expect(try here.factory.open(path), holds: before)
            })
          if finishes { all.append(contentsOf: more) }
          try run.expect(try run.factory.open(path), holds: all)
        }
      }
    },
    ConformanceCheck("an open store stays as it was when images are appended") { run in
      guard run.capabilities.canAppend else { return }
      let first = try run.images(6)
      let second = try run.images(30)
      let path = run.path()
      let early = try run.store(first, at: path)
      try run.expectRead(early, first, [5, 0])
      try run.write(second, to: path, mode: .append)
      try run.expect(early, holds: first)
      try run.expectRefused(early, [6], room: 10_000, .indexOutOfRange)
      var all = first
      all.append(contentsOf: second)
      try run.expect(try run.factory.open(path), holds: all)
      try run.expect(early, holds: first)
    },
    ConformanceCheck("appending nothing changes nothing") { run in
      guard run.capabilities.canAppend else { return }
      let images = try run.images(6)
      let path = run.path()
      try run.write(images, to: path)
      try run.factory.write(path, .append, WritePlan([]))
      try run.expect(try run.factory.open(path), holds: images)
    },
    ConformanceCheck("appending refuses other labels, columns and formats") { run in
      guard run.capabilities.canAppend else { return }
      let images = try run.images(4)
      let path = run.path()
      try run.write(images, to: path)
      var refused: [(String, ModelImages)] = []
      if run.capabilities.holdsUnlabeled {
        var unlabeled = images
        unlabeled.labels = nil
        refused.append(("images without labels", unlabeled))
      }
      if run.capabilities.holdsColumns {
        var extended = images
        extended.columns = ["extra": .int64([1, 2, 3, 4])]
        refused.append(("images with another column", extended))
      }
      if !run.capabilities.holdsMixedSizes {
        refused.append(("images of another size", try run.images(4, height: 5, width: 3)))
      }
      for (what, more) in refused {
        try run.requireError(.invalidArgument, .unsupported, what: "appending \(what)") {
          try run.factory.write(path, .append, WritePlan([.run(more)], finishes: false))
        }
        try run.expect(try run.factory.open(path), holds: images)
      }
    },
    ConformanceCheck("random sequences of writing, appending, dropping and reading") { run in
      for round in 0..<6 {
        let path = run.path("sequence\(round)")
        var expected: ModelImages?
        var history: [String] = []
        for _ in 0..<8 {
          do {
            try takeRandomStep(&run, path, &expected, &history)
          } catch {
            throw PlanViolation("after \(history.joined(separator: ", ")): \(error)")
          }
        }
        if expected == nil { run.written.remove("sequence\(round)\(run.factory.suffix)") }
      }
    },
  ]

  private static func expectNoAppending(_ run: inout CheckRun) throws {
    let images = try run.images(4)
    let path = run.path()
    try run.write(images, to: path)
    try run.requireError(.unsupported, what: "appending to a store that cannot grow") {
      try run.factory.write(path, .append, WritePlan([.run(images)]))
    }
    try run.expect(try run.factory.open(path), holds: images)
  }

  /// Writes in a random mode, finished or not, and compares the store with the model.
  private static func takeRandomStep(
    _ run: inout CheckRun, _ path: String, _ expected: inout ModelImages?, _ history: inout [String]
  ) throws {
    let modes = WriteMode.allCases.filter { run.capabilities.canAppend || $0 != .append }
    let mode = modes.randomElement(using: &run.random.generator)!
    let finishes = Int.random(in: 0..<3, using: &run.random.generator) > 0
    let count = Int.random(in: 1...40, using: &run.random.generator)
    let images = try run.images(count, height: 3, width: 9)
    history.append("\(mode.rawValue) of \(count) \(finishes ? "finished" : "dropped")")
    let plan = WritePlan(run.steps(of: images), finishes: finishes)
    if mode == .create && expected != nil {
      try run.requireError(.alreadyExists, what: "creating over a store") {
        try run.factory.write(path, mode, WritePlan(run.steps(of: images)))
      }
    } else {
      try run.factory.write(path, mode, plan)
      if finishes {
        if mode == .append, var grown = expected {
          grown.append(contentsOf: images)
          expected = grown
        } else {
          expected = images
        }
      }
    }
    guard let expected else { return try run.requireNothing(at: path, "nothing was finished") }
    let store = try run.factory.open(path)
    try run.expect(store, holds: expected)
    try run.expectRead(store, expected, run.indices(20, below: expected.count), filled: 1)
    let regions = run.randomRegions(20, of: expected.formats[0])
    try run.expectRead(store, expected, run.indices(20, below: expected.count), regions: regions)
  }
}
