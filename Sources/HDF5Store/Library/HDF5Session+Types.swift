import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// The kind of numbers of a type in a file, or nil if this package does not read it.
  ///
  /// Recognised are integers and IEEE 754 numbers without padding, and h5py's bool: an enumeration of one
  /// byte with the members FALSE = 0 and TRUE = 1, in any order and among others.
  func storedType(_ type: borrowing HDF5Handle) -> StoredType? {
    let size = H5Tget_size(type.id)
    guard [1, 2, 4, 8].contains(size) else { return nil }
    let kind: StoredType.Kind
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      guard H5Tget_precision(type.id) == size * 8, H5Tget_offset(type.id) == 0 else { return nil }
      kind = H5Tget_sign(type.id) == H5T_SGN_2 ? .signed : .unsigned
    case H5T_FLOAT:
      guard isIEEE(type, size: size) else { return nil }
      kind = .float
    case H5T_ENUM:
      guard size == 1, memberValue("FALSE", of: type) == 0, memberValue("TRUE", of: type) == 1 else {
        return nil
      }
      kind = .bool
    default: return nil
    }
    let order = H5Tget_order(type.id)
    guard size == 1 || order == H5T_ORDER_LE || order == H5T_ORDER_BE else { return nil }
    return StoredType(kind: kind, byteCount: size, isBigEndian: size > 1 && order == H5T_ORDER_BE)
  }

  private func isIEEE(_ type: borrowing HDF5Handle, size: Int) -> Bool {
    var sign = 0
    var exponent = (position: 0, count: 0)
    var mantissa = (position: 0, count: 0)
    guard
      unsafe H5Tget_fields(
        type.id, &sign, &exponent.position, &exponent.count, &mantissa.position, &mantissa.count) >= 0,
      H5Tget_precision(type.id) == size * 8, H5Tget_offset(type.id) == 0,
      H5Tget_norm(type.id) == H5T_NORM_IMPLIED
    else { return false }
    let bits: Int
    switch size {
    case 2: bits = 5
    case 4: bits = 8
    case 8: bits = 11
    default: return false
    }
    let mantissaBits = size * 8 - 1 - bits
    return sign == size * 8 - 1 && exponent == (mantissaBits, bits) && mantissa == (0, mantissaBits)
      && H5Tget_ebias(type.id) == (1 << (bits - 1)) - 1
  }

  /// How a type of a file holds text, or nil if it does not.
  func storedText(_ type: borrowing HDF5Handle) throws(StoreError) -> StoredText? {
    guard H5Tget_class(type.id) == H5T_STRING else { return nil }
    let isASCII = H5Tget_cset(type.id) == H5T_CSET_ASCII
    if try check(H5Tis_variable_str(type.id), "reading its type") > 0 {
      return StoredText(form: .variable, isASCII: isASCII)
    }
    let padding: StoredText.Padding =
      switch H5Tget_strpad(type.id) {
      case H5T_STR_SPACEPAD: .spaces
      case H5T_STR_NULLPAD: .zeros
      default: .terminated
      }
    return StoredText(form: .fixed(byteCount: H5Tget_size(type.id), padding), isASCII: isASCII)
  }

  /// An enumeration other than h5py's bool, with the names of its values.
  func enumeration(_ type: borrowing HDF5Handle) throws(StoreError) -> DatasetDescription.Elements? {
    guard H5Tget_class(type.id) == H5T_ENUM else { return nil }
    let base = try handle(H5Tget_super(type.id), "reading its type")
    guard let number = storedType(base), number.kind != .float else { return nil }
    let count = H5Tget_nmembers(type.id)
    var names: [Int: String] = [:]
    for member in 0..<UInt32(max(0, min(count, 1 << 16))) {
      var bytes = [UInt8](repeating: 0, count: max(8, number.byteCount))
      guard unsafe H5Tget_member_value(type.id, member, &bytes) >= 0,
        let name = unsafe H5Tget_member_name(type.id, member)
      else { continue }
      defer { unsafe H5free_memory(name) }
      // Values of an enumeration, read in the file's own type, are as they are in the file.
      let value = unsafe bytes.withUnsafeBytes {
        unsafe number.integers(UnsafeRawBufferPointer(rebasing: $0[..<number.byteCount]))
      }
      if let value = value?.first.flatMap({ Int(exactly: $0) }) {
        names[value] = unsafe String(cString: name)
      }
    }
    return .enumeration(number, names: names)
  }

  /// How a type of a file holds bytes, or nil if it does not.
  func blobs(_ type: borrowing HDF5Handle) throws(StoreError) -> DatasetDescription.Blobs? {
    switch H5Tget_class(type.id) {
    case H5T_OPAQUE: return .opaque(byteCount: H5Tget_size(type.id))
    case H5T_VLEN:
      let base = try handle(H5Tget_super(type.id), "reading its type")
      guard H5Tget_class(base.id) == H5T_INTEGER, H5Tget_size(base.id) == 1 else { return nil }
      return .variable
    default: return nil
    }
  }

  /// The name in messages of a type that is not read.
  func typeText(_ type: borrowing HDF5Handle) -> String {
    let size = H5Tget_size(type.id)
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      return
        "integers of \(H5Tget_precision(type.id)) bits in \(size * 8) (convert them to uint\(size * 8) with h5py)"
    case H5T_FLOAT: return "floating-point numbers of \(size * 8) bits that are not IEEE 754's"
    case H5T_VLEN: return "sequences of any length (vlen)"
    case H5T_ARRAY: return "arrays as elements (write them as one dataset of numbers with h5py)"
    case H5T_REFERENCE: return "references to other objects (name the group or dataset that they lead to)"
    case H5T_BITFIELD: return "a bit field of \(size * 8) bits"
    case H5T_TIME: return "times"
    case H5T_ENUM: return "an enumeration"
    case H5T_COMPOUND:
      var names: [String] = []
      for member in 0..<UInt32(max(0, min(8, H5Tget_nmembers(type.id)))) {
        guard let name = unsafe H5Tget_member_name(type.id, member) else { continue }
        names.append(unsafe String(cString: name))
        unsafe H5free_memory(name)
      }
      if names == ["r", "i"] { return "complex numbers" }
      return
        "a compound type of \(names.joined(separator: ", ")) (write each as a dataset of its own with h5py)"
    default: return "a type that is not a number"
    }
  }

  private func memberValue(_ name: String, of type: borrowing HDF5Handle) -> UInt8? {
    var value: UInt8 = 0
    return unsafe H5Tenum_valueof(type.id, name, &value) >= 0 ? value : nil
  }

  /// The type that samples are written as: little endian, and h5py's enumeration for bool.
  func type(of elementType: ElementType) throws(StoreError) -> HDF5Handle {
    switch elementType {
    case .bool: return try boolType()
    case .float16: return try float16Type()
    case .uint8: return try copy(CHDF5_uint8())
    case .uint16: return try copy(CHDF5_uint16())
    case .uint32: return try copy(CHDF5_uint32())
    case .uint64: return try copy(CHDF5_uint64())
    case .int8: return try copy(CHDF5_int8())
    case .int16: return try copy(CHDF5_int16())
    case .int32: return try copy(CHDF5_int32())
    case .int64: return try copy(CHDF5_int64())
    case .float32: return try copy(CHDF5_float32())
    case .float64: return try copy(CHDF5_float64())
    }
  }

  /// A type of our own that equals a predefined one, which must not be closed.
  func copy(_ predefined: hid_t) throws(StoreError) -> HDF5Handle {
    try handle(H5Tcopy(predefined), "making a type")
  }

  private func boolType() throws(StoreError) -> HDF5Handle {
    let type = try handle(H5Tenum_create(CHDF5_int8()), "making the type bool")
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", 1)] {
      var value = value
      try check(unsafe H5Tenum_insert(type.id, name, &value), "making the type bool")
    }
    return type
  }

  /// IEEE 754 binary16, which the library has no name for before 1.14.4.
  private func float16Type() throws(StoreError) -> HDF5Handle {
    let type = try copy(CHDF5_float32())
    try check(H5Tset_fields(type.id, 15, 10, 5, 0, 10), "making the type float16")
    try check(H5Tset_size(type.id, 2), "making the type float16")
    try check(H5Tset_ebias(type.id, 15), "making the type float16")
    return type
  }

  /// The type of numbers as a file has them.
  func type(of type: StoredType) throws(StoreError) -> HDF5Handle {
    let made: HDF5Handle
    switch (type.kind, type.byteCount) {
    case (.bool, _): return try boolType()
    case (.unsigned, 1): made = try copy(CHDF5_uint8())
    case (.unsigned, 2): made = try copy(CHDF5_uint16())
    case (.unsigned, 4): made = try copy(CHDF5_uint32())
    case (.unsigned, _): made = try copy(CHDF5_uint64())
    case (.signed, 1): made = try copy(CHDF5_int8())
    case (.signed, 2): made = try copy(CHDF5_int16())
    case (.signed, 4): made = try copy(CHDF5_int32())
    case (.signed, _): made = try copy(CHDF5_int64())
    case (.float, 2): made = try float16Type()
    case (.float, 4): made = try copy(CHDF5_float32())
    case (.float, _): made = try copy(CHDF5_float64())
    }
    if type.isBigEndian { try check(H5Tset_order(made.id, H5T_ORDER_BE), "making a type") }
    return made
  }

  /// The type of text as a file has it.
  func type(of text: StoredText) throws(StoreError) -> HDF5Handle {
    let type = try copy(CHDF5_string())
    let doing = "making a type of strings"
    try check(H5Tset_cset(type.id, text.isASCII ? H5T_CSET_ASCII : H5T_CSET_UTF8), doing)
    guard case .fixed(let byteCount, let padding) = text.form else {
      try check(H5Tset_size(type.id, CHDF5_variable_length()), doing)
      return type
    }
    try check(H5Tset_size(type.id, byteCount), doing)
    let strpad =
      switch padding {
      case .terminated: H5T_STR_NULLTERM
      case .zeros: H5T_STR_NULLPAD
      case .spaces: H5T_STR_SPACEPAD
      }
    try check(H5Tset_strpad(type.id, strpad), doing)
    return type
  }
}
