import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// Opens a dataset with a cache of chunks large enough for a number of bytes.
  func openDataset(
    _ name: String, in file: borrowing HDF5Handle, cacheByteCount: Int
  ) throws(StoreError) -> HDF5Handle {
    // Opened by the careful way first, which refuses links out of the file.
    _ = try openDataset(name, in: file)
    let access = try handle(H5Pcreate(CHDF5_dataset_access()), "preparing to open it")
    try check(
      H5Pset_chunk_cache(access.id, 12_421, max(1 << 20, cacheByteCount), 1), "preparing to open it")
    return try handle(unsafe H5Dopen2(file.id, name, access.id), "opening it")
  }

  /// The type to read samples as: that of the machine, which is little endian as everywhere Swift runs, or
  /// the file's own where that is one byte, so that no byte is changed.
  func memoryType(
    of dataset: borrowing HDF5Handle, _ elementType: ElementType
  ) throws(StoreError) -> HDF5Handle {
    guard elementType.byteCount == 1 else { return try type(of: elementType) }
    return try handle(H5Dget_type(dataset.id), "reading its type")
  }

  /// All elements of a small dataset as they stand in the file, in its own type and byte order.
  ///
  /// - Parameter limit: the most bytes.
  /// - Throws: ``StoreError/Code/limitExceeded``.
  func elements(
    of dataset: borrowing HDF5Handle, _ description: DatasetDescription, limit: Int
  ) throws(StoreError) -> [UInt8] {
    let type = try handle(H5Dget_type(dataset.id), "reading its type")
    let count = description.count * H5Tget_size(type.id)
    guard count <= limit else {
      throw StoreError(.limitExceeded, "\(count) bytes where at most \(limit) are expected")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    try check(
      unsafe H5Dread(dataset.id, type.id, CHDF5_all(), CHDF5_all(), CHDF5_default(), &bytes), "reading it")
    return bytes
  }

  /// The bytes of a dataset's fill value in the file's type: zeros where it has none.
  func fillValue(
    of dataset: borrowing HDF5Handle, elementByteCount: Int
  ) throws(StoreError) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: elementByteCount)
    guard let value = try fillValue(of: dataset), value.count == elementByteCount else { return zeros }
    return value
  }

  /// The bytes of a fill value that its writer has chosen, in the file's type; nil stands for zeros.
  func fillValue(of dataset: borrowing HDF5Handle) throws(StoreError) -> [UInt8]? {
    let creation = try handle(H5Dget_create_plist(dataset.id), "reading its fill value")
    var state = H5D_FILL_VALUE_UNDEFINED
    try check(unsafe H5Pfill_value_defined(creation.id, &state), "reading its fill value")
    guard state == H5D_FILL_VALUE_USER_DEFINED else { return nil }
    let type = try handle(H5Dget_type(dataset.id), "reading its fill value")
    // It is in the header, which has 64 KiB at most.
    let size = H5Tget_size(type.id)
    guard size <= 1 << 16 else { throw StoreError(.corrupt, "a fill value of \(size) bytes") }
    var value = [UInt8](repeating: 0, count: size)
    try check(unsafe H5Pget_fill_value(creation.id, type.id, &value), "reading its fill value")
    return value
  }
}
