import CImageStoreHDF5
import ImageStoreCodecs
import ImageStoreCore
import ImageStoreSupport

/// Reads the information from an open file that is needed to read it without the library.
struct ContentsReader {
  let library: LibraryFile
  let budget: MemoryBudget

  init(_ library: LibraryFile) {
    self.library = library
    budget = MemoryBudget(fileByteCount: library.map.byteCount)
  }

  var file: MappedFile { library.map }

  /// Reads the contents of a file by its description.
  ///
  /// - Parameter images: the images, if they are known; otherwise they are looked for.
  func read(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ description: StoreDescription,
    images: FoundImages? = nil
  ) throws(StoreError) -> HDF5Contents {
    guard description.bitOrder == nil || description.axis != nil else {
      throw .unusedOption("bit-order", "it applies to packed bits, which need --axis")
    }
    if images == nil, let own = try own(session, handle, description) {
      var isEncoded = false
      if case .encoded = own.images { isEncoded = true }
      try refuse(
        isEncoded ? [.palette] : [.palette, .orientation], of: description, "this package wrote the images")
      return own
    }
    let found: FoundImages
    if let images {
      found = images
    } else if let name = description.images {
      found = try self.images(session, handle, named: name)
    } else {
      try refuseModel(session, handle)
      found = try self.images(session, handle)
    }
    var contents: HDF5Contents
    let name: String
    switch found {
    case .object(let object):
      name = object
      contents = try self.object(session, handle, object, description)
    case .members(let members):
      name = members.name
      contents = try self.members(session, handle, members, description)
    }
    try checkUse(of: description, in: &contents)
    try findClassNames(session, handle, in: &contents)
    try findColumns(session, handle, images: name, description, in: &contents)
    return contents
  }

  /// Refuses the weights of a model, whose kernels have shapes as images have.
  private func refuseModel(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) {
    let attributes = try session.attributeNames(of: session.rootGroup(of: handle))
    guard attributes.contains("keras_version") || attributes.contains("layer_names"),
      try session.open(DatasetNames.images, in: handle) == nil
    else { return }
    throw StoreError(
      .unrecognized, "this is a Keras model, not images",
      remedy: try "if it has images after all, name them with --images; the file has "
        + session.names(in: handle, fileByteCount: file.byteCount))
  }

  /// Notes that images have palettes, and refuses options for encoded images that apply to none.
  private func checkUse(
    of description: StoreDescription, in contents: inout HDF5Contents
  ) throws(StoreError) {
    guard case .encoded(let images) = contents.images else {
      return try ImageCodecs.checkUse(of: description) { _ in false }
    }
    try ImageCodecs.checkUse(of: description) { images.haveUse(for: $0) }
    if description.palette == nil, images.haveUse(for: .palette) { contents.notes.append(.expandedPalettes) }
  }

  /// The contents of a file of this package, by their names; nil if another program wrote the file,
  /// or other images are asked for.
  private func own(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ description: StoreDescription
  ) throws(StoreError) -> HDF5Contents? {
    let hasPixels = try session.open(DatasetNames.images, in: handle) != nil
    let name = hasPixels ? DatasetNames.images : DatasetNames.encoded
    guard [nil, name, "/\(name)"].contains(description.images),
      let object = try session.open(name, in: handle)
    else { return nil }
    var records = HDF5Records()
    try readChecksums(session, handle, into: &records)
    guard try isOwn(session, handle, hasChecksums: records.checksums != nil) else { return nil }
    records.isOwn = true
    var contents: HDF5Contents
    if session.isGroup(object) {
      let members = try series(session, object, name: name, isOwn: true)
      contents = try self.members(session, members, handle, StoreDescription(), isOwn: true)
      contents.records = records
      if let format = contents.format { try description.check(format) }
      if let option = [.dimensions, .axis].first(where: description.options.contains) {
        throw .unusedOption(option.rawValue, "this package wrote the images")
      }
    } else if !hasPixels {
      guard let found = try ownEncoded(session, handle, object, description, into: &records) else {
        return nil
      }
      contents = found
      contents.records = records
      if let format = contents.format { try description.check(format) }
      if let option = [.dimensions, .axis].first(where: description.options.contains) {
        throw .unusedOption(option.rawValue, "this package wrote the images")
      }
    } else {
      let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
      contents = try arranged(session, object, dataset, .ours, description)
      contents.records = records
    }
    switch description.labels {
    case nil:
      if let labels = try known(session, handle, DatasetNames.labels), labels.isIntegers {
        contents.records.labels = try values(session, handle, labels)
      }
    case .named(let labels):
      contents.take(
        try named(session, handle, labels, count: contents.count), from: labels)
    case StoreDescription.Labels.none?, .file?: break
    }
    if let labels = contents.records.labels?.dataset, labels.count != contents.count {
      throw StoreError(
        .corrupt, "\(labels.count) labels (\(labels.shapeText)) for \(contents.count) images",
        key: labels.name)
    }
    contents.records.columns = try ownColumns(session, handle)
    try findClassNames(session, handle, in: &contents)
    return contents
  }

