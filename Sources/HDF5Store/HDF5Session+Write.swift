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
    // Small datasets are kept back until they are closed, when a failure would go unheard.
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

  /// Properties of a dataset whose elements stand in a file already, or will be put there around the
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

  /// Writes everything to the file, so that what fails does so here and not on closing it.
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

  /// Properties with which names are said to be UTF-8.
  private func linkCreation() throws(StoreError) -> HDF5Handle {
    let link = try handle(H5Pcreate(CHDF5_link_creation()), "preparing a name")
    try check(H5Pset_char_encoding(link.id, H5T_CSET_UTF8), "preparing a name")
    return link
  }
}
