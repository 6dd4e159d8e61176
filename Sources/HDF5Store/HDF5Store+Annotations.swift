import ImageStoreCore

extension HDF5Store {
  /// One integer an image.
  func readIntegers(_ values: StoredValues) throws(StoreError) -> [Int64] {
    do throws(StoreError) {
      try checkCount(values)
      return try values.integers()
    } catch {
      throw error.at(path: path)
    }
  }

  func readColumn(_ values: StoredValues) throws(StoreError) -> Column {
    do throws(StoreError) {
      try checkCount(values)
      return switch values.dataset.type?.kind {
      case nil: .string(try values.strings())
      case .float: .double(try values.doubles())
      default: .int64(try values.integers())
      }
    } catch {
      throw error.at(path: path)
    }
  }

  private func checkCount(_ values: StoredValues) throws(StoreError) {
    let found = values.dataset.count
    guard found == count else {
      throw StoreError(.corrupt, "\(found) values for \(count) images", key: values.dataset.name)
    }
  }
}
