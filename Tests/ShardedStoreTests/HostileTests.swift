import Foundation
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import ShardedStore
import Testing

/// Manifests, indexes and shards that lie, or are damaged.
@Suite struct HostileTests {
  private let temporary = TemporaryFolder()
  private var path: String { "\(temporary.path)/set" }

  /// Opens and reads everything.
  private func readAll() throws {
    let store = try ShardedStore(at: path)
    _ = try store.labels()
    for name in store.columnNames { _ = try store.column(name) }
    var batch = ImageBatch()
    for index in 0..<store.count { try store.read([index], into: &batch) }
  }

  nonisolated(unsafe) private static let lies: [(String, (inout [String: Any]) -> Void)] = [
    ("count", { $0["count"] = 21 }), ("negative count", { $0["count"] = -1 }),
    ("huge count", { $0["count"] = Int.max }),
    ("version", { $0["formatVersion"] = 2 }), ("format", { $0["format"] = "something" }),
    ("layout", { $0["layout"] = "encoded" }), ("no layout", { $0["layout"] = nil }),
    (
      "shape",
      { $0["imageFormat"] = ["height": 1 << 40, "width": 1 << 40, "channels": 3, "elementType": "uint8"] }
    ),
    (
      "larger shape",
      { $0["imageFormat"] = ["height": 90, "width": 70, "channels": 3, "elementType": "uint8"] }
    ),
    ("no shape", { $0["imageFormat"] = nil }), ("labels", { $0["hasLabels"] = "yes" }),
    ("shards", { $0["shards"] = [Any]() }),
    ("shard twice", { $0["shards"] = ($0["shards"] as! [Any]) + ($0["shards"] as! [Any]) }),
    ("columns", { $0["columns"] = [["name": "none", "kind": "int64"]] }),
    ("column kind", { $0["columns"] = [["name": "file", "kind": "int64"]] }),
    ("column of text", { $0["columns"] = [["name": "number", "kind": "string"]] }),
    ("column order", { $0["columns"] = ($0["columns"] as! [Any]).reversed() as [Any] }),
    ("column name", { $0["columns"] = [["name": "\u{1}", "kind": "int64"]] }),
  ]

  @Test(arguments: 0..<18)
  func lyingManifestsAreRefused(_ number: Int) throws {
    let (name, lie) = unsafe Self.lies[number]
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    try changeManifest(of: path) { lie(&$0) }
    let found = code { try readAll() }
    let expected: [StoreError.Code?] = [
      .corrupt, .unrecognized, .unsupported, .limitExceeded, .invalidArgument,
    ]
    #expect(found != nil && expected.contains(found), "\(name): \(found?.rawValue ?? "no error")")
  }

