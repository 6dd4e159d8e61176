import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// The most components a name may have, and the most links an open name may pass through.
  private static var maximumDepth: Int { 32 }

  /// Opens a group or dataset, or returns nil if no link has the name.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if the name leads through an external or user-defined
  ///   link or to something else.
  func open(
    _ name: String, in file: borrowing HDF5Handle
  ) throws(StoreError) -> HDF5Handle? {
    do throws(StoreError) {
      let access = try linkAccess()
      guard try checkLinks(name, in: file, access) else { return nil }
      let object = try handle(unsafe H5Oopen(file.id, name, access.id), "opening it")
      guard isGroup(object) || H5Iget_type(object.id) == H5I_DATASET else {
        throw StoreError(.unsupported, "this is neither a group nor a dataset")
      }
      return object
    } catch {
      throw error.at(key: name)
    }
  }

  /// Opens a dataset.
  ///
  /// - Throws: ``StoreError/Code/notFound`` if there is none with that name.
  func openDataset(_ name: String, in file: borrowing HDF5Handle) throws(StoreError) -> HDF5Handle {
    guard let object = try open(name, in: file), !isGroup(object) else {
      throw StoreError(.notFound, "there is no dataset of this name", key: name)
    }
    return object
  }

  /// Whether a name is that of a soft link to nothing.
  func isDangling(_ name: String, in file: borrowing HDF5Handle) throws(StoreError) -> Bool {
    let access = try linkAccess()
    return unsafe CHDF5_link_type(file.id, name, access.id) == H5L_TYPE_SOFT.rawValue
      && H5Oexists_by_name(file.id, name, access.id) == 0
  }

  /// Whether an object is a group.
  func isGroup(_ object: borrowing HDF5Handle) -> Bool {
    H5Iget_type(object.id) == H5I_GROUP
  }

  /// Names of the links in a group by rising name, with whether each is a hard or soft link; other kinds
  /// lead out of the file.
  ///
  /// - Throws: ``StoreError/Code/limitExceeded`` if a tree that leads to the same nodes again and
  ///   again has more links than the file has room for.
  ///
  /// - Parameter byCreation: whether they come in the order in which they were made instead, which
  ///   the group must track.
  func links(
    of group: borrowing HDF5Handle, fileByteCount: Int, byCreation: Bool = false
  ) throws(StoreError) -> [(name: String, isLocal: Bool)] {
    var visit = Visit(limit: fileByteCount / 8)
    let visitor: CHDF5_link_visitor = { (name, type, context) in
      guard let name = unsafe name, let context = unsafe context else { return -1 }
      let visit = unsafe context.assumingMemoryBound(to: Visit.self)
      let isLocal = type == H5L_TYPE_HARD.rawValue || type == H5L_TYPE_SOFT.rawValue
      unsafe visit.pointee.links.append((String(cString: name), isLocal))
      return unsafe visit.pointee.links.count <= visit.pointee.limit ? 0 : -1
    }
    let status = unsafe withUnsafeMutablePointer(to: &visit) { visit in
      unsafe byCreation
        ? CHDF5_for_each_link_by_creation(group.id, visitor, visit)
        : CHDF5_for_each_link(group.id, visitor, visit)
    }
    guard visit.links.count <= visit.limit else {
      throw StoreError(
        .limitExceeded,
        "a file of \(fileByteCount) bytes has more than \(visit.limit) links, which is impossible")
    }
    try check(status, "listing what is in it")
    return visit.links
  }

  /// Whether a group keeps the order in which its links were made.
  func tracksCreation(_ group: borrowing HDF5Handle) throws(StoreError) -> Bool {
    let creation = try handle(H5Gget_create_plist(group.id), "reading the order of what is in it")
    var flags: UInt32 = 0
    return unsafe H5Pget_link_creation_order(creation.id, &flags) >= 0 && flags & CHDF5_tracks_creation() != 0
  }

  /// The file and the name in it that an external link leads to.
  private func target(
    _ name: String, in file: borrowing HDF5Handle, _ access: borrowing HDF5Handle
  ) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      var path: UnsafePointer<CChar>?
      var object: UnsafePointer<CChar>?
      guard
        unsafe CHDF5_link_target(
          file.id, name, buffer.baseAddress, buffer.count - 1, access.id, &path, &object) == 0,
        let path = unsafe path, let object = unsafe object
      else { return nil }
      return unsafe "\(String(cString: path)), \(String(cString: object))"
    }
  }

  /// The result of a visit of the links.
  private struct Visit {
    var links: [(name: String, isLocal: Bool)] = []
    let limit: Int
  }

  /// Whether every component of a name has a link, all of which stay in the file.
  private func checkLinks(
    _ name: String, in file: borrowing HDF5Handle, _ access: borrowing HDF5Handle
  ) throws(StoreError) -> Bool {
    let components = name.split(separator: "/")
    guard !components.isEmpty, components.count <= Self.maximumDepth,
      !components.contains("."), !name.utf8.contains(0)
    else {
      throw StoreError(.invalidArgument, "this cannot be the name of a dataset")
    }
    var prefix = ""
    for component in components {
      prefix += "/" + component
      let type = unsafe CHDF5_link_type(file.id, prefix, access.id)
      guard type >= 0 else { return false }
      guard type == H5L_TYPE_HARD.rawValue || type == H5L_TYPE_SOFT.rawValue else {
        guard type == H5L_TYPE_EXTERNAL.rawValue else {
          throw StoreError(.unsupported, "\(prefix) is a user-defined link, which is not followed")
        }
        let target = target(prefix, in: file, access)
        throw StoreError(
          .unsupported, "\(prefix) is a link to another file\(target.map { ": \($0)" } ?? "")",
          remedy: "open the file it leads to")
      }
    }
    return true
  }

  /// Properties with which no link is followed out of the file, not even through a soft link.
  func linkAccess() throws(StoreError) -> HDF5Handle {
    let access = try handle(H5Pcreate(CHDF5_link_access()), "preparing to open it")
    try check(CHDF5_refuse_external_links(access.id), "preparing to open it")
    try check(H5Pset_nlinks(access.id, Self.maximumDepth), "preparing to open it")
    return access
  }
}

