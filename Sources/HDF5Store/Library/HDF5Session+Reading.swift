import CImageStoreHDF5
import ImageStoreCore
import ImageStorePlatform

extension HDF5Session {
  /// Opens a dataset with a cache of chunks large enough for a number of bytes.
  func openDataset(
    _ name: String, in file: borrowing HDF5Handle, cacheByteCount: Int
  ) throws(StoreError) -> HDF5Handle {
    // Opened first in the careful way, which refuses links out of the file.
    _ = try openDataset(name, in: file)
    let access = try handle(H5Pcreate(CHDF5_dataset_access()), "preparing to open it")
    try check(
      H5Pset_chunk_cache(access.id, 12_421, max(1 << 20, cacheByteCount), 1), "preparing to open it")
    return try handle(unsafe H5Dopen2(file.id, name, access.id), "opening it")
  }

  /// The type to read samples as: that of the machine, which is little endian as everywhere Swift runs, or
  /// the file's own if that is one byte, so that no byte is changed.
  func memoryType(
    of dataset: borrowing HDF5Handle, _ elementType: ElementType
  ) throws(StoreError) -> HDF5Handle {
    guard elementType.byteCount == 1 else { return try type(of: elementType) }
    return try handle(H5Dget_type(dataset.id), "reading its type")
  }

  /// All elements of a small dataset as they are in the file, in its own type and byte order.
  ///
  /// - Parameter limit: the most bytes.
  /// - Throws: ``StoreError/Code/limitExceeded``.
  func elements(
    of dataset: borrowing HDF5Handle, _ description: DatasetDescription, limit: Int
  ) throws(StoreError) -> [UInt8] {
    let type = try handle(H5Dget_type(dataset.id), "reading its type")
    let count = description.count * H5Tget_size(type.id)
    guard count <= limit else {
      throw StoreError(.limitExceeded, "the dataset has \(count) bytes, more than the limit of \(limit)")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    try check(
      unsafe H5Dread(dataset.id, type.id, CHDF5_all(), CHDF5_all(), CHDF5_default(), &bytes), "reading it")
    return bytes
  }

  /// The bytes of a dataset's fill value in the file's type: zeros if it has none.
  func fillValue(
    of dataset: borrowing HDF5Handle, elementByteCount: Int
  ) throws(StoreError) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: elementByteCount)
    guard let value = try fillValue(of: dataset), value.count == elementByteCount else { return zeros }
    return value
  }

  /// The bytes of a fill value that its writer has chosen, in the file's type; nil means zeros.
  func fillValue(of dataset: borrowing HDF5Handle) throws(StoreError) -> [UInt8]? {
    let creation = try handle(H5Dget_create_plist(dataset.id), "reading its fill value")
    var state = H5D_FILL_VALUE_UNDEFINED
    try check(unsafe H5Pfill_value_defined(creation.id, &state), "reading its fill value")
    guard state == H5D_FILL_VALUE_USER_DEFINED else { return nil }
    let type = try handle(H5Dget_type(dataset.id), "reading its fill value")
    // It is in the header, which has 64 KiB at most.
    let size = H5Tget_size(type.id)
    guard size <= 1 << 16 else {
      throw StoreError(.corrupt, "the fill value has \(size) bytes, more than the header that holds it can")
    }
    var value = [UInt8](repeating: 0, count: size)
    try check(unsafe H5Pget_fill_value(creation.id, type.id, &value), "reading its fill value")
    return value
  }
}

extension HDF5Session {
  /// Where strings are read from or written to.
  enum StringPlace {
    case dataset
    case attribute
  }

  /// The strings of a dataset or attribute: of fixed or variable length, ASCII or UTF-8.
  ///
  /// - Parameters:
  ///   - count: its number of elements.
  ///   - limit: the most bytes that they may take.
  /// - Throws: ``StoreError/Code/unsupported`` if the elements are not strings;
  ///   ``StoreError/Code/limitExceeded``.
  func strings(
    of object: borrowing HDF5Handle, count: Int, limit: Int, place: StringPlace = .dataset
  ) throws(StoreError) -> [String] {
    let type = try handle(
      place == .dataset ? H5Dget_type(object.id) : H5Aget_type(object.id), "reading its type")
    guard H5Tget_class(type.id) == H5T_STRING else {
      throw StoreError(
        .unsupported, "the elements are neither strings nor numbers of a type this package reads")
    }
    guard count > 0 else { return [] }
    if try check(H5Tis_variable_str(type.id), "reading its type") > 0 {
      guard count <= limit / 16 else {
        throw StoreError(.limitExceeded, "\(count) strings are too many to read")
      }
      return try variableStrings(of: object, type, count: count, place)
    }
    guard case .fixed(let size, let padding)? = try storedText(type)?.form, size > 0 else {
      throw StoreError(.corrupt, "the strings have a length of 0 bytes")
    }
    let (byteCount, overflow) = size.multipliedReportingOverflow(by: count)
    guard !overflow, byteCount <= limit else {
      throw StoreError(.limitExceeded, "\(count) strings of \(size) bytes each are too many to read")
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    try unsafe read(object, type, &bytes, place)
    return unsafe bytes.withUnsafeBytes { unsafe StoredText.strings($0, size, padding) }
  }

  private func variableStrings(
    of object: borrowing HDF5Handle, _ type: borrowing HDF5Handle, count: Int, _ place: StringPlace
  ) throws(StoreError) -> [String] {
    var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    // Memory that the library has allocated is freed even if it failed half-way. It uses malloc
    // unless told otherwise.
    defer { unsafe pointers.forEach { unsafe free($0) } }
    try unsafe read(object, type, &pointers, place)
    return unsafe pointers.map { unsafe $0.map { unsafe String(cString: $0) } ?? "" }
  }

  private func read(
    _ object: borrowing HDF5Handle, _ type: borrowing HDF5Handle, _ buffer: UnsafeMutableRawPointer,
    _ place: StringPlace
  ) throws(StoreError) {
    let status =
      switch place {
      case .dataset:
        unsafe H5Dread(object.id, type.id, CHDF5_all(), CHDF5_all(), CHDF5_default(), buffer)
      case .attribute: unsafe H5Aread(object.id, type.id, buffer)
      }
    try check(status, "reading it")
  }
}
