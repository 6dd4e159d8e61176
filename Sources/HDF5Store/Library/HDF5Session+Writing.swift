import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// Creates a dataset.
  ///
  /// - Parameters:
  ///   - shape: its extents; none for a scalar.
  ///   - grows: whether the first extent may grow, and be less than that of a chunk.
  ///   - creation: its layout and filters.
  func createDataset(
    _ name: String, in place: borrowing HDF5Handle, _ type: borrowing HDF5Handle, shape: [Int],
    grows: Bool = false, creation: borrowing HDF5Handle
  ) throws(StoreError) -> HDF5Handle {
    do throws(StoreError) {
      let space = try space(shape, grows: grows)
      let link = try linkCreation()
      return try handle(
        unsafe H5Dcreate2(
          place.id, name, type.id, space.id, link.id, creation.id, CHDF5_default()), "creating it")
    } catch {
      throw error.at(key: name)
    }
  }

  /// Writes all elements of a dataset.
  func write(
    _ elements: UnsafeRawPointer, to dataset: borrowing HDF5Handle, _ type: borrowing HDF5Handle
  ) throws(StoreError) {
    try check(
      unsafe H5Dwrite(dataset.id, type.id, CHDF5_all(), CHDF5_all(), CHDF5_default(), elements),
      "writing it")
    // The library keeps small datasets back until they are closed, when a failure would not be
    // reported.
    try check(H5Dflush(dataset.id), "writing it")
  }

  func createGroup(_ name: String, in place: borrowing HDF5Handle) throws(StoreError) -> HDF5Handle {
    try handle(
      unsafe H5Gcreate2(place.id, name, CHDF5_default(), CHDF5_default(), CHDF5_default()),
      "creating the group \(name)")
  }

  /// Properties of a dataset to be created: contiguous unless changed.
  func datasetCreation() throws(StoreError) -> HDF5Handle {
    let creation = try handle(H5Pcreate(CHDF5_dataset_creation()), "preparing a dataset")
    try check(CHDF5_omit_times(creation.id), "preparing a dataset")
    return creation
  }

  /// Properties of a dataset whose elements are in a file already, or will be put there around the
  /// library: space is taken at once and nothing is written to it.
  func reservingCreation() throws(StoreError) -> HDF5Handle {
    let creation = try datasetCreation()
    try check(H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY), "preparing a dataset")
    try check(H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER), "preparing a dataset")
    return creation
  }

  /// Properties of a dataset in deflated chunks.
  func chunkedCreation(
    extent: [Int], shuffles: Bool, level: Int
  ) throws(StoreError) -> HDF5Handle {
    let creation = try datasetCreation()
    let extents = extent.map(hsize_t.init)
    try check(unsafe H5Pset_chunk(creation.id, Int32(extent.count), extents), "preparing its chunks")
    if shuffles { try check(H5Pset_shuffle(creation.id), "preparing its filters") }
    try check(H5Pset_deflate(creation.id, UInt32(level)), "preparing its filters")
    return creation
  }

  /// Writes a chunk that has been through its filters.
  func writeChunk(
    _ bytes: UnsafeRawBufferPointer, of dataset: borrowing HDF5Handle, origin: [Int]
  ) throws(StoreError) {
    let origin = origin.map(hsize_t.init)
    try check(
      unsafe H5Dwrite_chunk(dataset.id, CHDF5_default(), 0, origin, bytes.count, bytes.baseAddress),
      "writing a chunk")
  }

  /// Gives an object of the file a second name.
  func link(_ name: String, as other: String, in file: borrowing HDF5Handle) throws(StoreError) {
    try check(
      unsafe H5Lcreate_hard(file.id, name, file.id, other, CHDF5_default(), CHDF5_default()),
      "linking \(other) to \(name)")
  }

  /// Writes everything to the file, so that failures happen here and not when it is closed.
  func flush(_ file: borrowing HDF5Handle) throws(StoreError) {
    try check(H5Fflush(file.id, H5F_SCOPE_GLOBAL), "writing it")
  }

  func space(_ shape: [Int], grows: Bool = false) throws(StoreError) -> HDF5Handle {
    guard !shape.isEmpty else { return try handle(H5Screate(H5S_SCALAR), "making a shape") }
    let extents = shape.map(hsize_t.init)
    if grows {
      // H5S_UNLIMITED is all ones.
      let most = [hsize_t.max] + extents.dropFirst()
      return try handle(
        unsafe H5Screate_simple(Int32(shape.count), extents, most), "making a shape")
    }
    return try handle(
      unsafe H5Screate_simple(Int32(shape.count), extents, nil), "making a shape")
  }

  /// Properties that mark names as UTF-8.
  private func linkCreation() throws(StoreError) -> HDF5Handle {
    let link = try handle(H5Pcreate(CHDF5_link_creation()), "preparing a name")
    try check(H5Pset_char_encoding(link.id, H5T_CSET_UTF8), "preparing a name")
    return link
  }
}

