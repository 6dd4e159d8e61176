import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// Opens for reading what a descriptor is open for, which must stay open.
  func openFile(_ descriptor: Int32) throws(StoreError) -> HDF5Handle {
    let access = try fileAccess()
    try check(CHDF5_set_file_locking(access.id, false, true), "preparing to open it")
    try check(CHDF5_set_descriptor(access.id, descriptor), "preparing to open it")
    // The name is for the library's own use; an absolute one does not make it ask for the current folder.
    let id = unsafe H5Fopen("/descriptor", CHDF5_read_only(), access.id)
    return try handle(id, with: access, "opening it")
  }

  /// Creates a file that must not exist. It is not locked: it stands in a writer's own folder, which is.
  ///
  /// - Parameters:
  ///   - alignedByteCount: objects of at least this size begin at a multiple of ``PixelSpool/start``.
  ///   - hasSingleChunks: whether there will be many datasets of one chunk, which then take a small index
  ///     instead of one of 3 KB each.
  func createFile(
    _ path: String, alignedByteCount: Int, hasSingleChunks: Bool
  ) throws(StoreError) -> HDF5Handle {
    let access = try fileAccess()
    try check(CHDF5_set_file_locking(access.id, false, true), "setting up file locking")
    try check(
      H5Pset_alignment(access.id, hsize_t(alignedByteCount), hsize_t(PixelSpool.start)),
      "setting up alignment")
    let creation = try handle(H5Pcreate(CHDF5_file_creation()), "preparing to create it")
    if hasSingleChunks { try check(H5Pset_istore_k(creation.id, 1), "preparing to create it") }
    return try handle(
      unsafe H5Fcreate(path, CHDF5_exclusive(), creation.id, access.id), "creating it")
  }

  private func fileAccess() throws(StoreError) -> HDF5Handle {
    let access = try handle(H5Pcreate(CHDF5_file_access()), "preparing to open it")
    // Closing the file closes whatever is still open in it; a handle that was forgotten would keep the
    // file open and locked otherwise.
    try check(H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG), "preparing to open it")
    return access
  }
}
