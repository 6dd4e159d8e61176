import Foundation
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreTesting
import Testing

/// Indexes of encoded images that say what is not so: one thing of a store is changed by a program
/// that is not ours.
///
/// Whatever they say, an image is read as it was written or refused by an error that names the
/// file, and, if one image is concerned, that image.
@Suite(.enabled(if: python != nil, "IMAGE_STORES_PYTHON names no Python with h5py and lmdb"))
struct LyingIndexTests {
  @Test func everyLieIsFound() throws {
    let (folder, pictures) = (try Folder(), try Pictures(6, seed: 20))
    var stores: [String] = []
    for kind in [Kind.hdf5, .npz, .lmdb] {
      stores.append(folder.store(kind))
      try kind.write(pictures.files, to: stores.last!)
    }
    let copies = folder.store(.file, "copies")
    try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/make_lying_indexes.py").path
    let lines = try runPython([script] + stores + [copies])
    #expect(lines.count > 150)
    for line in lines {
      let parts = line.split(separator: "\t").map(String.init)
      try check("\(copies)/\(parts[0])", parts[1].split(separator: " ").map(String.init), pictures)
    }
  }

  private func check(_ path: String, _ fate: [String], _ pictures: Pictures) throws {
    let name = URL(filePath: path).lastPathComponent
    let store: any ImageStore
    do throws(StoreError) {
      store = try StoreCatalog.open(at: path, threads: 2)
    } catch {
      #expect(["open", "found"].contains(fate[0]), "\(name): \(error)")
      expectNames(path, error)
      if fate[0] == "open" {
        #expect(error.image == Int(fate[1]), "\(name): \(error)")
      }
      return
    }
    #expect(fate[0] != "open", "\(name) is opened")
    let refused = fate[0] == "read" ? fate.dropFirst().map { Int($0)! } : []
    #expect(store.count == 6, "\(name)")
    for index in 0..<min(store.count, 6) {
      do throws(StoreError) {
        let batch = try store.read([index])
        #expect(!refused.contains(index), "\(name): image \(index) is read")
        #expect([UInt8](copying: batch.pixels) == pictures.model.pixels[index], "\(name): image \(index)")
        let part = try store.read(
          [index], regions: .same(ImageRegion(row: 0, column: 0, height: 1, width: 1)))
        #expect(
          [UInt8](copying: part.pixels).elementsEqual(
            pictures.model.pixels[index].prefix(pictures.model.formats[index].bytesPerPixel)), "\(name)")
      } catch {
        #expect(refused.contains(index), "\(name): \(error)")
        #expect(error.image == index, "\(name): \(error)")
        expectNames(path, error)
      }
    }
    do throws(StoreError) {
      try store.verify()
      #expect(fate[0] == "same", "\(name): verify finds nothing")
    } catch {
      #expect(fate[0] != "same", "\(name): \(error)")
      expectNames(path, error)
    }
  }

  private func expectNames(_ path: String, _ error: StoreError) {
    #expect(error.path?.hasPrefix(path) == true && !error.description.contains("\n"), "\(error)")
    #expect(
      [.corrupt, .unsupported, .limitExceeded, .unrecognized, .notFound].contains(error.code), "\(error)")
  }
}
