import Foundation
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreTesting
import JPEGCodec
import Testing

/// JPEGs in stores: decoded with the trait, and without it refused by an error that names it.
struct JPEGStoreTests {
  /// The head of a JPEG, which is enough to know it for one.
  private static let head: [UInt8] =
    [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]

  @Test func namesOfAnyCaseAreImages() throws {
    let folder = try WorkFolder()
    for (index, suffix) in ["jpg", "JPG", "jpeg", "JPEG", "jpe", "Jpg"].enumerated() {
      try folder.write(Self.head, to: "\(index).\(suffix)")
    }
    let found: Result<any ImageStore, StoreError>
    do throws(StoreError) {
      found = .success(try StoreCatalog.open(at: folder.path))
    } catch {
      found = .failure(error)
    }
    #if JPEG
    // Seen, and damaged.
    let store = try found.get()
    #expect(store.count == 6)
    #expect(throws: StoreError.self) { _ = try store.format(at: 5) }
    #else
    let error = #expect(throws: StoreError.self) { _ = try found.get() }
    expectTrait(error)
    #expect(error?.path?.hasSuffix("0.jpg") == true)
    #endif
  }

  private func expectTrait(_ error: StoreError?) {
    #expect(error?.code == .missingTrait)
    #expect(
      error?.description.hasSuffix(
        "this build cannot read JPEGs; build with the trait JPEG (traits: [\"JPEG\"], or `swift run --traits JPEG`)"
      ) == true,
      "\(error!)")
  }

  /// Files by PIL in a folder, an LMDB database, an HDF5 file and an archive: among them a PNG that
  /// is called `.JPEG`.
  private static let script = """
    import io, pathlib, sys, zipfile
    import h5py, lmdb
    import numpy as np
    from PIL import Image
    out = pathlib.Path(sys.argv[1])
    exif = Image.Exif()
    exif[0x0112] = 6
    files = []
    for i in range(5):
        y, x = np.mgrid[:30 + i, :40]
        image = Image.fromarray(np.stack([x * 5, y * 6, x + y + 9 * i], -1).astype("u1"))
        if i == 3: image = image.convert("L")
        file = io.BytesIO()
        if i == 4: image.save(file, "PNG")
        elif i == 1: image.save(file, "JPEG", exif=exif)
        else: image.save(file, "JPEG", progressive=i == 2)
        files.append(file.getvalue())
        image = Image.open(io.BytesIO(file.getvalue()))
        (out / f"{i}.raw").write_bytes(np.asarray(image).tobytes())
        if i == 1: (out / "upright.raw").write_bytes(np.asarray(image.transpose(Image.Transpose.ROTATE_270)).tobytes())
    (out / "folder").mkdir()
    with lmdb.open(str(out / "a.lmdb"), map_size=1 << 24) as env, env.begin(write=True) as t:
        for i, file in enumerate(files): t.put(f"{i:08}".encode(), file)
    with h5py.File(out / "a.h5", "w") as f:
        d = f.create_dataset("images", (5,), dtype=h5py.vlen_dtype(np.uint8))
        for i, file in enumerate(files): d[i] = np.frombuffer(file, "u1")
    with zipfile.ZipFile(out / "a.npz", "w") as z:
        for i, file in enumerate(files): z.writestr(f"ix-{i:06}.{'png' if i == 4 else 'jpg'}", file)
    for i, file in enumerate(files): (out / "folder" / f"{i}.JPEG").write_bytes(file)
    """

  @Test(
    .enabled(if: python != nil, "IMAGE_STORES_PYTHON names no Python with Pillow, lmdb and h5py"),
    arguments: ["folder", "a.lmdb", "a.h5", "a.npz"])
  func everyStoreOfEncodedImages(_ name: String) throws {
    let folder = try WorkFolder()
    try runPython(["-c", Self.script, folder.path])
    var description = StoreDescription()
    #if JPEG
    let store = try StoreCatalog.open(at: "\(folder.path)/\(name)", description, threads: 2)
    #expect(store.count == 5)
    for index in 0..<5 {
      let format = ImageFormat(height: 30 + index, width: 40, channels: index == 3 ? 1 : 3)
      #expect(try store.format(at: index) == format)
      let pixels = try folder.bytes(of: "\(index).raw")
      #expect([UInt8](copying: try store.read([index]).pixels) == pixels)
      let region = ImageRegion(row: 3, column: 17, height: 20, width: 13)
      let part = try store.read([index], regions: .same(region))
      #expect([UInt8](copying: part.pixels) == cropped(pixels, format, region))
    }
    try store.verify { _ in }
    description.orientation = .upright
    let upright = try StoreCatalog.open(at: "\(folder.path)/\(name)", description, threads: 2)
    #expect(try upright.format(at: 1) == ImageFormat(height: 40, width: 31, channels: 3))
    #expect([UInt8](copying: try upright.read([1]).pixels) == (try folder.bytes(of: "upright.raw")))
    // No image has a palette.
    description.palette = .indices
    let error = #expect(throws: StoreError.self) {
      _ = try StoreCatalog.open(at: "\(folder.path)/\(name)", description)
    }
    #expect(error?.code == .unusedOption && error?.message.contains("palette") == true)
    #else
    expectTrait(
      #expect(throws: StoreError.self) { _ = try StoreCatalog.open(at: "\(folder.path)/\(name)") })
    description.orientation = .upright
    expectTrait(
      #expect(throws: StoreError.self) {
        _ = try StoreCatalog.open(at: "\(folder.path)/\(name)", description)
      })
    #endif
  }

  /// The option for the orientation applies only to JPEGs.
  @Test func orientationWithoutJPEGsIsAnError() throws {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures").path
    var description = StoreDescription()
    description.orientation = .upright
    for name in ["files/classes", "hdf5/found/png-rows.h5"] {
      let error = #expect(throws: StoreError.self) {
        _ = try StoreCatalog.open(at: "\(fixtures)/\(name)", description)
      }
      #expect(error?.code == .unusedOption && error?.message.contains("JPEG") == true, "\(name): \(error!)")
    }
  }
}