  /// Where the pixels of a dataset are.
  func images(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ shape: DatasetShape
  ) throws(StoreError) -> HDF5Images {
    guard let type = dataset.type else {
      throw StoreError(.unsupported, "samples of \(dataset.typeText) are not read", key: dataset.name)
    }
    let (declared, overflow) = shape.count.multipliedReportingOverflow(by: shape.format.byteCount)
    // Deflate reduces at most 1032 bytes to one; a sparse dataset may state any size and have
    // almost nothing.
    guard !overflow,
      declared <= max(1 << 40, file.byteCount.multipliedReportingOverflow(by: 1100).partialValue)
    else {
      throw StoreError(
        .limitExceeded,
        "the dataset says it has \(dataset.shapeText) samples, far more than a file of \(file.byteCount) bytes can hold",
        key: dataset.name
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
          try unsafe type.checkSamples(UnsafeRawBufferPointer(bytes))
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
          try unsafe type.checkSamples(UnsafeRawBufferPointer(target))
        }
      }
      return .resident(memory)
    case .other:
      throw StoreError(.unsupported, "samples of \(dataset.typeText) are not read", key: dataset.name)
    case .chunked(let extent, let filters, let hasFletcher32):
      guard let pixels = try chunked(session, object, dataset, shape, extent: extent, filters, type) else {
        if filters?.filters.contains(.lzf) == true, H5Zfilter_avail(HDF5Session.lzf) <= 0 {
          throw StoreError(
            .unsupported,
            "the chunks use the filter lzf with an index that only libhdf5 reads, and this libhdf5 does not have the filter",
            remedy: HDF5Session.filterRemedy, key: dataset.name)
        }
        return .library(
          libraryPixels(dataset, shape, extent: shape.padded(extent), hasFletcher32: hasFletcher32), type)
      }
      return .chunked(pixels, type)
    }
  }

  /// Images in chunks, or nil if they are left to the library.
  private func chunked(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ shape: DatasetShape, extent: [Int], _ filters: FilterPipeline?, _ type: StoredType
  ) throws(StoreError) -> ChunkedPixels? {
    let chunkByteCount = extent.reduce(type.byteCount, *)
    // Chunks that are only deflated can be decoded in part; of others, a whole chunk is in memory.
    let most = filters?.isOnlyDeflate == true ? 1 << 30 : MemoryBudget.limit(fileByteCount: file.byteCount)
    guard chunkByteCount <= min(1 << 30, most) else {
      throw StoreError(
        .limitExceeded, "chunks of \(extent) samples are too large for a file of \(file.byteCount) bytes",
        key: dataset.name)
    }
    guard let filters,
      let table = try session.chunkTable(object, dataset, extent: extent, in: library, budget)
    else { return nil }
    let fill = try session.fillValue(of: object, elementByteCount: type.byteCount)
    return ChunkedPixels(
      file: file, table: table, pipeline: filters, format: shape.format, count: shape.count,
      extent: shape.padded(extent), grid: shape.padded(table.grid), fill: fill)
  }

  /// The information that the library needs to read images of a dataset.
  private func libraryPixels(
    _ dataset: DatasetDescription, _ shape: DatasetShape, extent: [Int], hasFletcher32: Bool
  ) -> LibraryPixels {
    var cached = shape.format.elementType.byteCount * extent[0]
    for dimension in 1...3 {
      let chunks = (shape.extents[dimension] + extent[dimension] - 1) / extent[dimension]
      let (product, overflow) = cached.multipliedReportingOverflow(by: chunks * extent[dimension])
      cached = overflow ? 1 << 28 : product
    }
    return LibraryPixels(
      file: library, name: dataset.name, shape: shape, cacheByteCount: min(cached, 1 << 28),
      hasFletcher32: hasFletcher32)
  }
}

/// The memory that reading a file may take in addition to its map: a multiple of the file's size,
/// since what a few bytes say (an extent, a fill value, a hundred names for one dataset) may be
/// anything.
final class MemoryBudget {
  private var left: Int
  private let fileByteCount: Int

  init(fileByteCount: Int) {
    self.fileByteCount = fileByteCount
    left = Self.limit(fileByteCount: fileByteCount)
  }

  /// 64 MiB and sixteen times the file. Text of one byte takes a string of sixteen; deflate makes
  /// up to 1032 bytes of one, but labels that repeat so take little beside the images they belong
  /// to.
  static func limit(fileByteCount: Int) -> Int {
    let (product, overflow) = fileByteCount.multipliedReportingOverflow(by: 16)
    let (sum, another) = product.addingReportingOverflow(64 << 20)
    return overflow || another ? .max : sum
  }

  /// Takes a part of what is left.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded``.
  func take(_ count: Int, times size: Int = 1, for what: @autoclosure () -> String) throws(StoreError) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, byteCount <= left else {
      throw StoreError(
        .limitExceeded,
        "\(what()) \(overflow ? "would take more memory than there can be" : "would take \(byteCount) bytes") "
          + "in a file of \(fileByteCount)",
        remedy: "if you trust the file, write it again without compression and with all values")
    }
    left -= byteCount
  }
}
