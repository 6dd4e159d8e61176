import CHDF5
import ImageStoreCore

extension HDF5Session {
  /// What numbers a type of a file stands for, or nil where it is not one this package reads.
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

  /// A UTF-8 string padded with zeros to a number of bytes, or of any length where that is nil.
  func stringType(byteCount: Int?) throws(StoreError) -> HDF5Handle {
    let type = try copy(CHDF5_string())
    try check(H5Tset_size(type.id, byteCount ?? CHDF5_variable_length()), "making a type of strings")
    try check(H5Tset_cset(type.id, H5T_CSET_UTF8), "making a type of strings")
    if byteCount != nil { try check(H5Tset_strpad(type.id, H5T_STR_NULLPAD), "making a type of strings") }
    return type
  }
}
