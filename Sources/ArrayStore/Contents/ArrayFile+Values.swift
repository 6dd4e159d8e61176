import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

extension ArrayFile {
  /// All values of an array that are labels or a column, with its shape.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for objects and the like;
  ///   ``StoreError/Code/corrupt`` if the file is cut short.
  func values() throws(StoreError) -> (values: Column, shape: [Int]) {
    do throws(StoreError) {
      var count = 1
      for extent in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow else {
          throw StoreError(.corrupt, "an array of the shape \(ArrayGeometry.text(shape)) is too large")
        }
        count = product
      }
      guard !isFortranOrder || shape.filter({ $0 > 1 }).count <= 1 else {
        throw StoreError(
          .unsupported, "the values are in Fortran order, which is not read",
          remedy: "save them again with numpy's ascontiguousarray")
      }
      let (size, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
      guard !overflow, size <= (inflated?.byteCount ?? bytes.byteCount) - dataOffset else {
        throw StoreError(.corrupt, "the file is cut short", remedy: "fetch or write it again")
      }
      let header = NPYHeader(type, shape: [count])
      if let inflated {
        var column: Column?
        try unsafe inflated.forEach(count: 1) { _ in
          dataOffset..<dataOffset + size
        } _: { (_, start) throws(StoreError) in
          column = try unsafe header.column(in: UnsafeRawBufferPointer(start: start, count: size))
        }
        return (column!, shape)
      }
      let data = unsafe UnsafeRawBufferPointer(start: count == 0 ? nil : samples, count: size)
      defer { withExtendedLifetime(bytes) {} }
      return (try unsafe header.column(in: data), shape)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The labels next to an IDX file of images, by the names of MNIST: `train-images-idx3-ubyte` and
  /// `train-labels-idx1-ubyte`, compressed or not; nil if there are none.
  static func labels(beside path: String) throws(StoreError) -> ArrayFile? {
    let (folder, name) = FileSystem.split(path)
    guard name.contains("images"), name.contains("idx") else { return nil }
    let base = name.replacing("images", with: "labels").replacing("idx3", with: "idx1").replacing(
      "idx4", with: "idx1")
    let bare = base.hasSuffix(".gz") ? String(base.dropLast(3)) : base
    for candidate in [base, bare, bare + ".gz"] {
      let path = folder.isEmpty ? candidate : "\(folder)/\(candidate)"
      guard FileSystem.kind(of: path) == .file else { continue }
      let file = try ArrayFile(path, StoreDescription())
      return file.kind == .idx && file.shape.count == 1 ? file : nil
    }
    return nil
  }

  /// The file's name without suffixes.
  var stem: String {
    let name = FileSystem.split(path).name
    return name.firstIndex(of: ".").map { String(name[..<$0]) } ?? name
  }

  /// The meaning of an array of bytes by a `shape.npy` or `NAME_shape.npy` next to it, if that says
  /// that it is packed bits.
  func statedMasks() -> (description: StoreDescription, source: String)? {
    guard kind == .npy, type.kind == .unsignedInteger else { return nil }
    let folder = FileSystem.split(path).folder
    for name in ["\(stem)_shape.npy", "\(stem).shape.npy", "shape.npy"] {
      let other = folder.isEmpty ? name : "\(folder)/\(name)"
      guard other != path, FileSystem.kind(of: other) == .file,
        // Faults of a file that the caller did not name are ignored.
        let file = try? ArrayFile(other, StoreDescription()), file.shape.count == 1, file.shape[0] <= 4,
        case .int64(let values) = try? file.values().values
      else { continue }
      var masks = StatedMasks()
      masks.add("shape", values.map { Int($0) })
      if let found = masks.description(ofArray: shape, itemByteCount: type.byteCount) {
        return (found.description, name)
      }
    }
    return nil
  }
}
