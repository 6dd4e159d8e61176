import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// One value per image, or the names of the classes: where they are, which is found when the file is opened.
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

extension ContentsReader {
  /// Where the values of a dataset are.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if they would take far more memory than the file
  ///   has bytes.
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
    case .compact where !dataset.areReferences:
      try takeElements()
      return .resident(
        try session.elements(of: session.openDataset(dataset.name, in: file), dataset, limit: 1 << 16))
    case .unwritten where !dataset.areReferences:
      let fill = try session.fillValue(of: session.openDataset(dataset.name, in: file))
      if let fill { try budget.take(dataset.count, times: fill.count, for: "its \(dataset.count) values") }
      return .repeated(fill ?? [])
    case .chunked(let extent, let filters?, _)
    where extent.dropFirst() == dataset.shape.dropFirst() && !extent.isEmpty:
      let object = try session.openDataset(dataset.name, in: file)
      try takeElements()
      try budget.take(filters.chunkByteCount, for: "a chunk of its values")
      guard
        let table = try session.chunkTable(object, dataset, extent: extent, in: library, budget)
      else { return .library }
      // Text of variable length that was never written is empty, for any fill value.
      let fill = dataset.areReferences ? nil : try session.fillValue(of: object)
      return .chunked(
        table, filters, fill: fill ?? [UInt8](repeating: 0, count: dataset.elementByteCount))
    case .compact, .unwritten, .chunked, .other:
      try takeElements()
      return .library
    }
  }
}

extension ContentsReader {
  /// The bytes of a dataset's elements, read while the file is open; nil if they are references.
  func bytes(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ values: StoredValues
  ) throws(StoreError) -> [UInt8]? {
    guard case .library = values.place else { return try values.bytes() }
    guard !values.dataset.areReferences else { return nil }
    return try session.elements(
      of: session.openDataset(values.dataset.name, in: file), values.dataset,
      limit: MemoryBudget.limit(fileByteCount: library.map.byteCount))
  }

  /// All values of a dataset, read while the file is open; nil if they are neither numbers nor text.
  func column(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ values: StoredValues
  ) throws(StoreError) -> Column? {
    let dataset = values.dataset
    if dataset.areReferences {
      guard case .text = dataset.elements else { return nil }
      var isLeftToLibrary =
        !GlobalHeap.isReadable(in: library) || dataset.elementByteCount != GlobalHeap.referenceByteCount
      if case .library = values.place { isLeftToLibrary = true }
      guard isLeftToLibrary else { return .string(try values.strings()) }
      return .string(
        try session.strings(
          of: session.openDataset(dataset.name, in: file), count: dataset.count,
          limit: MemoryBudget.limit(fileByteCount: library.map.byteCount)))
    }
    guard case .library = values.place else { return try values.column() }
    guard let bytes = try bytes(session, file, values) else { return nil }
    return try StoredValues(dataset: dataset, place: .resident(bytes), library: library).column()
  }
}

extension StoredValues {
  /// The values as integers.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for values that are not integers, or beyond 64 bits.
  func integers() throws(StoreError) -> [Int64] {
    let values = try unsafe withElements { (bytes) throws(StoreError) in
      unsafe dataset.type?.integers(bytes)
    }
    guard let values else {
      throw StoreError(
        .unsupported,
        "expected integers of at most 64 bits, found values of \(dataset.typeText)",
        key: dataset.name)
    }
    return values
  }

  /// The values as floating-point numbers.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for values that are not such numbers of 4 or 8 bytes.
  func doubles() throws(StoreError) -> [Double] {
    let values = try unsafe withElements { (bytes) throws(StoreError) in
      unsafe dataset.type?.doubles(bytes)
    }
    guard let values else {
      throw StoreError(
        .unsupported, "a column of \(dataset.type?.name ?? "") is not read",
        remedy: "columns can be integers, float32, float64 or strings", key: dataset.name)
    }
    return values
  }

