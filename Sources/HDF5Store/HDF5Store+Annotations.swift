import CHDF5
import ImageStoreCore
import StoreIO

extension HDF5Store {
  /// One integer an image.
  func readIntegers(_ dataset: DatasetDescription) throws(StoreError) -> [Int64] {
    let name = dataset.type?.name ?? "a type that is no number"
    let values = try unsafe withElements(dataset) { unsafe dataset.type?.integers($0) }
    guard let values else {
      throw StoreError(
        .unsupported, "values of \(name), or beyond 64 bits, where there should be integers",
        path: path, key: dataset.name)
    }
    try checkCount(values.count, dataset)
    return values
  }

  func readColumn(_ dataset: DatasetDescription) throws(StoreError) -> Column {
    let column: Column
    switch dataset.type?.kind {
    case nil: column = .string(try readStrings(dataset))
    case .float:
      guard let values = try unsafe withElements(dataset, { unsafe dataset.type?.doubles($0) }) else {
        throw StoreError(
          .unsupported, "a column of \(dataset.type?.name ?? "")",
          remedy: "columns are integers, float32, float64 or strings", path: path, key: dataset.name)
      }
      column = .double(values)
    default: column = .int64(try readIntegers(dataset))
    }
    try checkCount(column.count, dataset)
    return column
  }

  private func checkCount(_ found: Int, _ dataset: DatasetDescription) throws(StoreError) {
    guard found == count else {
      throw StoreError(.corrupt, "\(found) values for \(count) images", path: path, key: dataset.name)
    }
  }

  /// The elements of a dataset of numbers as they stand in the file: lent by the map where they are
  /// contiguous, else read by the library.
  func withElements<Result>(
    _ dataset: DatasetDescription, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(StoreError) -> Result {
    if case .contiguous(let offset) = dataset.layout, let type = dataset.type {
      guard let bytes = unsafe file.bytes(at: offset, count: dataset.count * type.byteCount) else {
        throw StoreError(.corrupt, "values beyond the end of the file", path: path, key: dataset.name)
      }
      return unsafe body(bytes)
    }
    // One value an image, and images are no more than the file has bytes or one was checked to be.
    guard dataset.count == count || dataset.count <= 1 << 24 else {
      throw StoreError(.corrupt, "\(dataset.count) values for \(count) images", path: path, key: dataset.name)
    }
    let bytes = try libraryFile.withFile { (session, file) throws(StoreError) in
      let handle = try session.openDataset(dataset.name, in: file)
      return try session.elements(of: handle, dataset, limit: 1 << 33)
    }
    return unsafe bytes.withUnsafeBytes { unsafe body($0) }
  }

  private func readStrings(_ dataset: DatasetDescription) throws(StoreError) -> [String] {
    try checkCount(dataset.count, dataset)
    do throws(StoreError) {
      return try libraryFile.withFile { (session, file) throws(StoreError) in
        let handle = try session.openDataset(dataset.name, in: file)
        return try session.strings(of: handle, count: dataset.count)
      }
    } catch {
      throw error.at(path: path, key: dataset.name)
    }
  }
}
