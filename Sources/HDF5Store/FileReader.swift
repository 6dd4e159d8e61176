import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// What a file holds.
struct FileParts: Sendable {
  var source: PixelSource
  var count: Int
  var format: ImageFormat?
  var annotations = AnnotationTable()
}

/// Asks an open file what is needed to read it without the library.
struct FileReader {
  let library: LibraryFile
  let budget: MemoryBudget

  init(_ library: LibraryFile) {
    self.library = library
    budget = MemoryBudget(fileByteCount: library.map.byteCount)
  }

  var file: MappedFile { library.map }

  func read(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, images: String?, labels: String?
  ) throws(StoreError) -> FileParts {
    let name: String
    if let images {
      name = images
    } else {
      name = try session.imagesName(in: handle, fileByteCount: file.byteCount)
    }
    guard let object = try session.open(name, in: handle) else {
      throw StoreError(
        .notFound, "there is no dataset or group of this name",
        remedy: try "the file has \(session.names(in: handle, fileByteCount: file.byteCount))", key: name)
    }
    var annotations = AnnotationTable()
    var parts: FileParts
    if session.isGroup(object) {
      let table = try imageTable(session, object, name: name)
      let source = PixelSource.each(table)
      parts = FileParts(source: source, count: table.count, format: table.uniformFormat)
      let found = try self.labels(
        session, handle, given: labels, images: name, isCount: { $0.count == table.count })
      annotations.labels = try values(session, handle, found)
    } else {
      let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
      let mayBeSingle = dataset.shape.count == 3
      let isCalledImage = name.split(separator: "/").last == "image"
      let found = try self.labels(
        session, handle, given: labels, images: name,
        isCount: { label in
          label.count == dataset.shape.first ?? 0 || mayBeSingle && label.count == 1
            || dataset.shape.count == 2 && label.count == 1
        })
      annotations.labels = try values(session, handle, found)
      let isSingle = mayBeSingle && (isCalledImage || found?.shape == [])
      let shape = try ImageShape(dataset, isSingle: isSingle)
      parts = FileParts(
        source: try source(session, object, dataset, shape), count: shape.count, format: shape.format)
    }
    if let labels = annotations.labels?.dataset, labels.count != parts.count {
      throw StoreError(
        .corrupt, "\(labels.count) labels (\(labels.shapeText)) for \(parts.count) images",
        key: labels.name)
    }
    annotations.columns = try columns(session, handle)
    if name == "images" || name == "/images" { try readChecksums(session, handle, into: &annotations) }
    try findClassNames(session, handle, in: &annotations)
    parts.annotations = annotations
    return parts
  }

  /// Where the pixels of a dataset are.
  func source(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ shape: ImageShape
  ) throws(StoreError) -> PixelSource {
    guard let type = dataset.type else { throw StoreError(.unsupported, "samples that are no numbers") }
    let (declared, overflow) = shape.count.multipliedReportingOverflow(by: shape.format.byteCount)
    // Deflate makes a byte of 1032 at most; a sparse dataset may say any size and have next to nothing.
    guard !overflow,
      declared <= max(1 << 40, file.byteCount.multipliedReportingOverflow(by: 1100).partialValue)
    else {
      throw StoreError(
        .limitExceeded, "\(dataset.shapeText) samples in a file of \(file.byteCount) bytes", key: dataset.name
      )
    }
    switch dataset.layout {
    case .contiguous(let offset): return .mapped(offset: offset, type)
    case .unwritten:
      try budget.take(shape.format.byteCount, for: "an image that was never written")
      let memory = try PixelMemory(capacity: shape.format.byteCount)
      let element = try session.fillValue(of: object, elementByteCount: type.byteCount)
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(shape.format.byteCount) { (bytes) throws(StoreError) in
          unsafe bytes.fill(with: element)
          unsafe type.makeNative(bytes)
          try unsafe type.checkSamples(bytes)
        }
      }
      return .constant(memory)
    case .compact:
      // A header has 64 KiB at most.
      let bytes = try session.elements(of: object, dataset, limit: 1 << 16)
      try budget.take(bytes.count, for: "an image in its header")
      let memory = try PixelMemory(capacity: bytes.count)
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(bytes.count) { (target) throws(StoreError) in
          unsafe target.copyBytes(from: bytes)
          unsafe type.makeNative(target)
          try unsafe type.checkSamples(target)
        }
      }
      return .resident(memory)
    case .other: throw StoreError(.unsupported, "samples that are no numbers", key: dataset.name)
    case .chunked(let extent, let filters):
      return try chunked(session, object, dataset, shape, extent: extent, filters: filters, type)
    }
  }

  private func chunked(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ shape: ImageShape, extent: [Int], filters: FilterPipeline?, _ type: StoredType
  ) throws(StoreError) -> PixelSource {
    let chunkByteCount = extent.reduce(type.byteCount, *)
    // Of what is only deflated a part can be had; of anything else a whole chunk is in memory.
    let most = filters?.isOnlyDeflate == true ? 1 << 30 : MemoryBudget.limit(fileByteCount: file.byteCount)
    guard chunkByteCount <= min(1 << 30, most) else {
      throw StoreError(
        .limitExceeded, "chunks of \(extent) samples in a file of \(file.byteCount) bytes", key: dataset.name)
    }
    if let filters,
      let table = try session.chunkTable(object, dataset, extent: extent, in: library, budget)
    {
      let fill = try session.fillValue(of: object, elementByteCount: type.byteCount)
      return .chunked(
        ChunkedPixels(
          file: file, table: table, pipeline: filters, format: shape.format, count: shape.count,
          extent: shape.padded(extent), grid: shape.padded(table.grid), fill: fill), type)
    }
    return .library(libraryPixels(dataset, shape, extent: shape.padded(extent)), type)
  }

  /// What the library needs to read images of a dataset.
  private func libraryPixels(_ dataset: DatasetDescription, _ shape: ImageShape, extent: [Int])
    -> LibraryPixels
  {
    var cached = shape.format.elementType.byteCount * extent[0]
    for dimension in 1...3 {
      let chunks = (shape.extents[dimension] + extent[dimension] - 1) / extent[dimension]
      let (product, overflow) = cached.multipliedReportingOverflow(by: chunks * extent[dimension])
      cached = overflow ? 1 << 28 : product
    }
    return LibraryPixels(
      file: library, name: dataset.name, shape: shape, cacheByteCount: min(cached, 1 << 28))
  }
}
