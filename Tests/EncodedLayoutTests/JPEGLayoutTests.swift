#if JPEG
import Foundation
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Testing

/// JPEGs, and PNGs among them, in stores that keep images as they are encoded; what they decode to
/// says Pillow.
@Suite(.enabled(if: python != nil, "IMAGE_STORES_PYTHON names no Python with Pillow"))
struct JPEGLayoutTests {
  /// Files that are all called `.JPEG`, and what Pillow makes of them: as stored, and upright.
  private static let script = """
    import io, pathlib, sys
    import numpy as np
    from PIL import Image, ImageOps
    out = pathlib.Path(sys.argv[1])
    (out / "photographs").mkdir()
    def exif(n):
        exif = Image.Exif()
        exif[0x0112] = n
        return exif
    kinds = [
        ("RGB", dict()), ("RGB", dict(exif=exif(6))), ("L", dict()), ("RGB", dict(progressive=True, subsampling=0)),
        ("RGBA", None), ("CMYK", dict(quality=90)), ("L", dict(exif=exif(3))), ("P", None),
        ("RGB", dict(exif=exif(5), subsampling=1)), ("RGB", dict(exif=exif(2))),
    ]
    for i, (mode, options) in enumerate(kinds):
        y, x = np.mgrid[:30 + i, :44 + 3 * i]
        image = Image.fromarray(np.stack([x * 4, y * 6, x + y + 9 * i], -1).astype("u1")).convert(mode)
        file = io.BytesIO()
        image.save(file, "PNG" if options is None else "JPEG", **(options or {}))
        (out / "photographs" / f"{i}.JPEG").write_bytes(file.getvalue())
        image = Image.open(io.BytesIO(file.getvalue()))
        upright = image if options is None else ImageOps.exif_transpose(image)
        for name, image in ("raw", image), ("up", upright):
            image = image.convert("RGB") if mode in ("CMYK", "P") else image
            (out / f"{i}.{name}").write_bytes(np.asarray(image).tobytes())
            shape = np.asarray(image).shape
            print(*shape, *([] if len(shape) > 2 else [1]))
    """
  private static let isPNG: Set = [4, 7]

  /// What the script made.
  private struct Photographs {
    let folder: Folder
    var files: [[UInt8]] = []
    var stored = ModelImages()
    var upright = ModelImages()
    var path: String { "\(folder.path)/photographs" }

    init() throws {
      folder = try Folder()
      let lines = try runPython(["-c", JPEGLayoutTests.script, folder.path])
      for (number, line) in lines.enumerated() {
        let sides = line.split(separator: " ").map { Int($0)! }
        let format = ImageFormat(height: sides[0], width: sides[1], channels: sides[2])
        let index = number / 2
        if number % 2 == 0 {
          files.append(try bytes("photographs/\(index).JPEG"))
          stored.append(try bytes("\(index).raw"), format: format)
        } else {
          upright.append(try bytes("\(index).up"), format: format)
        }
      }
    }

    private func bytes(_ name: String) throws -> [UInt8] {
      [UInt8](try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
    }
  }

  private var upright: StoreDescription {
    var description = StoreDescription()
    description.orientation = .upright
    return description
  }

  private func expect(_ store: any ImageStore, _ model: ModelImages) throws {
    #expect(store.count == model.count)
    for index in 0..<model.count {
      #expect(try store.format(at: index) == model.formats[index], "image \(index)")
      #expect(try store.pixels([index]) == model.pixels[index], "image \(index)")
      let region = ImageRegion(row: 5, column: 9, height: 17, width: 20)
      let part = try store.read([index], regions: .same(region))
      let whole = try InMemoryStore(copying: ModelStore(model)).read([index], regions: .same(region))
      #expect([UInt8](copying: part.pixels) == [UInt8](copying: whole.pixels), "a part of image \(index)")
    }
  }

  @Test(arguments: Kind.allCases)
  func photographsAreKept(_ kind: Kind) throws {
    let photographs = try Photographs()
    let path = photographs.folder.store(kind)
    let source = try StoreCatalog.open(at: photographs.path, threads: 2)
    try kind.format.write(source, to: path, kind.options())
    let store = try kind.open(path)
    #expect(try store.files() == photographs.files)
    try expect(store, photographs.stored)
    try store.verify()
    if kind == .file {
      for index in 0..<10 {
        let name = "\(path)/00000/\(index).\(Self.isPNG.contains(index) ? "png" : "jpg")"
        #expect(FileSystem.kind(of: name) == .file, "\(name)")
      }
    } else {
      for index in 0..<10 {
        #expect(store.knownCodecNumber(at: index) == (Self.isPNG.contains(index) ? 1 : 2))
      }
    }
    // Turned while they are read, for which the index must say which are.
    let turned = try kind.format.open(path, upright, threads: 2)[0].store
    #expect(!turned.hasEncodedImages)
    try expect(turned, photographs.upright)
    try turned.verify()
    // Turned pixels are encoded again, without loss unless a quality is given.
    let again = photographs.folder.store(kind, "turned")
    try kind.format.write(turned, to: again, kind.options())
    try expect(kind.open(again), photographs.upright)
    #expect(try kind.open(again).files().allSatisfy { $0.starts(with: [0x89, 0x50, 0x4E, 0x47]) })
    // Gray images are appended, and the store continues to work.
    try kind.format.write(source.subset([2, 6, 7]), to: path, kind.options(.append))
    let longer = try kind.open(path)
    #expect(try longer.files() == photographs.files + [2, 6, 7].map { photographs.files[$0] })
    try longer.verify()
  }

  @Test(arguments: Kind.allCases)
  func pixelsBecomeJPEGsOfAQuality(_ kind: Kind) throws {
    let photographs = try Photographs()
    let picked = [0, 2, 5, 6]
    let source = ModelStore(
      picked.reduce(into: ModelImages()) {
        $0.append(photographs.stored.pixels[$1], format: photographs.stored.formats[$1])
      })
    var sizes: [Int] = []
    for quality in [30, 95] {
      let path = photographs.folder.store(kind, "quality-\(quality)")
      try kind.format.write(source, to: path, kind.options(.create, ImageEncoding(quality: quality)))
      let store = try kind.open(path)
      #expect(try store.files().allSatisfy { $0.starts(with: [0xFF, 0xD8, 0xFF]) })
      for (index, image) in picked.enumerated() {
        #expect(try store.format(at: index) == photographs.stored.formats[image])
        let (found, right) = (try store.pixels([index]), photographs.stored.pixels[image])
        let difference = zip(found, right).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference < right.count * (quality == 95 ? 6 : 25), "\(quality), image \(image)")
      }
      try store.verify()
      sizes.append(try store.files().reduce(0) { $0 + $1.count })
    }
    #expect(sizes[0] < sizes[1])
    // JPEG has neither alpha nor 16 bits.
    for format in [
      ImageFormat(height: 4, width: 4, channels: 4),
      ImageFormat(height: 4, width: 4, channels: 1, elementType: .uint16),
    ] {
      var model = ModelImages()
      model.append([UInt8](repeating: 9, count: format.byteCount), format: format)
      let path = photographs.folder.store(kind, "refused")
      let found = code {
        try kind.format.write(
          ModelStore(model), to: path, kind.options(.create, ImageEncoding(quality: 90)))
      }
      #expect(found == .unsupported)
      #expect(FileSystem.kind(of: path) == nil)
    }
    #expect(
      code {
        try kind.format.write(
          source, to: photographs.folder.store(kind, "101"),
          kind.options(.create, ImageEncoding(quality: 101)))
      } == .invalidArgument)
  }
}
#endif