extension HDF5Session {
  /// Writes one value per image, in the file's earlier form if there is one.
  func write(
    _ column: Column, as name: String, in place: borrowing HDF5Handle, _ form: DatasetDescription.Elements?
  ) throws(StoreError) {
    var type: StoredType?
    if case .number(let known) = form { type = known }
    switch (column, form) {
    case (.int64(let values), _): try write(values, as: name, in: place, type ?? ValueForms.int64)
    case (.int64Vectors(let vectors), _):
      try write(vectors.values, as: name, in: place, type ?? ValueForms.int64, width: vectors.width)
    case (.double(let values), _): try write(values, as: name, in: place, type ?? ValueForms.float64)
    case (.doubleVectors(let vectors), _):
      try write(vectors.values, as: name, in: place, type ?? ValueForms.float64, width: vectors.width)
    case (.bytes(let bytes), _):
      try write(bytes.values, as: name, in: place, copy(CHDF5_uint8()), shape: [bytes.values.count])
    case (.string(let values), .text(let text)?): try write(values, as: name, in: place, text)
    case (.string(let values), _): try write(values, as: name, in: place)
    }
  }

  /// Writes integers as numbers of a type.
  ///
  /// - Parameter width: how many of them an image has; nil if it has one.
  func write(
    _ values: [Int64], as name: String, in place: borrowing HDF5Handle, _ type: StoredType, width: Int? = nil
  ) throws(StoreError) {
    let shape = Self.shape(values.count, width)
    if type == ValueForms.int64 {
      try write(values, as: name, in: place, copy(CHDF5_int64()), shape: shape)
      return
    }
    guard let bytes = type.encoded(values) else {
      throw StoreError(.unsupported, "the type \(type.name) cannot hold a value", key: name)
    }
    try write(bytes, as: name, in: place, self.type(of: type), shape: shape)
  }

  /// Writes floating-point numbers as those of a type.
  private func write(
    _ values: [Double], as name: String, in place: borrowing HDF5Handle, _ type: StoredType, width: Int? = nil
  ) throws(StoreError) {
    let shape = Self.shape(values.count, width)
    if type == ValueForms.float64 {
      try write(values, as: name, in: place, copy(CHDF5_float64()), shape: shape)
      return
    }
    guard let bytes = type.encoded(values) else {
      throw StoreError(.unsupported, "the type \(type.name) cannot hold a value exactly", key: name)
    }
    try write(bytes, as: name, in: place, self.type(of: type), shape: shape)
  }

  private static func shape(_ count: Int, _ width: Int?) -> [Int] {
    if let width { [count / width, width] } else { [count] }
  }

