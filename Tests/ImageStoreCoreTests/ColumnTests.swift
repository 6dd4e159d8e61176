import ImageStoreCore
import ImageStoreTesting
import Testing

/// Columns of every kind, as a program makes and takes them apart.
@Suite struct ColumnTests {
  @Test func literals() throws {
    let format = ImageFormat(height: 1, width: 1)
    let store = try InMemoryStore { writer in
      for number in 0..<2 {
        try writer.append(
          [UInt8(number)], format: format,
          columns: [
            "id": 7, "weight": 0.5, "name": "cat.png", "box": [10, 20, 64, 48], "mean": [0.5, 1],
            "hash": .bytes([1, UInt8(number)]),
          ])
      }
    }
    #expect(try store.column("id") == .int64([7, 7]) && store.column("weight") == .double([0.5, 0.5]))
    #expect(try store.column("name") == .string(["cat.png", "cat.png"]))
    #expect(
      try store.column("box") == .int64Vectors(Column.Vectors([10, 20, 64, 48, 10, 20, 64, 48], width: 4)))
    #expect(try store.column("mean") == .doubleVectors(Column.Vectors([[0.5, 1], [0.5, 1]])))
    #expect(try store.column("hash") == .bytes(Column.Bytes([[1, 0], [1, 1]])))
  }

  @Test func kindsHaveNames() {
    for (kind, name) in [
      (Column.Kind.int64, "int64"), (.double, "double"), (.string, "string"), (.bytes, "bytes"),
      (.int64Vectors(width: 4), "int64[4]"), (.doubleVectors(width: 65_536), "double[65536]"),
    ] {
      #expect(kind.rawValue == name && Column.Kind(rawValue: name) == kind)
      #expect(Column(kind).count == 0 && Column(kind).kind == kind)
    }
    for name in [
      "", "int", "int64[]", "int64[0]", "int64[-1]", "int64[04]", "int64[65537]", "string[2]", "int64[4",
      "[4]",
    ] {
      #expect(Column.Kind(rawValue: name) == nil, "\(name)")
    }
  }

  /// Gathering and appending against plain arrays of arrays.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func gathering(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let width = Int.random(in: 1...5, using: &random)
    func vectors(_ count: Int) -> [[Int64]] {
      (0..<count).map { _ in (0..<width).map { _ in Int64.random(in: .min ... .max, using: &random) } }
    }
    func bytes(_ count: Int) -> [[UInt8]] {
      (0..<count).map { _ in
        (0..<Int.random(in: 0...4, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
    }
    let count = Int.random(in: 1...9, using: &random)
    let (x, y, a, b) = (vectors(count), vectors(3), bytes(count), bytes(3))
    let indices = (0..<7).map { _ in Int.random(in: 0..<count, using: &random) }
    var column = Column.int64Vectors(try Column.Vectors(x))
    #expect(
      column.gathering(indices) == .int64Vectors(try Column.Vectors(indices.map { x[$0] })), "seed \(seed)")
    try column.append(.int64Vectors(try Column.Vectors(y)))
    #expect(column == .int64Vectors(try Column.Vectors(x + y)) && column.count == count + 3, "seed \(seed)")
    var blobs = Column.bytes(Column.Bytes(a))
    #expect(blobs.gathering(indices) == .bytes(Column.Bytes(indices.map { a[$0] })), "seed \(seed)")
    try blobs.append(.bytes(Column.Bytes(b)))
    guard case .bytes(let all) = blobs else { return }
    #expect(all.map(Array.init) == a + b && all.values == (a + b).flatMap { $0 }, "seed \(seed)")
  }

  @Test func whatIsNoVector() throws {
    for (values, width) in [([1, 2, 3], 2), ([], 0), ([1], -1), ([1], 65_537)] as [([Int64], Int)] {
      #expect(throws: StoreError.self) { _ = try Column.Vectors(values, width: width) }
    }
    #expect(throws: StoreError.self) { _ = try Column.Vectors([[1, 2], [3]]) }
    #expect(throws: StoreError.self) { _ = try Column.Vectors([[Double]]()) }
    for offsets in [[], [0], [0, 1], [1, 2], [0, 2, 1, 2], [0, -1, 2], [0, 3], [0, 1, .max]] {
      #expect(throws: StoreError.self) { _ = try Column.Bytes([1, 2], offsets: offsets) }
    }
    var column = Column.int64Vectors(try Column.Vectors([1, 2], width: 2))
    for other in [
      Column.int64([1]), .int64Vectors(try Column.Vectors([1], width: 1)),
      .doubleVectors(try Column.Vectors([1, 2], width: 2)), .bytes(Column.Bytes([[1]])),
    ] {
      let error = #expect(throws: StoreError.self) { try column.append(other) }
      #expect(error?.message == "\(other.kind.rawValue) values do not fit a column of int64[2]")
    }
    // A vector without numbers says so when it is written.
    #expect(throws: StoreError.self) {
      _ = try InMemoryStore { writer in
        try writer.append([1], format: ImageFormat(height: 1, width: 1), columns: ["box": .int64Vector([])])
      }
    }
  }
}

