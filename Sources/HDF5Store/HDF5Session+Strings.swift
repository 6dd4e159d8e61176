import CImageStoreHDF5
import ImageStoreCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
  /// - Throws: ``StoreError/Code/unsupported`` if the elements are no strings; ``StoreError/Code/limitExceeded``.
  func strings(
    of object: borrowing HDF5Handle, count: Int, limit: Int, place: StringPlace = .dataset
  ) throws(StoreError) -> [String] {
    let type = try handle(
      place == .dataset ? H5Dget_type(object.id) : H5Aget_type(object.id), "reading its type")
    guard H5Tget_class(type.id) == H5T_STRING else {
      throw StoreError(
        .unsupported, "elements that are neither strings nor numbers of a type this package reads")
    }
    guard count > 0 else { return [] }
    if try check(H5Tis_variable_str(type.id), "reading its type") > 0 {
      guard count <= limit / 16 else { throw StoreError(.limitExceeded, "\(count) strings") }
      return try variableStrings(of: object, type, count: count, place)
    }
    guard case .fixed(let size, let padding)? = try storedText(type)?.form, size > 0 else {
      throw StoreError(.corrupt, "strings without bytes")
    }
    let (byteCount, overflow) = size.multipliedReportingOverflow(by: count)
    guard !overflow, byteCount <= limit else {
      throw StoreError(.limitExceeded, "\(count) strings of \(size) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    try unsafe read(object, type, &bytes, place)
    return unsafe bytes.withUnsafeBytes { unsafe StoredText.strings($0, size, padding) }
  }

  private func variableStrings(
    of object: borrowing HDF5Handle, _ type: borrowing HDF5Handle, count: Int, _ place: StringPlace
  ) throws(StoreError) -> [String] {
    var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    // What the library has allocated is freed even where it failed half way. It uses malloc unless told
    // otherwise.
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
