import CImageStoreHDF5
import Foundation
import ImageStoreCore
import ImageStoreSupport
import Testing

@testable import HDF5Store

/// Small files that say much: what they take of memory is bounded by what they have.
@Suite struct ProportionTests {
  /// The code of the error that opening a file and reading all its values ends with.
  private func outcome(_ path: String) -> StoreError.Code? {
    do throws(StoreError) {
      let store = try HDF5Store(at: path)
      _ = try store.labels()
      for name in store.columnNames { _ = try store.column(name) }
      return nil
    } catch {
      return error.code
    }
  }

  @Test func valuesThatWereNeverWritten() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/never.h5"
    let count = 300_000_000
    for name in ["labels", "columns/a"] {
      try LibraryFiles.create(path) { _, file in
        H5Dclose(LibraryFiles.dataset("images", file, CHDF5_uint8(), shape: [count, 1, 1]))
        let group = unsafe H5Gcreate2(file, "columns", CHDF5_default(), CHDF5_default(), CHDF5_default())
        H5Dclose(LibraryFiles.dataset(name, file, CHDF5_int64(), shape: [count]))
        H5Gclose(group)
      }
      // Labels and columns that are not read are noted, and do not keep images from being read.
      #expect(outcome(path) == nil)
      let store = try HDF5Store(at: path)
      #expect(store.columnNames.isEmpty && store.notes.contains { $0.text.contains("300000000") })
    }
    // Few of them are zeros.
    try LibraryFiles.create(path) { _, file in
      H5Dclose(LibraryFiles.dataset("images", file, CHDF5_uint8(), shape: [3, 1, 1]))
      H5Dclose(LibraryFiles.dataset("labels", file, CHDF5_int64(), shape: [3]))
    }
    #expect(try HDF5Store(at: path).labels() == [0, 0, 0])
  }

  @Test func longTextThatWasNeverWritten() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/text.h5"
    try LibraryFiles.create(path) { session, file in
      LibraryFiles.plain(file)
      let group = unsafe H5Gcreate2(file, "columns", CHDF5_default(), CHDF5_default(), CHDF5_default())
      H5Gclose(group)
      let text = StoredText(form: .fixed(byteCount: 200 << 20, .zeros), isASCII: false)
      let type = try session.type(of: text)
      H5Dclose(LibraryFiles.dataset("columns/name", file, type.id, shape: [3]))
      H5Dclose(LibraryFiles.dataset("class_names", file, type.id, shape: [12]))
      // A chunk is in memory at once.
      H5Dclose(LibraryFiles.dataset("columns/chunked", file, type.id, shape: [3], chunk: [1]))
    }
    #expect(outcome(path) == nil)
    #expect(try HDF5Store(at: path).notes.contains { $0.text.contains("columns/chunked") })
    try LibraryFiles.edit(path) { _, file in
      #expect(unsafe H5Ldelete(file, "columns/chunked", CHDF5_default()) >= 0)
    }
    let store = try HDF5Store(at: path)
    #expect(store.classNames == [String](repeating: "", count: 12))
    #expect(try store.column("name") == .string(["", "", ""]))
  }

  @Test func oneDatasetUnderManyNames() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/links.h5"
    let count = 100_000
    try LibraryFiles.create(path) { _, file in
      let images = LibraryFiles.dataset("images", file, CHDF5_uint8(), shape: [count, 1, 1])
      H5Dclose(images)
      let group = unsafe H5Gcreate2(file, "columns", CHDF5_default(), CHDF5_default(), CHDF5_default())
      let column = LibraryFiles.dataset("a", group, CHDF5_uint8(), shape: [count])
      LibraryFiles.write([UInt8](repeating: 1, count: count), column, CHDF5_uint8())
      H5Dclose(column)
      for number in 0..<300 {
        #expect(
          unsafe H5Lcreate_hard(group, "a", group, "a\(number)", CHDF5_default(), CHDF5_default()) >= 0)
      }
      H5Gclose(group)
    }
    // Those that are more than the file has room for are named.
    #expect(outcome(path) == nil)
    let store = try HDF5Store(at: path)
    #expect(
      (1..<200).contains(store.columnNames.count) && store.notes.contains { $0.text.contains("columns/a") })
  }

  @Test func paddingIsCutOff() {
    func trimmed(_ bytes: [UInt8], _ padding: StoredText.Padding) -> [UInt8] {
      unsafe bytes.withUnsafeBytes { unsafe Array(StoredText.trimmed($0, padding)) }
    }
    for length in 0..<20 {
      for zeros in 0..<20 {
        let text = [UInt8](repeating: 7, count: length)
        #expect(trimmed(text + [UInt8](repeating: 0, count: zeros), .zeros) == text)
        #expect(trimmed(text + [UInt8](repeating: 0x20, count: zeros), .spaces) == text)
        #expect(trimmed(text + [UInt8](repeating: 0, count: zeros), .spaces).count == length + zeros)
      }
    }
    #expect(trimmed([1, 0, 2, 0], .zeros) == [1, 0, 2])
    #expect(trimmed([1, 0, 2, 0], .terminated) == [1])
    #expect(trimmed([1, 2], .terminated) == [1, 2])
  }
}
