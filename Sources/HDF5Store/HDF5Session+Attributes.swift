import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// The strings of an attribute, or nil where the object has none of that name.
  ///
  /// - Parameter limit: the most bytes that they may take.
  func stringsAttribute(
    _ name: String, of object: borrowing HDF5Handle, limit: Int
  ) throws(StoreError) -> [String]? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    return try strings(of: attribute, count: elementCount(of: attribute), limit: limit, place: .attribute)
  }

  /// The integer of an attribute, or nil where the object has none of that name or it is no integer.
  func integerAttribute(_ name: String, of object: borrowing HDF5Handle) throws(StoreError) -> Int64? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    let type = try handle(H5Aget_type(attribute.id), "reading its type")
    guard try elementCount(of: attribute) == 1, H5Tget_class(type.id) == H5T_INTEGER else { return nil }
    let target = try copy(CHDF5_int64())
    var value: Int64 = 0
    try check(unsafe H5Aread(attribute.id, target.id, &value), "reading the attribute \(name)")
    return value
  }

  /// The names of an object's attributes.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` for more than a million.
  func attributeNames(of object: borrowing HDF5Handle) throws(StoreError) -> [String] {
    var names: [String] = []
    let status = unsafe withUnsafeMutablePointer(to: &names) { names in
      unsafe H5Aiterate2(
        object.id, H5_INDEX_NAME, H5_ITER_NATIVE, nil,
        { (_, name, _, context) in
          guard let name = unsafe name, let context = unsafe context else { return -1 }
          let names = unsafe context.assumingMemoryBound(to: [String].self)
          unsafe names.pointee.append(String(cString: name))
          return unsafe names.pointee.count <= 1 << 20 ? 0 : -1
        }, names)
    }
    guard names.count <= 1 << 20 else { throw StoreError(.limitExceeded, "more than a million attributes") }
    try check(status, "listing its attributes")
    return names
  }

  func attribute(
    _ name: String, of object: borrowing HDF5Handle
  ) throws(StoreError) -> HDF5Handle? {
    guard try check(unsafe H5Aexists(object.id, name), "looking for the attribute \(name)") > 0 else {
      return nil
    }
    return try handle(
      unsafe H5Aopen(object.id, name, CHDF5_default()), "opening the attribute \(name)")
  }

  /// - Throws: ``StoreError/Code/limitExceeded`` for more than a million elements.
  private func elementCount(of attribute: borrowing HDF5Handle) throws(StoreError) -> Int {
    let space = try handle(H5Aget_space(attribute.id), "reading its shape")
    let count = try check(H5Sget_simple_extent_npoints(space.id), "reading its shape")
    guard count <= 1 << 20 else { throw StoreError(.limitExceeded, "an attribute of \(count) elements") }
    return Int(count)
  }
}
