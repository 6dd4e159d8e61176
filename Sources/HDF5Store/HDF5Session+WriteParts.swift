import CHDF5
import ImageStoreCore

extension HDF5Session {
  /// Writes one value an image.
  func write(_ column: Column, as name: String, in place: borrowing HDF5Handle) throws(StoreError) {
    switch column {
    case .int64(let values): try write(values, as: name, in: place, copy(CHDF5_int64()))
    case .double(let values): try write(values, as: name, in: place, copy(CHDF5_float64()))
    case .string(let values): try write(values, as: name, in: place)
    }
  }

  /// Writes a one-dimensional dataset of numbers that are little endian, as the machine's are.
  @discardableResult
  func write<Value: BitwiseCopyable>(
    _ values: [Value], as name: String, in place: borrowing HDF5Handle, _ type: consuming HDF5Handle
  ) throws(StoreError) -> HDF5Handle {
    let creation = try datasetCreation()
    let dataset = try createDataset(name, in: place, type, shape: [values.count], creation: creation)
    guard !values.isEmpty else { return dataset }
    do throws(StoreError) {
      try unsafe values.span.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe write(bytes.baseAddress!, to: dataset, type)
      }
    } catch {
      throw error.at(key: name)
    }
    return dataset
  }

  /// Writes a one-dimensional dataset of strings: of fixed length, which is read at once, unless that takes
  /// far more room than the strings do.
  func write(_ strings: [String], as name: String, in place: borrowing HDF5Handle) throws(StoreError) {
    let creation = try datasetCreation()
    var longest = 1
    var total = 0
    for string in strings {
      longest = max(longest, string.utf8.count)
      total += string.utf8.count
    }
    if longest * strings.count <= 4 * total + 65_536 {
      let bytes = padded(strings, to: longest)
      let type = try stringType(byteCount: longest)
      let dataset = try createDataset(
        name, in: place, type, shape: [strings.count], creation: creation)
      if !strings.isEmpty { try unsafe write(bytes, to: dataset, type) }
      return
    }
    let type = try stringType(byteCount: nil)
    let dataset = try createDataset(name, in: place, type, shape: [strings.count], creation: creation)
    try unsafe withCStrings(strings) { (pointers) throws(StoreError) in
      try unsafe write(pointers, to: dataset, type)
    }
  }

  /// Writes an attribute of strings of fixed length. Those of variable length stand elsewhere in the file, where
  /// libhdf5 follows them without a check: damage to one ends the process.
  func writeAttribute(
    _ name: String, of object: borrowing HDF5Handle, _ strings: [String]
  ) throws(StoreError) {
    let longest = strings.reduce(1) { max($0, $1.utf8.count) }
    let type = try stringType(byteCount: longest)
    let attribute = try createAttribute(name, of: object, type, shape: [strings.count])
    guard !strings.isEmpty else { return }
    let bytes = padded(strings, to: longest)
    try check(unsafe H5Awrite(attribute.id, type.id, bytes), "writing the attribute \(name)")
  }

  func writeAttribute(
    _ name: String, of object: borrowing HDF5Handle, _ value: UInt32
  ) throws(StoreError) {
    let type = try copy(CHDF5_uint32())
    let attribute = try createAttribute(name, of: object, type, shape: [])
    var value = value.littleEndian
    try check(unsafe H5Awrite(attribute.id, type.id, &value), "writing the attribute \(name)")
  }

  private func createAttribute(
    _ name: String, of object: borrowing HDF5Handle, _ type: borrowing HDF5Handle, shape: [Int]
  ) throws(StoreError) -> HDF5Handle {
    let space = try space(shape)
    return try handle(
      unsafe H5Acreate2(object.id, name, type.id, space.id, CHDF5_default(), CHDF5_default()),
      "creating the attribute \(name)")
  }

  /// The bytes of strings one after another, each with zeros to the same length.
  private func padded(_ strings: [String], to byteCount: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount * strings.count)
    for (position, string) in strings.enumerated() {
      bytes.append(contentsOf: string.utf8)
      bytes.append(contentsOf: repeatElement(0, count: (position + 1) * byteCount - bytes.count))
    }
    return bytes
  }

  /// Lends strings as C has them: pointers to bytes that end with a zero.
  private func withCStrings(
    _ strings: [String], _ body: (UnsafeRawPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    var bytes: [CChar] = []
    var starts: [Int] = []
    for string in strings {
      starts.append(bytes.count)
      bytes.append(contentsOf: string.utf8CString)
    }
    try unsafe bytes.span.withUnsafeBufferPointer { (bytes) throws(StoreError) in
      let pointers = unsafe starts.map { unsafe bytes.baseAddress! + $0 }
      try unsafe pointers.span.withUnsafeBytes { (pointers) throws(StoreError) in
        try unsafe body(pointers.baseAddress!)
      }
    }
  }
}
