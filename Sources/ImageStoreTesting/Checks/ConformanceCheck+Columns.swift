import ImageStoreCore

extension ConformanceCheck {
  /// Columns of every kind, and their possible names.
  static let columnChecks = [
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
    ConformanceCheck("columns of vectors and bytes") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(bytes.count)
      images.columns = try wideColumns
      let store = try run.store(images)
      try run.expect(store, holds: images)
      try run.expect(try InMemoryStore(copying: store), holds: images)
      let middle = images.slice(2..<bytes.count)
      try run.expectLabels(try store.subset(2..<bytes.count), middle)
      var twice = images
      twice.append(contentsOf: middle)
      try run.expectLabels(ConcatenatedStore([store, try store.subset(2..<bytes.count)]), twice)
    },
    ConformanceCheck("columns grow by appending") { run in
      guard run.capabilities.holdsColumns, run.capabilities.canAppend else { return }
      var all = try run.images(bytes.count)
      all.columns = try wideColumns
      let path = run.path()
      try run.write(all.slice(0..<3), to: path)
      let early = try run.factory.open(path)
      for (start, end, finishes) in [(3, 4, true), (4, 9, false), (4, bytes.count, true)] {
        let more = all.slice(start..<end)
        try run.factory.write(path, .append, WritePlan(run.steps(of: more), finishes: finishes))
        try run.expect(try run.factory.open(path), holds: all.slice(0..<(finishes ? end : start)))
      }
      try run.expectLabels(early, all.slice(0..<3))
    },
    ConformanceCheck("vectors of another width, and other kinds") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(2)
      images.columns = ["value": .int64Vectors(try Column.Vectors([1, 2, 3, 4], width: 2))]
      let others: [Column] = [
        .int64Vectors(try Column.Vectors([1, 2, 3, 4, 5, 6], width: 3)), .int64([1, 2]),
        .int64Vectors(try Column.Vectors([1, 2], width: 1)),
        .doubleVectors(try Column.Vectors([1, 2, 3, 4], width: 2)), .bytes(Column.Bytes([[1, 2], [3, 4]])),
      ]
      let path = run.path()
      try run.write(images, to: path)
      for other in others {
        var more = images
        more.columns = ["value": other]
        let refused = run.unwrittenPath("refused")
        try run.requireError(.invalidArgument, what: "appending \(other.kind.rawValue) to vectors of 2") {
          try run.factory.write(refused, .create, WritePlan([.run(images), .run(more)], finishes: false))
        }
        try run.requireNothing(at: refused, "after values of another kind")
        guard run.capabilities.canAppend else { continue }
        try run.requireError(
          .invalidArgument, what: "appending \(other.kind.rawValue) to a store of vectors of 2"
        ) {
          try run.factory.write(path, .append, WritePlan([.run(more)], finishes: false))
        }
        try run.expect(try run.factory.open(path), holds: images)
      }
    },
    ConformanceCheck("columns keep their kind whatever their values look like") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(3)
      images.columns = [
        "digits": .string(["007", "1", "-2"]), "numbers": .string(["1.50", "nan", "1e3"]),
        "empty": .string(["", "", ""]), "blanks": .string([" ", "a ", " a"]),
        "whole": .double([1, 2, -3]), "nothing": .double([.nan, .nan, .nan]),
        "zeros": .int64([0, 0, 0]), "lists": .string(["[1, 2]", "[3, 4]", "[]"]),
        "base64": .string(["AAAA", "", "QQ=="]), "text": .bytes(Column.Bytes(["a", "7", ""].map(\.utf8))),
        "bytes": .bytes(Column.Bytes([[], [], []])), "one": .bytes(Column.Bytes([[1], [2], [3]])),
        "single": .int64Vectors(try Column.Vectors([7, 8, 9], width: 1)),
        "whole vectors": .doubleVectors(try Column.Vectors([1, 0, 0, 1, 1, 0], width: 2)),
      ]
      try run.expect(try run.store(images), holds: images)
    },
    ConformanceCheck("names of columns") { run in
      guard run.capabilities.holdsColumns else { return }
      var images = try run.images(2)
      for (number, name) in names.enumerated() {
        images.columns[name] =
          switch number % 4 {
          case 0: .int64([Int64(number), -1])
          case 1: .string(["\(number)", ""])
          case 2: .bytes(Column.Bytes([[UInt8(number)], []]))
          default: .doubleVectors(try Column.Vectors([Double(number), 1, 2, 3], width: 2))
          }
      }
      let path = run.path()
      try run.write(images, to: path)
      try run.expect(try run.factory.open(path), holds: images)
      if run.capabilities.canAppend {
        try run.factory.write(path, .append, WritePlan([.run(images)]))
        var twice = images
        twice.append(contentsOf: images)
        try run.expect(try run.factory.open(path), holds: twice)
      }
      for name in ["", "line\nbreak", "nul\0", "\u{85}", String(repeating: "n", count: 201)] {
        var refused = images
        refused.columns = [name: .int64([1, 2])]
        let path = run.unwrittenPath("refused")
        try run.requireError(.invalidArgument, what: "writing a column named \"\(name)\"") {
          try run.factory.write(path, .create, WritePlan([.run(refused)], finishes: false))
        }
        try run.requireNothing(at: path, "after a column named \"\(name)\"")
      }
    },
  ]

  /// Names that are something else in one format or another, or look as if they were.
  static let names = [
    "Coarse Label", "a,b", "\"quoted\"", "h\u{F6}he", "x.y", "0", String(repeating: "n", count: 200),
    "label", "label_", "label__", "images", "file", "file_", "meta", "image", "labels", "name", "checksums",
    "class_names", "columns", "offsets", "shapes", "crc32", "metadata", ".", "..", "...", ".hidden", "a/b",
    "a/../b", "/a", "a/", "//", "a\\b", "\\", "a%2Fb", "a%2fb", "100%", "%", "%41", "%25", "%252F",
    "columns/x", "offsets/x", "x.npy", "x.offsets", "000000000000", "a/000000000000", "labels/000000000000",
    String(repeating: "/", count: 66), String(repeating: "\u{E9}", count: 100), " blank ", "'", "?*:|<>",
    "[0]", "\u{732B}", "-n", "~",
  ]

  /// Strings that break formats which do not quote.
  static let strings = [
    "", "plain", "with, comma", "with \"quotes\"", "\"", "\"\"", ",", "line\nbreak", "carriage\r\nreturn",
    "\r", "\ttab", " space ", "gr\u{FC}n", "\u{732B}\u{1F408}", "e\u{301} and \u{E9}", "=1+1", "a;b|c",
    "'single'", "back\\slash", "#", String(repeating: "long ", count: 100),
  ]

  private static let integers: [Int64] = [.min, .max, 0, -1, 1, 1 << 53 + 1, -(1 << 53) - 1, 255, 256]
  private static let numbers: [Double] = [
    0, -0.0, .infinity, -.infinity, .nan, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    -.leastNormalMagnitude, 0.1, 1e300, 123_456_789.123_456_78, 1, -1, 1e-7,
  ]

  /// A column of numbers and of text, as long as ``strings``.
  static var columns: [String: Column] {
    let places = strings.indices
    return [
      "name": .string(strings),
      "integer": .int64(places.map { integers[$0 % integers.count] }),
      "number": .double(places.map { numbers[$0 % numbers.count] }),
    ]
  }

  /// Bytes of none to some thousands, of all values.
  static let bytes: [[UInt8]] = [
    [], [0], [0, 0], Array("text".utf8), Array(0...255), [], [10, 13], [44, 34], Array("{\"a\": 1}".utf8),
    [0x89, 0x50, 0x4E, 0x47], [255, 254, 253], [UInt8](repeating: 7, count: 5000), [0xFF],
  ]

  /// Columns of vectors and of bytes, as long as ``bytes``.
  static var wideColumns: [String: Column] {
    get throws {
      let count = bytes.count
      return [
        "bytes": .bytes(Column.Bytes(bytes)),
        "boxes": .int64Vectors(
          try Column.Vectors((0..<4 * count).map { integers[$0 % integers.count] }, width: 4)),
        "factors": .doubleVectors(
          try Column.Vectors((0..<7 * count).map { numbers[$0 % numbers.count] }, width: 7)),
        "wide": .int64Vectors(try Column.Vectors((0..<1000 * Int64(count)).map { $0 }, width: 1000)),
      ]
    }
  }
}