  /// The values as text, read without the library unless it is in filters or in a header.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for values that are not text.
  func strings() throws(StoreError) -> [String] {
    do throws(StoreError) {
      guard case .text(let text) = dataset.elements else {
        throw StoreError(
          .unsupported, "the elements are neither strings nor numbers of a type this package reads")
      }
      if case .library = place { return try stringsOfLibrary() }
      switch text.form {
      case .fixed(let byteCount, let padding):
        if case .repeated(let fill) = place, fill.isEmpty {
          return [String](repeating: "", count: dataset.count)
        }
        return try unsafe withElements { (bytes) throws(StoreError) in
          unsafe StoredText.strings(bytes, byteCount, padding)
        }
      case .variable:
        guard var heap = GlobalHeap(library), dataset.elementByteCount == GlobalHeap.referenceByteCount else {
          return try stringsOfLibrary()
        }
        return try unsafe withElements { (bytes) throws(StoreError) in
          var strings: [String] = []
          strings.reserveCapacity(dataset.count)
          for start in stride(from: 0, to: bytes.count, by: GlobalHeap.referenceByteCount) {
            let reference = unsafe UnsafeRawBufferPointer(
              rebasing: bytes[start..<start + GlobalHeap.referenceByteCount])
            strings.append(try unsafe heap.string(reference))
          }
          return strings
        }
      }
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  private func stringsOfLibrary() throws(StoreError) -> [String] {
    try library.withFile { (session, file) throws(StoreError) in
      try session.strings(
        of: session.openDataset(dataset.name, in: file), count: dataset.count,
        limit: MemoryBudget.limit(fileByteCount: library.map.byteCount))
    }
  }

  /// The elements one after another as they are in the file.
  func bytes() throws(StoreError) -> [UInt8] {
    if case .mapped = place {
      return try unsafe withElements { (bytes) throws(StoreError) in unsafe [UInt8](bytes) }
    }
    return try elementsInMemory()
  }

  /// Passes on the elements one after another as they are in the file: from the map if they are in
  /// one place, else from memory.
  func withElements<Result>(
    _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if case .mapped(let offset) = place {
      guard
        let bytes = unsafe library.map.bytes(at: offset, count: dataset.count * dataset.elementByteCount)
      else { throw StoreError(.corrupt, "values are beyond the end of the file", key: dataset.name) }
      return try unsafe body(bytes)
    }
    let bytes = try elementsInMemory()
    return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in try unsafe body(bytes) }
  }

  private func elementsInMemory() throws(StoreError) -> [UInt8] {
    do throws(StoreError) {
      switch place {
      case .resident(let bytes): return bytes
      case .repeated(let fill):
        var bytes = [UInt8](repeating: 0, count: dataset.count * dataset.elementByteCount)
        if !fill.isEmpty { unsafe bytes.withUnsafeMutableBytes { unsafe $0.fill(with: fill) } }
        return bytes
      case .chunked(let table, let filters, let fill): return try decoded(table, filters, fill)
      case .library, .mapped:
        return try library.withFile { (session, file) throws(StoreError) in
          try session.elements(
            of: session.openDataset(dataset.name, in: file), dataset,
            limit: MemoryBudget.limit(fileByteCount: library.map.byteCount))
        }
      }
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  /// The elements of chunks that divide only the first dimension.
  private func decoded(
    _ table: ChunkTable, _ filters: FilterPipeline, _ fill: [UInt8]
  ) throws(StoreError) -> [UInt8] {
    var decoder = try ChunkDecoder(filters)
    var bytes: [UInt8] = []
    let byteCount = dataset.count * dataset.elementByteCount
    bytes.reserveCapacity(byteCount)
    for entry in table.entries {
      let needed = min(filters.chunkByteCount, byteCount - bytes.count)
      let elements: UnsafeRawPointer
      if entry.offset < 0 {
        unsafe elements = decoder.elements(filledWith: fill)
      } else {
        guard let stored = unsafe library.map.bytes(at: entry.offset, count: Int(entry.byteCount)) else {
          throw StoreError(.corrupt, "a chunk is beyond the end of the file")
        }
        unsafe elements = try decoder.elements(stored, mask: entry.filterMask, needed: needed)
      }
      unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: elements, count: needed))
    }
    return bytes
  }
}
