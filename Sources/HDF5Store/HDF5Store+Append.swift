import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension HDF5Store {
  /// Whether the pixels are deflated.
  var isCompressed: Bool {
    switch source {
    case .chunked(let pixels, _): pixels.pipeline.filters.contains(.deflate)
    case .each(let table): table.kinds.contains { !$0.filters.isEmpty }
    case .mapped, .resident, .constant, .library: false
    }
  }

  /// How the file holds what an append writes anew.
  func valueForms() throws(StoreError) -> ValueForms {
    var forms = ValueForms()
    forms.labels = annotations.labels?.dataset.type
    forms.columns = annotations.columns.mapValues(\.dataset.elements)
    (forms.classNames, forms.level) = try libraryFile.withFile { (session, file) throws(StoreError) in
      (
        try session.attributeText(DatasetNames.classNames, of: session.rootGroup(of: file)),
        try session.deflateLevel(ofImagesIn: file, fileByteCount: libraryFile.map.byteCount)
      )
    }
    return forms
  }

  /// Checks that the file has nothing but what a store has, in no form but those an append keeps, since an append writes the file
  /// anew.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` naming what would be lost.
  func checkHoldsNothingElse() throws(StoreError) {
    guard let extra = try unknownContents() else { return }
    throw StoreError(
      .unsupported, "the file has more than a store, which an append would lose: \(extra)",
      remedy: "convert it to a new file first", path: path)
  }

  /// What the file has that this package would not write, in a few words; nil if there is nothing. A file with a seal has not.
  func unknownContents() throws(StoreError) -> String? {
    if libraryFile.isSealed { return nil }
    return try libraryFile.withFile { (session, file) throws(StoreError) in
      try Inventory(store: self).unknownContents(session, file)
    }
  }

  /// What is at a path besides a finished store that this package wrote, in a few words; nil if all there is such a store,
  /// damaged or not.
  static func otherContents(at path: String) throws(StoreError) -> String? {
    switch FileSystem.kind(of: path) {
    case .file: break
    case .folder: return "a folder"
    case .other: return "neither a file nor a folder"
    case nil: return "nothing"
    }
    let library: LibraryFile
    do throws(StoreError) {
      library = try LibraryFile(path)
    } catch {
      guard [.corrupt, .unrecognized, .unsupported].contains(error.code) else { throw error }
      let file = try MappedFile(path)
      // Damaged, and no HDF5 file any more if its first bytes are.
      let isOwn =
        error.code == .unrecognized
        ? MetadataSeal.isEnd(of: file) : OwnMark.isIn(file, end: file.byteCount)
      if isOwn { return nil }
      return error.code == .unrecognized ? "no HDF5 file" : "a damaged HDF5 file, not of this package"
    }
    if library.isSealed { return nil }
    guard OwnMark.isIn(library.map, end: library.map.byteCount) else {
      return "an HDF5 file that this package did not write"
    }
    // Another program has written to it.
    do throws(StoreError) {
      let store = try HDF5Store(library, images: nil, labels: nil, threads: 1)
      if let extra = try store.unknownContents() { return "an HDF5 file with more than a store: \(extra)" }
      try store.verifyParts()
      return nil
    } catch {
      return "an HDF5 file that another program has changed (\(error.message))"
    }
  }
}