  /// Writes a dataset of values that are in memory in the file's form.
  @discardableResult
  func write<Value: BitwiseCopyable>(
    _ values: [Value], as name: String, in place: borrowing HDF5Handle, _ type: consuming HDF5Handle,
    shape: [Int]
  ) throws(StoreError) -> HDF5Handle {
    let creation = try datasetCreation()
    let dataset = try createDataset(name, in: place, type, shape: shape, creation: creation)
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

  /// Writes a one-dimensional dataset of strings as this package does: of fixed length, which is
  /// read at once, unless that takes far more room than the strings do.
  ///
  /// - Parameter minimum: the least length.
  func write(
    _ strings: [String], as name: String, in place: borrowing HDF5Handle, minimum: Int = 1
  ) throws(StoreError) {
    var longest = max(1, minimum)
    var total = 0
    for string in strings {
      longest = max(longest, string.utf8.count)
      total += string.utf8.count
    }
    let isFixed = longest * strings.count <= 4 * total + 65_536
    let form: StoredText.Form = isFixed ? .fixed(byteCount: longest, .zeros) : .variable
    try write(strings, as: name, in: place, exactly: StoredText(form: form, isASCII: false))
  }

  /// Writes a one-dimensional dataset of strings as a file had it before.
  private func write(
    _ strings: [String], as name: String, in place: borrowing HDF5Handle, _ text: StoredText
  ) throws(StoreError) {
    if text.isOwn, case .fixed(let byteCount, _) = text.form {
      return try write(strings, as: name, in: place, minimum: byteCount)
    }
    guard strings.allSatisfy(text.canHold) else {
      throw StoreError(.unsupported, "a string does not fit \(text.name)", key: name)
    }
    try write(strings, as: name, in: place, exactly: text)
  }

  private func write(
    _ strings: [String], as name: String, in place: borrowing HDF5Handle, exactly text: StoredText
  ) throws(StoreError) {
    let type = try type(of: text)
    let creation = try datasetCreation()
    let dataset = try createDataset(
      name, in: place, type, shape: [strings.count], creation: creation)
    guard !strings.isEmpty else { return }
    try unsafe withBytes(of: strings, text) { (bytes) throws(StoreError) in
      try unsafe write(bytes, to: dataset, type)
    }
  }

  /// Writes an attribute of strings, of fixed length unless the file had another form before. Those
  /// of variable length are elsewhere in the file, where libhdf5 follows them without a check:
  /// damage to one ends the process.
  ///
  /// - Parameter isScalar: whether it is one string and not a list.
  func writeAttribute(
    _ name: String, of object: borrowing HDF5Handle, _ strings: [String], _ form: StoredText? = nil,
    isScalar: Bool = false
  ) throws(StoreError) {
    let longest = strings.reduce(1) { max($0, $1.utf8.count) }
    let own = StoredText(form: .fixed(byteCount: longest, .zeros), isASCII: false)
    let text = form.flatMap { form in strings.allSatisfy(form.canHold) && !form.isOwn ? form : nil } ?? own
    let type = try type(of: text)
    let attribute = try createAttribute(name, of: object, type, shape: isScalar ? [] : [strings.count])
    guard !strings.isEmpty else { return }
    try unsafe withBytes(of: strings, text) { (bytes) throws(StoreError) in
      try check(unsafe H5Awrite(attribute.id, type.id, bytes), "writing the attribute \(name)")
    }
  }

  /// Whether class names are an attribute, which has 64 KiB at most, or a dataset.
  static func isAttribute(_ classNames: [String]) -> Bool {
    let longest = classNames.reduce(1) { max($0, $1.utf8.count) }
    return classNames.count <= 60_000 / longest
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

  /// Passes strings as libhdf5 takes them from memory.
  private func withBytes(
    of strings: [String], _ text: StoredText, _ body: (UnsafeRawPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    guard case .fixed(let byteCount, let padding) = text.form else {
      return try unsafe withCStrings(strings, body)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount * strings.count)
    let filler: UInt8 = padding == .spaces ? 0x20 : 0
    for (position, string) in strings.enumerated() {
      bytes.append(contentsOf: string.utf8)
      bytes.append(contentsOf: repeatElement(filler, count: (position + 1) * byteCount - bytes.count))
    }
    try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe body(bytes.baseAddress!)
    }
  }

  /// Passes strings as C has them: pointers to bytes that end with a zero.
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