  @Test(arguments: ["name", "bytes", "count", "crc32", "sha256"])
  func shardsThatAreOthersAreRefused(key: String) throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    let values: [String: [Any]] = [
      "name": [
        "../manifest.json", "/etc/passwd", "00000-0123456789abcdef.npz", "x", "00000-0123456789ABCDEF.npz",
        "",
      ],
      "bytes": [0, -1, 7, Int.max], "count": [0, -5, 3, Int.max], "crc32": ["", "xyz", "0123456789"],
      // It names the file and is compared with nothing when reading.
      "sha256": [7],
    ]
    for value in values[key]! {
      try changeManifest(of: path) { manifest in
        var shards = manifest["shards"] as! [[String: Any]]
        shards[0][key] = value
        manifest["shards"] = shards
      }
      let found = code { try readAll() }
      #expect(found == .corrupt || found == .notFound, "\(key) \(value): \(found?.rawValue ?? "no error")")
    }
  }

  @Test func manifestsAreChecked() throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    let file = "\(path)/manifest.json"
    let bytes = try contents(file)
    var generator = SplitMix64(seed: 5)
    for _ in 0..<100 {
      var flipped = bytes
      let place = Int.random(in: flipped.indices, using: &generator)
      flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      try write(flipped, file)
      #expect(code { try readAll() } != nil, "byte \(place)")
    }
    for length in stride(from: 0, to: bytes.count - 1, by: 397) {
      try write(Array(bytes[..<length]), file)
      #expect(code { try readAll() } != nil, "cut to \(length)")
    }
    // By hand, without a checksum, it may be changed.
    let text = String(decoding: bytes, as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.contains("\"crc32\"") })
    let edited = text.replacingOccurrences(of: line + "\n", with: "").replacingOccurrences(
      of: "\"emu\"", with: "\"owl\"")
    try write(Array(edited.utf8), file)
    #expect(try ShardedStore(at: path).classNames == ["cat", "dog", "owl"])
  }

  @Test func damagedIndexesAreRefused() throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    let index = try #require(try files(below: path).first { $0.hasPrefix("index") })
    let bytes = try contents("\(path)/\(index)")
    for place in stride(from: 0, to: bytes.count, by: 161) {
      var flipped = bytes
      flipped[place] ^= 4
      try write(flipped, "\(path)/\(index)")
      #expect(code { try readAll() } == .corrupt, "byte \(place)")
    }
    try write(bytes + [0], "\(path)/\(index)")
    #expect(code { try readAll() } == .corrupt)
    try FileManager.default.removeItem(atPath: "\(path)/\(index)")
    #expect(code { try readAll() } == .notFound)
  }

  /// An index that agrees with its checksum and sends reads elsewhere.
  @Test(arguments: ["offsets.npy", "sizes.npy"], [-1, Int.max, Int.min, 1 << 40, 5000, 0])
  func lyingPlacesAreRefused(array: String, value: Int) throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    try changeIndex(of: path) { bytes, start in
      for byte in 0..<8 {
        bytes[start(array) + 8 * 3 + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
      }
    }
    let store = try ShardedStore(at: path)
    var batch = ImageBatch()
    // What is within the shard is read; that it is not the image, checking it says.
    let isHarmless = value == 5000 || array == "offsets.npy" && value == 0
    if !isHarmless { #expect(code { try store.read([3], into: &batch) } == .corrupt) }
    #expect(code { try store.verify() } == .corrupt)
    #expect(code { try store.verify([3].span) } == .corrupt)
    #expect(code { try store.read([2], into: &batch) } == nil)
  }

  @Test func lyingKindsAreRefused() throws {
    for layout in ShardedStore.Layout.allCases {
      let path = "\(path)-\(layout)"
      try ShardedStore.write(makeImages(20, mixed: true), to: path, shardSize: 5000, layout: layout)
      let manifest = try contents("\(path)/manifest.json")
      let index = try #require(try files(below: path).first { $0.hasPrefix("index") })
      let before = try contents("\(path)/\(index)")
      for (part, value) in [
        (0, 0), (0, 200), (1, 0xFF), (2, 0), (2, 4), (3, 0xFF), (3, 0x300), (3, 0x100_0000), (3, 2),
      ] {
        try write(manifest, "\(path)/manifest.json")
        try write(before, "\(path)/\(index)")
        try changeIndex(of: path) { bytes, start in
          let place = start("shapes.npy") + 16 * 5 + 4 * part
          for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        }
        let store = try ShardedStore(at: path)
        var batch = ImageBatch()
        #expect(code { try store.verify([5].span) } != nil, "\(layout), number \(part) is \(value)")
        _ = code { try store.read([5], into: &batch) }
        #expect(code { try store.read([4], into: &batch) } == nil)
      }
    }
  }

  @Test(arguments: ShardedStore.Layout.allCases)
  func damagedShardsAreFound(layout: ShardedStore.Layout) throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000, layout: layout)
    let shard = try #require(try files(below: path).first { $0.hasPrefix("shards/00001") })
    let bytes = try contents("\(path)/\(shard)")
    var generator = SplitMix64(seed: 3)
    for _ in 0..<60 {
      var flipped = bytes
      let place = Int.random(in: flipped.indices, using: &generator)
      flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      try write(flipped, "\(path)/\(shard)")
      let store = try ShardedStore(at: path)
      #expect(code { try store.verify() } == .corrupt, "byte \(place)")
    }
    for wrong in [Array(bytes.dropLast()), bytes + [0], []] {
      try write(wrong, "\(path)/\(shard)")
      let error = #expect(throws: StoreError.self) { _ = try ShardedStore(at: path) }
      #expect(error?.code == .corrupt && error?.path?.hasSuffix(shard) == true)
    }
    try FileManager.default.removeItem(atPath: "\(path)/\(shard)")
    #expect(code { _ = try ShardedStore(at: path) } == .notFound)
    // A link leads nowhere.
    try FileManager.default.createSymbolicLink(atPath: "\(path)/\(shard)", withDestinationPath: "/etc/passwd")
    #expect(code { _ = try ShardedStore(at: path) } == .unrecognized)
  }

  /// The error names shard and image.
  @Test func errorsSayWhere() throws {
    try ShardedStore.write(makeImages(20), to: path, shardSize: 5000)
    try changeIndex(of: path) { bytes, start in bytes[start("crc32.npy") + 4 * 3] ^= 1 }
    let error = #expect(throws: StoreError.self) { try ShardedStore(at: path).verify([2, 3].span) }
    #expect(error?.image == 3 && error?.path?.hasPrefix("\(path)/shards/00000-") == true)
  }
}
