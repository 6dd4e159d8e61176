import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

/// One flipped bit of what LMDB and this package keep about the images, and an append after it.
///
/// The tests flip some of the bits, `LMDB_STORE_FLIPS=every` all of them.
@Suite struct MetadataFlipTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/s" }

  init() throws { folder = try TemporaryFolder() }

  /// Images with labels, columns and class names.
  private func images(_ range: Range<Int>, isMixed: Bool) -> ModelImages {
    var images = ModelImages()
    for index in range {
      let format = ImageFormat(height: isMixed ? 4 + index % 3 : 4, width: 9)
      images.append(
        (0..<format.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }, format: format)
    }
    images.labels = range.map { $0 % 5 }
    images.columns = [
      "name": .string(range.map { "image \($0)" }), "note": .string(range.map { "a longer note on \($0)" }),
      "place": .string(range.map { "where \($0) was taken" }),
      "weight": .double(range.map { Double($0) / 8 }),
    ]
    images.classNames = ["ant", "bee", "cat", "dog", "eel"]
    return images
  }

  /// A store of three commits, so that there are branches and lists of free pages, and its bytes.
  private func sample(_ layout: LMDBStore.Layout) throws -> [UInt8] {
    let isMixed = layout == .perImage
    _ = try LMDBStore.write(images(0..<9, isMixed: isMixed), to: path, layout: layout)
    for start in [9, 14] {
      _ = try LMDBStore.write(images(start..<start + 5, isMixed: isMixed), to: path, mode: .append)
    }
    return try [UInt8](Data(contentsOf: URL(filePath: "\(path)/data.mdb")))
  }

  private func isSame(_ store: LMDBStore, as images: ModelImages) throws -> Bool {
    guard store.count == images.count, try store.labels() == images.labels,
      store.classNames == images.classNames, store.columnNames == images.columns.keys.sorted()
    else { return false }
    for (name, column) in images.columns where try store.column(name) != column { return false }
    for index in 0..<images.count {
      guard try store.format(at: index) == images.formats[index],
        try store.pixels(at: index) == images.pixels[index]
      else { return false }
    }
    return true
  }

  /// What is found of one damaged file, and whether anything it says was believed.
  private func check(_ bytes: [UInt8], _ what: String, _ layout: LMDBStore.Layout) throws {
    let isMixed = layout == .perImage
    let file = URL(filePath: "\(path)/data.mdb")
    try Data(bytes).write(to: file)
    let old = images(0..<19, isMixed: isMixed)
    let new = images(19..<22, isMixed: isMixed)
    var isFound = false
    do {
      let store = try LMDBStore(at: path)
      try store.verify()
      #expect(try isSame(store, as: old), "\(what): verified, and not what it was")
    } catch is StoreError {
      isFound = true
    }
    do {
      let store = try LMDBStore.write(new, to: path, mode: .append)
      var all = old
      all.append(contentsOf: new)
      // An image that is within a leaf may be the damage that was found.
      if !isFound || layout != .encoded {
        #expect(try isSame(store, as: all), "\(what): an append lost something")
      }
      // Damage of pages that an append does not touch stays, and is found again.
      if !isFound { try store.verify() }
    } catch let error as StoreError {
      #expect(
        error.code == .corrupt || error.code == .unsupported || error.code == .unrecognized
          || error.code == .limitExceeded, "\(what): \(error)")
      #expect(
        try [UInt8](Data(contentsOf: file)) == bytes, "\(what): an append was refused and wrote: \(error)")
    }
    let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as! Int
    #expect(size < bytes.count + 1 << 20, "\(what): the file has \(size) bytes")
  }

  @Test(arguments: LMDBStore.Layout.allCases)
  func everyFlippedBitIsFoundOrHarmlessAndAppendsAreRight(_ layout: LMDBStore.Layout) throws {
    let bytes = try sample(layout)
    let map = PageMap(bytes)
    #expect(!map.branches.isEmpty)
    let isThorough = ProcessInfo.processInfo.environment["LMDB_STORE_FLIPS"] == "every"
    var places = (map.structure + map.keys).flatMap { Array($0) }
    for record in ["metadata", "class_names", "crc32/class_names"] {
      places += map.inline[record].map(Array.init) ?? []
    }
    var generator = SplitMix64(seed: 15)
    for place in places {
      let bits = isThorough ? Array(0..<8) : [Int.random(in: 0..<8, using: &generator)]
      guard isThorough || Int.random(in: 0..<8, using: &generator) == 0 else { continue }
      for bit in bits {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        try check(damaged, "bit \(bit) of byte \(place)", layout)
      }
    }
  }
}