/// Names of columns where a format has another meaning for them. The oracle is percent-decoding as
/// addresses of the web have it.
@Suite struct ColumnNameTests {
  /// What `urllib.parse.unquote` makes of a text.
  private func unquoted(_ text: String) -> [UInt8] {
    var (bytes, result) = (Array(text.utf8), [UInt8]())
    while let first = bytes.first {
      if first == 0x25, bytes.count > 2,
        let byte = UInt8(String(decoding: bytes[1...2], as: UTF8.self), radix: 16),
        bytes[1] != 0x2B, bytes[1] != 0x2D
      {
        result.append(byte)
        bytes.removeFirst(3)
      } else {
        result.append(first)
        bytes.removeFirst()
      }
    }
    return result
  }

  @Test func known() {
    for (name, text) in [
      ("a/b", "a%2Fb"), ("a\\b", "a%5Cb"), (".", "%2E"), ("..", "%2E."), ("a%2Fb", "a%252Fb"),
      ("a%2fb", "a%252fb"),
      ("100%", "100%"), ("%zz", "%zz"), ("...", "..."), (".x", ".x"), ("file", "file"),
      ("h\u{F6}he", "h\u{F6}he"),
    ] {
      #expect(ColumnName.escaped(name, for: .path) == text)
      #expect(ColumnName.unescaped(text, in: .path) == name)
    }
    let heading = ColumnName.Place.heading(reserved: ["file", "label"])
    for (name, text) in [
      ("file", "%66ile"), ("label", "%6Cabel"), ("files", "files"), ("a/b", "a/b"), (".", "."),
    ] {
      #expect(ColumnName.escaped(name, for: heading) == text)
      #expect(ColumnName.unescaped(text, in: heading) == name)
    }
    // What no escape makes stands for itself.
    for text in ["100%41", "%66ile", "a%2fb", "%", "%2", "%FF", "%00"] {
      #expect(ColumnName.unescaped(text, in: .path) == text)
    }
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>) func everyNameComesBack(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let letters: [Character] = ["%", "2", "F", "f", "5", "C", "/", "\\", ".", "a", "\u{E9}", "\u{732B}", "6"]
    for place in [ColumnName.Place.path, .heading(reserved: ["a", "2F"])] {
      for _ in 0..<200 {
        let name = String(
          (0...Int.random(in: 0...6, using: &random)).map { _ in letters.randomElement(using: &random)! })
        let text = ColumnName.escaped(name, for: place)
        #expect(
          Array(ColumnName.unescaped(text, in: place).utf8) == Array(name.utf8), "seed \(seed): \(name)")
        #expect(unquoted(text) == Array(name.utf8), "seed \(seed): \(name)")
        if case .path = place {
          #expect(!text.contains("/") && !text.contains("\\") && text != "." && text != "..", "\(name)")
        } else {
          #expect(text != "a" && text != "2F", "\(name)")
        }
      }
    }
  }
}
