import FileStore
import HDF5Store
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import LMDBStore
import NPZStore
import Testing

/// Stores that keep images as they are encoded.
@Suite struct EncodedLayoutTests {
  @Test(arguments: Kind.allCases)
  func theBytesAreKept(_ kind: Kind) throws {
    let (folder, pictures) = (try Folder(), try Pictures(50))
    let path = folder.store(kind)
    try kind.write(Array(pictures.files[..<30]), to: path)
    try kind.write(Array(pictures.files[30...]), to: path, .append)
    let store = try kind.open(path)
    #expect(store.count == 50 && store.format == nil && store.hasEncodedImages)
    #expect(try store.files() == pictures.files)
    #expect(try store.files([49, 0, 17, 17]) == [49, 0, 17, 17].map { pictures.files[$0] })
    for index in 0..<50 { #expect(try store.format(at: index) == pictures.model.formats[index]) }
    #expect(try store.pixels() == pictures.model.gather(Array(0..<50)))
    let random = (0..<80).map { ($0 * 31 + 7) % 50 }
    #expect(try store.pixels(random) == pictures.model.gather(random))
    #expect(try store.labels() == (0..<30).map { $0 % 3 } + (0..<20).map { $0 % 3 })
    #expect(try store.column("note").count == 50)
    if kind != .file { #expect((0..<50).allSatisfy { store.knownCodecNumber(at: $0) == 1 }) }
    try store.verify()
    #expect(store.checksumCoverage == .allImages)
  }

  @Test func theBytesGoFromEachKindToEach() throws {
    let (folder, pictures) = (try Folder(), try Pictures(24, seed: 2))
    for from in Kind.allCases {
      let source = folder.store(from, "source-\(from)")
      try from.write(pictures.files, to: source)
      for to in Kind.allCases {
        let path = folder.store(to, "\(from)-to-\(to)")
        for encoding in [ImageEncoding(), ImageEncoding(checks: false)] {
          try to.format.write(from.open(source), to: path, to.options(.replace, encoding))
          let store = try to.open(path)
          #expect(try store.files() == pictures.files, "\(from) to \(to)")
          #expect(try store.labels() == (0..<24).map { $0 % 3 })
        }
      }
    }
  }

  @Test(arguments: Kind.allCases)
  func wrappersThatLeavePixelsAlonePassThemOn(_ kind: Kind) throws {
    let (folder, pictures) = (try Folder(), try Pictures(12, seed: 3))
    let path = folder.store(kind)
    try kind.write(pictures.files, to: path)
    let store = try kind.open(path)
    let picked = [7, 2, 2, 11]
    let subset = try store.subset(picked)
    #expect(try subset.files() == picked.map { pictures.files[$0] })
    #expect(try subset.files([3, 0]) == [pictures.files[11], pictures.files[7]])
    let both = ConcatenatedStore([subset, store])
    #expect(both.hasEncodedImages)
    #expect(try both.files([15, 1, 4, 5, 0]) == [11, 2, 0, 1, 7].map { pictures.files[$0] })
    #expect(try both.subset(2..<9).files() == (picked + Array(0..<12))[2..<9].map { pictures.files[$0] })
    #expect(try store.relabeled(with: nil, classNames: nil).files() == pictures.files)
    #expect(try store.verifyingReads().files() == pictures.files)
    #expect(code { _ = try both.files([16]) } == .indexOutOfRange)
    #expect(code { _ = try store.files([-1]) } == .indexOutOfRange)
    // What changes pixels does not.
    #expect(!store.swappingChannels().hasEncodedImages)
    #expect(!ConcatenatedStore([store, store.swappingChannels()]).hasEncodedImages)
    let target = folder.store(kind, "subset")
    try kind.format.write(both.subset([0, 9]), to: target, kind.options())
    #expect(try kind.open(target).files() == [pictures.files[7], pictures.files[5]])
  }

  @Test(arguments: Kind.allCases)
  func pixelsBecomePNGs(_ kind: Kind) throws {
    let folder = try Folder()
    var synthetic = SyntheticImages(seed: 4)
    var model = synthetic.mixed(ImageFormat(height: 1, width: 1, channels: 3), count: 20)
    model.columns = [:]
    let path = folder.store(kind)
    try kind.format.write(ModelStore(model), to: path, kind.options())
    // Encoded ones may follow, and the other way round.
    let pictures = try Pictures(5, seed: 5)
    try kind.format.makeWriter(
      to: path, kind.options(.append), classNames: nil,
      for: Unlabelled(files: pictures.files, labels: model.labels!))
    let store = try kind.open(path)
    #expect(try store.pixels(Array(0..<20)) == model.gather(Array(0..<20)))
    #expect(try Array(store.files()[20...]) == pictures.files)
    #expect(try store.files()[0].starts(with: [0x89, 0x50, 0x4E, 0x47]))
    try store.verify()
    // PNG has no floats.
    let floats = synthetic.uniform(ImageFormat(height: 2, width: 2, elementType: .float32), count: 2)
    #expect(
      code { try kind.format.write(ModelStore(floats), to: folder.store(kind, "floats"), kind.options()) }
        == .unsupported)
  }

  private struct Unlabelled: WriterUser {
    let files: [[UInt8]]
    let labels: [Int]

    func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
      for (file, label) in zip(files, labels) { try writer.append(encoded: file, label: label) }
      _ = try writer.finish()
    }
  }

