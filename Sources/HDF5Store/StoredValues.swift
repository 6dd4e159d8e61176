import ImageStoreCore
import ImageStoreSupport

/// One value an image, or the names of the classes: where they are, which is found when the file is opened.
struct StoredValues: Sendable {
  enum Place: Sendable {
    /// One after another in the file.
    case mapped(offset: Int)
    /// In memory, as they were in the dataset's header.
    case resident([UInt8])
    /// Nowhere: every value is this one, or zeros if it has no bytes.
    case repeated([UInt8])
    /// In chunks, one after another; `fill` is for those that were never written.
    case chunked(ChunkTable, FilterPipeline, fill: [UInt8])
    /// Left to the library.
    case library
  }

  let dataset: DatasetDescription
  let place: Place
  let library: LibraryFile
}

extension FileReader {
  /// Where the values of a dataset are.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if they would take memory out of proportion to the file.
  func values(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ dataset: DatasetDescription?
  ) throws(StoreError) -> StoredValues? {
    guard let dataset else { return nil }
    do throws(StoreError) {
      // In memory a number takes 8 bytes and a string 16.
      try budget.take(
        dataset.count, times: dataset.type == nil ? 16 : 8, for: "its \(dataset.count) values")
      return StoredValues(dataset: dataset, place: try place(session, file, dataset), library: library)
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  private func place(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ dataset: DatasetDescription
  ) throws(StoreError) -> StoredValues.Place {
    func takeElements() throws(StoreError) {
      try budget.take(dataset.count, times: dataset.elementByteCount, for: "its \(dataset.count) values")
    }
    switch dataset.layout {
    case .contiguous(let offset): return .mapped(offset: offset)
    case .compact where !dataset.isVariableText:
      try takeElements()
      return .resident(
        try session.elements(of: session.openDataset(dataset.name, in: file), dataset, limit: 1 << 16))
    case .unwritten where !dataset.isVariableText:
      let fill = try session.fillValue(of: session.openDataset(dataset.name, in: file))
      if let fill { try budget.take(dataset.count, times: fill.count, for: "its \(dataset.count) values") }
      return .repeated(fill ?? [])
    case .chunked(let extent, let filters?)
    where extent.dropFirst() == dataset.shape.dropFirst() && !extent.isEmpty:
      let object = try session.openDataset(dataset.name, in: file)
      try takeElements()
      try budget.take(filters.chunkByteCount, for: "a chunk of its values")
      guard
        let table = try session.chunkTable(object, dataset, extent: extent, in: library, budget)
      else { return .library }
      // Text of variable length that was never written is none, whatever the fill value.
      let fill = dataset.isVariableText ? nil : try session.fillValue(of: object)
      return .chunked(
        table, filters, fill: fill ?? [UInt8](repeating: 0, count: dataset.elementByteCount))
    case .compact, .unwritten, .chunked, .other:
      try takeElements()
      return .library
    }
  }
}
