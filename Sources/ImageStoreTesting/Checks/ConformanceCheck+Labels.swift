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
    ConformanceCheck("columns of integers, numbers and strings") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(strings.count)
      images.columns = columns
      let store = try run.store(images)
      try run.expect(store, holds: images)
      var unlabeled = images
      unlabeled.labels = nil
      if run.capabilities.holdsUnlabeled {
        try run.expect(try run.store(unlabeled, mode: .replace), holds: unlabeled)
      }
    },
    ConformanceCheck("columns keep their kind whatever their values look like") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(3)
      images.columns = [
        "digits": .string(["007", "1", "-2"]), "numbers": .string(["1.50", "nan", "1e3"]),
        "empty": .string(["", "", ""]), "blanks": .string([" ", "a ", " a"]),
        "whole": .double([1, 2, -3]), "nothing": .double([.nan, .nan, .nan]),
        "zeros": .int64([0, 0, 0]),
      ]
      try run.expect(try run.store(images), holds: images)
    },
    ConformanceCheck("names of columns") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(2)
      images.columns = [
        "Coarse Label": .int64([1, 2]), "a,b": .int64([3, 4]), "\"quoted\"": .int64([5, 6]),
        "h\u{F6}he": .int64([7, 8]), "x.y": .int64([9, 10]), "0": .int64([11, 12]),
        String(repeating: "n", count: 200): .int64([13, 14]), "label": .int64([15, 16]),
        "label_": .int64([17, 18]),
        "images": .string(["x", "y"]), "file": .double([1, 2]), "meta": .int64([19, 20]),
        "image": .int64([21, 22]),
        "labels": .int64([23, 24]), "name": .string(["p", "q"]),
      ]
      try run.expect(try run.store(images), holds: images)
      for name in ["", ".", "..", "a/b", "a\\b", "line\nbreak", "nul\0"] {
        var refused = images
        refused.columns = [name: .int64([1, 2])]
        let path = run.unwrittenPath("refused")
        try run.requireError(.invalidArgument, what: "writing a column named \"\(name)\"") {
          try run.factory.write(path, .create, WritePlan([.run(refused)], finishes: false))
        }
        try run.requireNothing(at: path, "after a column named \"\(name)\"")
      }
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

  /// Strings that break formats which do not quote.
  static let strings = [
    "", "plain", "with, comma", "with \"quotes\"", "\"", "\"\"", ",", "line\nbreak", "carriage\r\nreturn",
    "\r", "\ttab", " space ", "gr\u{FC}n", "\u{732B}\u{1F408}", "e\u{301} and \u{E9}", "=1+1", "a;b|c",
    "'single'", "back\\slash", "#", String(repeating: "long ", count: 100),
  ]

  /// A column of every kind, as long as ``strings``.
  static var columns: [String: Column] {
    let integers: [Int64] = [.min, .max, 0, -1, 1, 1 << 53 + 1, -(1 << 53) - 1, 255, 256]
    let numbers: [Double] = [
      0, -0.0, .infinity, -.infinity, .nan, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
      -.leastNormalMagnitude, 0.1, 1e300, 123_456_789.123_456_78, 1, -1, 1e-7,
    ]
    let places = strings.indices
    return [
      "name": .string(strings),
      "integer": .int64(places.map { integers[$0 % integers.count] }),
      "number": .double(places.map { numbers[$0 % numbers.count] }),
    ]
  }
}
