import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Testing

@testable import HDF5Store

/// Files as other programs have them, which `make_hdf5_found_fixtures.py` made.
@Suite struct FoundFileTests {
  /// What options say, by the names of the command line.
  private func description(_ options: String) throws -> StoreDescription {
    var description = StoreDescription()
    for option in options.split(separator: " ") where option != "-" {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      let numbers = parts[1].split(separator: "x").compactMap { Int($0) }
      switch parts[0] {
      case "images": description.images = parts[1]
      case "labels": description.labels = parts[1] == "none" ? StoreDescription.Labels.none : .named(parts[1])
      case "dimensions": description.dimensions = Dimensions(parts[1])
      case "shape":
        description.shape = ImageShape(
          height: numbers[0], width: numbers[1], channels: numbers.count > 2 ? numbers[2] : nil)
      case "dtype": description.elementType = ElementType(rawValue: parts[1])
      case "axis": description.axis = .init(rawValue: parts[1])
      case "bit-order": description.bitOrder = .init(rawValue: parts[1])
      default: Issue.record("the option \(option)")
      }
    }
    return description
  }

  @Test(arguments: Fixtures.rows("found/found.tsv"))
  func opens(_ row: [String]) throws {
    let shape = row[2].split(separator: " ").compactMap { Int($0) }
    let type = try #require(ElementType(rawValue: row[3]))
    let path = Fixtures.path("found/\(row[0])")
    let description = try description(row[1])
    let format = ImageFormat(height: shape[1], width: shape[2], channels: shape[3], elementType: type)
    let expected = Fixtures.ramp(type, count: shape.reduce(1, *))
    for threads in [1, 3] {
      let opened = try HDF5Format().open(path, description, threads: threads)
      let store = try #require(opened.first?.store as? HDF5Store)
      #expect(opened.count == 1 && store.count == shape[0])
      #expect(store.format == format)
      #expect(
        try store.labels() == (row[4] == "-" ? nil : row[4].split(separator: ",").compactMap { Int($0) }))
      #expect(store.classNames == (row[5] == "-" ? nil : row[5].split(separator: ",").map(String.init)))
      #expect(row[6] == "-" || store.notes.contains { $0.text.contains(row[6]) }, "\(store.notes)")
      #expect(try store.bytes() == expected)
      try checkGather(store, format, expected)
      try store.verify()
      #expect(store.checksumCoverage == .noImages)
    }
  }

  /// Shuffled indices with repeats and regions, against slices of the whole.
  private func checkGather(_ store: HDF5Store, _ format: ImageFormat, _ all: [UInt8]) throws {
    var random = SplitMix64(seed: 9)
    let size = format.byteCount
    for _ in 0..<6 {
      let indices = (0..<7).map { _ in Int.random(in: 0..<store.count, using: &random) }
      let height = Int.random(in: 1...format.height, using: &random)
      let width = Int.random(in: 1...format.width, using: &random)
      let region = ImageRegion(
        row: Int.random(in: 0...format.height - height, using: &random),
        column: Int.random(in: 0...format.width - width, using: &random), height: height, width: width)
      let expected = indices.flatMap { index in
        (region.row..<region.row + height).flatMap { row in
          let start = index * size + row * format.bytesPerRow + region.column * format.bytesPerPixel
          return all[start..<start + width * format.bytesPerPixel]
        }
      }
      #expect(try store.bytes(indices, region: region) == expected)
      try store.forEachImage(indices.span) { (position, borrowed, pixels) throws(StoreError) in
        #expect(borrowed == format)
        #expect(
          [UInt8](copied: pixels) == Array(all[indices[position] * size..<(indices[position] + 1) * size]))
      }
    }
  }

  @Test(arguments: Fixtures.rows("found/refused.tsv"))
  func refuses(_ row: [String]) throws {
    let description = try description(row[1])
    let error = try #require(throws: StoreError.self) {
      _ = try HDF5Format().open(Fixtures.path("found/\(row[0])"), description, threads: 1)
    }
    var (code, text) = (row[2], row[3])
    #if JPEG
    // What begins as a JPEG has nothing behind its head.
    if code == "missingTrait" { (code, text) = ("corrupt", "ends before its header does") }
    #endif
    #expect(error.code.rawValue == code, "\(error)")
    #expect(error.description.contains(text), "\(error)")
    #expect(error.description.contains(row[0]) && !error.description.contains("\n"))
  }

  @Test func blueFirst() throws {
    var description = StoreDescription()
    description.channelOrder = .bgr
    let store = try #require(try HDF5Format().open(Fixtures.path("uint8.h5"), description, threads: 1).first)
    let pixel = [0, 1, 2].map { UInt8(Fixtures.sample($0)) }
    let batch = try store.store.read([0])
    #expect([UInt8](copied: batch.pixels).prefix(3) == [pixel[2], pixel[1], pixel[0]])
  }

  /// What was packed by h5py's filter, against the same arrays without it.
  @Test func lzf() throws {
    let path = Fixtures.path("found/lzf.h5")
    let packed = try HDF5Store(at: path, images: "packed")
    let plain = try HDF5Store(at: path, images: "plain")
    #expect(packed.count == 36 && plain.count == 36)
    for index in 0..<packed.count {
      #expect(try packed.bytes([index]) == plain.bytes([index]), "image \(index)")
    }
  }

  /// Damaged and made-up data neither trap nor deliver more than there is room for.
  @Test func lzfOfAnything() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    var decoded = 0
    for _ in 0..<20_000 {
      let source = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...(Bool.random(using: &random) ? 255 : 40), using: &random)
      }
      var target = [UInt8](repeating: 0, count: Int.random(in: 0...64, using: &random))
      do throws(StoreError) {
        try unsafe source.span.withUnsafeBytes { (from) throws(StoreError) in
          var span = target.mutableSpan
          try unsafe span.withUnsafeMutableBytes { (to) throws(StoreError) in
            try unsafe LZF.decompress(from, into: to)
          }
        }
        decoded += 1
      } catch {
        #expect(error.code == .corrupt, "seed \(seed)")
      }
    }
    #expect(decoded < 20_000)
  }
}

