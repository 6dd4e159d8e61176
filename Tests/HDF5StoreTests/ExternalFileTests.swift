import Foundation
import HDF5Store
import ImageStoreCore
import ImageStoreCorpora
import Testing

/// Files of the HDF Group, h5py and h5wasm, most of which hold no images.
@Suite(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
struct ExternalFileTests {
  static func files() throws -> [String] {
    let root = URL(filePath: try #require(Corpora.folder))
    return try ["hdf5-1.10.8-testfiles", "h5py-data", "h5wasm-data"].flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        .map { root.appending(path: "\(folder)/\($0)").path }
        .filter { ["h5", "hdf5"].contains(URL(filePath: $0).pathExtension) }
    }
  }

  /// The names in the root of a file, as the message says them that refuses it.
  private static func names(_ error: StoreError) -> [String] {
    guard let list = error.remedy?.components(separatedBy: "the file has ").last else { return [] }
    // A dataset is named with its shape, a group with how much is in it.
    return list.replacing(#/ \([^)]*\)/#, with: "").replacing(#/\/ of \d+/#, with: "")
      .components(separatedBy: ", ").filter { $0 != "..." && $0 != "nothing" }
  }

  @Test func eachIsReadOrRefused() async {
    await #expect(processExitsWith: .success) {
      var read = 0
      for path in try ExternalFileTests.files() {
        var names: [String?] = [nil]
        while let name = names.popLast() {
          do throws(StoreError) {
            let store = try HDF5Store(at: path, images: name)
            read += 1
            let images = min(store.count, 20)
            try store.forEachImage(0..<images) { (_, format, pixels) throws(StoreError) in
              precondition(pixels.byteCount == format.byteCount)
            }
          } catch {
            precondition(error.path != nil && !error.description.contains("\n"), "\(path): \(error)")
            if name == nil { names += ExternalFileTests.names(error) }
          }
        }
      }
      precondition(read > 100, "only \(read) datasets are read")
    }
  }
}