  @Test(arguments: Kind.allCases)
  func anImageThatCannotBeDecodedIsFound(_ kind: Kind) throws {
    let folder = try Folder()
    var files = try Pictures(9, seed: 6).files
    // Within the compressed pixels, behind what says the size.
    let place = files[5].count - 20
    files[5][place] ^= 0x10
    let path = folder.store(kind)
    do {
      try kind.write(files, to: path)
      Issue.record("a damaged image is taken")
    } catch let error as StoreError {
      #expect(error.code == .corrupt && error.image == 5, "\(error)")
    }
    #expect(FileSystem.kind(of: path) == nil)
    try kind.write(files, to: path, .create, ImageEncoding(checks: false))
    let store = try kind.open(path)
    #expect(try store.files() == files)
    #expect(try store.pixels([4, 6]).count > 0)
    #expect(code { _ = try store.pixels([5]) } == .corrupt)
    #expect(code { try store.verify() } == .corrupt)
    #expect(code { try store.verify([5].span) } == .corrupt)
    try store.verify([0, 8].span)
  }

  @Test(arguments: Kind.allCases)
  func whatIsNoImageIsRefused(_ kind: Kind) throws {
    let (folder, pictures) = (try Folder(), try Pictures(3, seed: 7))
    for (number, other) in [Array("GIF89a, and then some".utf8), [0], Array(pictures.files[0][..<20])]
      .enumerated()
    {
      for encoding in [ImageEncoding(), ImageEncoding(checks: false)] {
        let path = folder.store(kind, "other-\(number)")
        let found = code { try kind.write([pictures.files[0], other], to: path, .create, encoding) }
        #expect(
          [.unrecognized, .corrupt, .unsupported].contains(found), "\(number): \(String(describing: found))")
        #expect(FileSystem.kind(of: path) == nil)
      }
    }
    #expect(code { try kind.write([pictures.files[0], []], to: folder.store(kind)) } == .invalidArgument)
    for counts in [[1], [pictures.files[0].count + 1], [pictures.files[0].count, 1], [-1], [.max, .max]] {
      let wrong = WrongCounts(file: pictures.files[0], byteCounts: counts)
      let found = code {
        try kind.format.makeWriter(to: folder.store(kind), kind.options(), classNames: nil, for: wrong)
      }
      #expect([.invalidArgument, .unsupported].contains(found), "\(counts)")
    }
  }

  private struct WrongCounts: WriterUser {
    let file: [UInt8]
    let byteCounts: [Int]

    func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
      try unsafe writer.append(encoded: file.span.bytes, byteCounts: byteCounts, labels: ImageLabels())
      _ = try writer.finish()
    }
  }

  @Test(arguments: StoreCatalog.variants)
  func storesOfPixelsRefuseThemByName(_ variant: StoreCatalog.Variant) throws {
    guard variant.variant.options.layout != "encoded" else { return }
    let (folder, pictures) = (try Folder(), try Pictures(2, seed: 8))
    let path = "\(folder.path)/store\(variant.suffix)"
    #expect(
      code {
        try variant.format.makeWriter(
          to: path, variant.variant.options, classNames: nil, for: FileWriting(files: pictures.files))
      } == .unsupported)
    guard variant.format.layouts.contains("encoded") else { return }
    // An option for encoded images is not without effect.
    var options = variant.variant.options
    options.encoding = ImageEncoding(checks: false)
    #expect(
      code { try variant.format.write(ModelStore(ModelImages()), to: path, options) } == .invalidArgument)
  }

  @Test(arguments: Kind.allCases)
  func eachLayoutIsAppendedToInItself(_ kind: Kind) throws {
    let (folder, pictures) = (try Folder(), try Pictures(4, seed: 9))
    let (pixels, encoded) = (folder.store(kind, "pixels"), folder.store(kind, "encoded"))
    var model = ModelImages()
    model.append([1, 2, 3], format: ImageFormat(height: 1, width: 3))
    try kind.format.write(ModelStore(model), to: pixels, WriteOptions())
    do {
      try kind.write(pictures.files, to: pixels, .append)
      Issue.record("encoded images are appended to pixels")
    } catch let error as StoreError {
      #expect(
        error.code == .unsupported && error.path != nil && error.remedy?.contains("layout") == true,
        "\(error)")
    }
    try kind.write(pictures.files, to: encoded)
    for layout in kind.format.layouts + ["arrays"] where layout != "encoded" {
      let options = WriteOptions(mode: .append, layout: layout)
      guard kind.format.layouts.contains(layout) || kind == .npz else { continue }
      let found = code { try kind.format.write(ModelStore(model), to: encoded, options) }
      #expect(
        kind == .lmdb && layout == "automatic"
          ? found != .system : [.unsupported, .invalidArgument].contains(found), "\(layout)")
    }
    #expect(try kind.open(pixels).count == 1)
  }

  @Test func aQualityNeedsTheTraitOrIsInRange() throws {
    let folder = try Folder()
    for kind in Kind.allCases {
      #expect(
        code { try kind.write([], to: folder.store(kind), .create, ImageEncoding(quality: 0)) }
          == .invalidArgument)
    }
  }

  @Test(arguments: Kind.allCases)
  func aStoreWithoutImagesKeepsItsLayout(_ kind: Kind) throws {
    let (folder, pictures) = (try Folder(), try Pictures(3, seed: 10))
    let path = folder.store(kind)
    try kind.write([], to: path)
    #expect(try kind.open(path).count == 0)
    try kind.format.makeWriter(
      to: path, WriteOptions(mode: .append), classNames: nil, for: FileWriting(files: pictures.files))
    #expect(try kind.open(path).files() == pictures.files)
  }

  @Test func readersThatWereOpenKeepWhatTheyHad() throws {
    let (folder, pictures) = (try Folder(), try Pictures(60, seed: 11))
    let path = folder.store(.lmdb)
    try Kind.lmdb.write(Array(pictures.files[..<20]), to: path)
    for start in stride(from: 20, to: 60, by: 4) {
      let open = try Kind.lmdb.open(path)
      try Kind.lmdb.write(Array(pictures.files[start..<start + 4]), to: path, .append)
      #expect(try open.files() == Array(pictures.files[..<start]))
    }
    let old = try Kind.lmdb.open(path)
    for _ in 0..<3 { try Kind.lmdb.write([pictures.files[0]], to: path, .append) }
    #expect(try old.pixels() == pictures.model.gather(Array(0..<60)))
  }
}