extension HDF5Session {
  /// The strings of an attribute, or nil if the object has none with that name.
  ///
  /// - Parameter limit: the most bytes that they may take.
  func stringsAttribute(
    _ name: String, of object: borrowing HDF5Handle, limit: Int
  ) throws(StoreError) -> [String]? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    return try strings(of: attribute, count: elementCount(of: attribute), limit: limit, place: .attribute)
  }

  /// The integer of an attribute, or nil if the object has none with that name or it is not an
  /// integer.
  func integerAttribute(_ name: String, of object: borrowing HDF5Handle) throws(StoreError) -> Int64? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    let type = try handle(H5Aget_type(attribute.id), "reading its type")
    guard try elementCount(of: attribute) == 1, H5Tget_class(type.id) == H5T_INTEGER else { return nil }
    let target = try copy(CHDF5_int64())
    var value: Int64 = 0
    try check(unsafe H5Aread(attribute.id, target.id, &value), "reading the attribute \(name)")
    return value
  }

  /// The integers of an attribute, or nil if the object has none with that name, they are not
  /// integers or more than a few.
  func integersAttribute(
    _ name: String, of object: borrowing HDF5Handle, most: Int
  ) throws(StoreError) -> [Int64]? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    let type = try handle(H5Aget_type(attribute.id), "reading its type")
    let count = try elementCount(of: attribute)
    guard (1...most).contains(count), H5Tget_class(type.id) == H5T_INTEGER else { return nil }
    let target = try copy(CHDF5_int64())
    var values = [Int64](repeating: 0, count: count)
    try check(unsafe H5Aread(attribute.id, target.id, &values), "reading the attribute \(name)")
    return values
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
    guard names.count <= 1 << 20 else {
      throw StoreError(.limitExceeded, "the object has more than a million attributes")
    }
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
    guard count <= 1 << 20 else {
      throw StoreError(.limitExceeded, "an attribute of \(count) elements is too large")
    }
    return Int(count)
  }
}
