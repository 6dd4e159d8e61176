import CImageStoreHDF5
import ImageStoreCore
import ImageStorePlatform

extension HDF5Session {
  /// Reads a dataset's header and checks it against the size of the file.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for virtual datasets and those with their elements in other
  ///   files; ``StoreError/Code/corrupt`` if elements would be beyond the end of the file.
  func describe(
    _ dataset: borrowing HDF5Handle, name: String, fileByteCount: Int
  ) throws(StoreError) -> DatasetDescription {
    do throws(StoreError) {
      let (shape, isFixedButFirst) = try shape(of: dataset)
      let type = try handle(H5Dget_type(dataset.id), "reading its type")
      let elements = try elements(type)
      var elementByteCount = H5Tget_size(type.id)
      if elements.areReferences { elementByteCount = try referenceByteCount(of: dataset) }
      let byteCount = try byteCount(of: shape, elementByteCount: elementByteCount)
      func description(_ layout: DatasetDescription.Layout) -> DatasetDescription {
        DatasetDescription(
          name: name, shape: shape, isFixedButFirst: isFixedButFirst, elements: elements,
          elementByteCount: elementByteCount, layout: layout)
      }
      var isOther = false
      if case .other = elements { isOther = true }
      // Only elements that are in one place of this file have an address. That is asked first,
      // since a copy of the properties takes longer than the question.
      if !isOther, let offset = try offset(dataset, byteCount: byteCount, fileByteCount: fileByteCount) {
        return description(.contiguous(offset: offset))
      }
      let creation = try handle(H5Dget_create_plist(dataset.id), "reading its layout")
      guard H5Pget_external_count(creation.id) == 0 else {
        throw StoreError(
          .unsupported,
          "the dataset's elements are in other files\(externalFile(creation).map { ", such as \($0)" } ?? "")",
          remedy: "copy it to one file: \(Self.copyingLine(name))")
      }
      switch H5Pget_layout(creation.id) {
      case H5D_VIRTUAL:
        throw StoreError(
          .unsupported,
          "this is a virtual dataset, whose elements are in \(virtualSources(creation) ?? "others")",
          remedy: "open those, or copy everything to one file: \(Self.copyingLine(name))")
      case _ where isOther: return description(.other)
      case H5D_COMPACT: return description(.compact)
      case H5D_CONTIGUOUS: return description(.unwritten)
      case H5D_CHUNKED:
        return try description(chunked(dataset, creation, shape: shape, elementByteCount: elementByteCount))
      default:
        throw StoreError(.unsupported, "the dataset has a storage layout that this package does not know")
      }
    } catch {
      throw error.at(key: name)
    }
  }

  /// The meaning of the elements of a type.
  private func elements(_ type: borrowing HDF5Handle) throws(StoreError) -> DatasetDescription.Elements {
    if let number = storedType(type) { return .number(number) }
    if let text = try storedText(type) { return .text(text) }
    if let enumeration = try enumeration(type) { return enumeration }
    if let blobs = try blobs(type) { return .blobs(blobs) }
    return .other(typeText(type))
  }

  /// The line of Python that makes a file of one dataset which this package reads.
  static func copyingLine(_ name: String) -> String {
    "python -c \"import h5py; h5py.File('copy.h5', 'w')['images'] = h5py.File('FILE')['\(name)'][:]\""
  }

  /// The first file that a dataset's elements are in.
  private func externalFile(_ creation: borrowing HDF5Handle) -> String? {
    var name = [CChar](repeating: 0, count: 256)
    var offset: off_t = 0
    var size: hsize_t = 0
    guard unsafe H5Pget_external(creation.id, 0, 255, &name, &offset, &size) >= 0 else { return nil }
    return Self.text(name)
  }