/// What appending to a file does to its layout.
@Suite struct LayoutTests {
  private func write(_ format: ImageFormat, to path: String, mode: WriteMode, _ layout: HDF5Store.Layout)
    throws
  {
    try HDF5Store.write(to: path, mode: mode, layout: layout) { writer in
      let pixels = [UInt8](repeating: 7, count: format.byteCount)
      try unsafe writer.append(pixels.span.bytes, format: format, label: 1)
    }
  }

  /// Code that reads the dataset `/images` would fail once it is a group, so that has to be asked for.
  @Test func anotherSizeIsRefusedUnlessAskedFor() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let (small, large) = (ImageFormat(height: 2, width: 3), ImageFormat(height: 4, width: 3))
    try write(small, to: path, mode: .create, .uniform)
    let error = try #require(throws: StoreError.self) {
      try write(large, to: path, mode: .append, .uniform)
    }
    #expect(error.code == .unsupported && error.description.contains("--layout mixed"), "\(error)")
    #expect(try HDF5Store(at: path).format == small)
    try write(large, to: path, mode: .append, .mixed)
    let mixed = try HDF5Store(at: path)
    #expect(mixed.count == 2 && mixed.format == nil)
    #expect(try mixed.format(at: 1) == large)
    // Once it is a group, further sizes change nothing.
    try write(ImageFormat(height: 1, width: 1), to: path, mode: .append, .uniform)
    #expect(try HDF5Store(at: path).count == 3)
  }
}

/// Splits that need more than a name.
@Suite struct FoundSplitTests {
  /// Classes are counted over all splits: one that a split lacks keeps its number.
  @Test func classesOfAllSplits() throws {
    let splits = try HDF5Store.splits(at: Fixtures.path("found-splits/classes.h5"))
    #expect(Set(splits.keys) == [.training, .test])
    for split in splits.values { #expect(split.classNames == ["ant", "bee", "cat"]) }
    #expect(try splits[.training]?.labels() == [0, 0, 1, 2])
    #expect(try splits[.test]?.labels() == [1, 2])
    let text = try HDF5Store.splits(at: Fixtures.path("found-splits/text.h5"))
    for split in text.values { #expect(split.classNames == ["ant", "bee", "cat"]) }
    #expect(try text[.training]?.labels() == [0, 2, 1])
    #expect(try text[.validation]?.labels() == [2, 2])
    #expect(text[.training]?.notes.map(\.text) == ["x_extra (2, 4, 5)"])
  }

  /// Labels for the images of another file.
  @Test func valuesOfAFile() throws {
    let format = HDF5Format()
    let found = try #require(try format.values(named: nil, at: Fixtures.path("found/labels-column.h5")))
    #expect(found.name == "labels" && found.shape == [10, 1])
    #expect(found.values == .int64(Fixtures.labels(10).map(Int64.init)))
    let enumeration = try format.values(named: "labels", at: Fixtures.path("found/labels-enumeration.h5"))
    #expect(enumeration?.names?[1] == "bee")
    // Of several without a usual name none is taken.
    for (name, file) in [("nothing", "found/labels-column.h5"), (nil, "several.h5")] {
      let error = try #require(throws: StoreError.self) {
        _ = try format.values(named: name, at: Fixtures.path(file))
      }
      #expect(error.description.contains("the file has"), "\(error)")
    }
  }

  /// Several numbers per image become a column of vectors.
  @Test func columns() throws {
    let store = try HDF5Store(at: Fixtures.path("found-splits/columns.h5"))
    #expect(try store.labels() == nil)
    #expect(store.columnNames == ["labels"])
    guard case .int64Vectors(let labels) = try store.column("labels") else {
      Issue.record("labels are not vectors")
      return
    }
    #expect(labels.width == 3 && labels.map { Array($0)[1] } == [1, 1, 0])
    let named = try #require(throws: StoreError.self) {
      _ = try HDF5Store(at: Fixtures.path("found-splits/columns.h5"), images: nil, labels: "labels")
    }
    #expect(named.code == .unsupported && named.description.contains("3 values per image"), "\(named)")
  }
}