  /// The files of a virtual dataset, a few of them.
  private func virtualSources(_ creation: borrowing HDF5Handle) -> String? {
    var count = 0
    guard unsafe H5Pget_virtual_count(creation.id, &count) >= 0, count > 0 else { return nil }
    var names: [String] = []
    for position in 0..<min(count, 64) {
      var name = [CChar](repeating: 0, count: 256)
      guard unsafe H5Pget_virtual_filename(creation.id, position, &name, 256) >= 0 else { break }
      let text = Self.text(name)
      if !names.contains(text) { names.append(text) }
    }
    return names.isEmpty ? nil : names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " ..." : "")
  }

  private static func text(_ name: [CChar]) -> String {
    String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Bytes of a string of variable length in its dataset: its length, the address of a heap, and a
  /// number there.
  private func referenceByteCount(of dataset: borrowing HDF5Handle) throws(StoreError) -> Int {
    let file = try handle(H5Iget_file_id(dataset.id), "reading its type")
    let creation = try handle(H5Fget_create_plist(file.id), "reading its type")
    var (addressSize, lengthSize) = (0, 0)
    try check(unsafe H5Pget_sizes(creation.id, &addressSize, &lengthSize), "reading its type")
    return 4 + addressSize + 4
  }

  private func shape(
    of dataset: borrowing HDF5Handle
  ) throws(StoreError) -> (shape: [Int], isFixedButFirst: Bool) {
    let space = try handle(H5Dget_space(dataset.id), "reading its shape")
    guard H5Sget_simple_extent_type(space.id) != H5S_NULL else {
      throw StoreError(.unsupported, "the dataset has no elements (its dataspace is null)")
    }
    let rank = Int(try check(H5Sget_simple_extent_ndims(space.id), "reading its shape"))
    guard rank <= 32 else { throw StoreError(.corrupt, "the dataset has \(rank) dimensions") }
    var extents = [hsize_t](repeating: 0, count: rank)
    var most = extents
    if rank > 0 {
      try check(unsafe H5Sget_simple_extent_dims(space.id, &extents, &most), "reading its shape")
    }
    var shape: [Int] = []
    for extent in extents {
      guard let extent = Int(exactly: extent) else {
        throw StoreError(.limitExceeded, "a dimension of \(extent) is too large")
      }
      shape.append(extent)
    }
    return (shape, extents.dropFirst() == most.dropFirst())
  }

  /// Bytes of all elements.
  private func byteCount(of shape: [Int], elementByteCount: Int) throws(StoreError) -> Int {
    guard elementByteCount > 0 else {
      throw StoreError(.corrupt, "the elements have \(elementByteCount) bytes, which is impossible")
    }
    var total = elementByteCount
    for extent in shape where extent > 0 {
      let (product, overflow) = total.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw StoreError(.limitExceeded, "a dataset of the shape \(shape) does not fit in memory")
      }
      total = product
    }
    return shape.contains(0) ? 0 : total
  }

  /// Where the elements of a contiguous dataset begin, or nil if it has none or is not such a dataset.
  private func offset(
    _ dataset: borrowing HDF5Handle, byteCount: Int, fileByteCount: Int
  ) throws(StoreError) -> Int? {
    let address = CHDF5_dataset_offset(dataset.id)
    guard byteCount > 0, address != CHDF5_undefined_address() else { return nil }
    // With a user block, the address of a dataset that was never written is returned as one less
    // than the block's size (1.10), not as undefined.
    let stored = H5Dget_storage_size(dataset.id)
    guard stored > 0, let offset = Int(exactly: address) else { return nil }
    guard Int(exactly: stored) == byteCount else {
      throw StoreError(.corrupt, "\(stored) bytes are stored, but its shape takes \(byteCount)")
    }
    guard offset <= fileByteCount, byteCount <= fileByteCount - offset else {
      throw StoreError(
        .corrupt,
        "the file is cut short: the dataset has \(byteCount) bytes from byte \(offset) on, but the file has only \(fileByteCount)"
      )
    }
    return offset
  }

  private func chunked(
    _ dataset: borrowing HDF5Handle, _ creation: borrowing HDF5Handle, shape: [Int], elementByteCount: Int
  ) throws(StoreError) -> DatasetDescription.Layout {
    let rank = shape.count
    var extents = [hsize_t](repeating: 0, count: rank)
    let found = try check(
      unsafe H5Pget_chunk(creation.id, Int32(rank), &extents), "reading the shape of its chunks")
    var total = elementByteCount
    var extent: [Int] = []
    for value in extents {
      // The format gives a chunk's size 32 bits.
      let (product, overflow) = total.multipliedReportingOverflow(by: Int(truncatingIfNeeded: value))
      guard !overflow, value > 0, value <= UInt32.max, product <= UInt32.max else {
        throw StoreError(.corrupt, "the chunks have impossible sizes: \(extents)")
      }
      total = product
      extent.append(Int(value))
    }
    guard Int(found) == rank else {
      throw StoreError(.corrupt, "the chunks have \(found) dimensions, unlike the dataset")
    }
    var (filters, hasFletcher32) = try filters(
      creation, chunkByteCount: total, elementByteCount: elementByteCount)
    // Chunks that reach beyond the edge may be unfiltered, which the masks of chunks do not say.
    var options: UInt32 = 0
    try check(unsafe H5Pget_chunk_opts(creation.id, &options), "reading the shape of its chunks")
    if options != 0, zip(shape, extent).contains(where: { $0 % $1 != 0 }) { filters = nil }
    return .chunked(extent: extent, filters: filters, hasFletcher32: hasFletcher32)
  }

  /// The number of h5py's own filter, as registered with The HDF Group.
  static let lzf: Int32 = 32000

  /// Programs without the filter, such as h5repack, leave the dataset out of their output, so the
  /// message does not advise them.
  static let filterRemedy =
    "pip install hdf5plugin, and set HDF5_PLUGIN_PATH to what python -c 'import hdf5plugin; "
    + "print(hdf5plugin.PLUGIN_PATH)' prints; or write a copy with Python: import hdf5plugin, h5py; "
    + "h5py.File('copy.h5', 'w').update({n: d[()] for n, d in h5py.File('FILE').items()})"

  /// The filters of a dataset, or nil if this package leaves one of them to the library.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if the library does not have one of them either.
  private func filters(
    _ creation: borrowing HDF5Handle, chunkByteCount: Int, elementByteCount: Int
  ) throws(StoreError) -> (pipeline: FilterPipeline?, hasFletcher32: Bool) {
    let count = try check(H5Pget_nfilters(creation.id), "reading its filters")
    var filters: [FilterPipeline.Filter]? = []
    var hasFletcher32 = false
    for position in 0..<UInt32(count) {
      var flags: UInt32 = 0
      var valueCount = 8
      var values = [UInt32](repeating: 0, count: 8)
      var name = [CChar](repeating: 0, count: 64)
      let filter = try check(
        unsafe H5Pget_filter2(creation.id, position, &flags, &valueCount, &values, 64, &name, nil),
        "reading its filters")
      switch filter {
      case CHDF5_filter_deflate(): filters?.append(.deflate)
      case CHDF5_filter_fletcher32():
        filters?.append(.fletcher32)
        hasFletcher32 = true
      case Self.lzf: filters?.append(.lzf)
      case CHDF5_filter_shuffle() where valueCount == 0 || values[0] == UInt32(elementByteCount):
        filters?.append(.shuffle)
      default:
        guard H5Zfilter_avail(filter) > 0 else {
          let label = Self.text(name).prefix { $0 != ";" }
          throw StoreError(
            .unsupported,
            "its chunks go through the filter \(label.isEmpty ? "" : "\(label) ")(\(filter)), "
              + "which libhdf5 does not have here",
            remedy: Self.filterRemedy)
        }
        filters = nil
      }
    }
    let pipeline = filters.flatMap {
      FilterPipeline($0, chunkByteCount: chunkByteCount, elementByteCount: elementByteCount)
    }
    return (pipeline, hasFletcher32)
  }
}
