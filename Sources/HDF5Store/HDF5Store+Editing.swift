public import ImageStoreCore
package import ImageStoreSupport

extension HDF5Store: EditableStore {
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: HDF5Store) throws -> any ImageStore
  ) throws -> HDF5Store {
    let path = try path.storePath()
    try HDF5WriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        try HDF5WriterSession.start(
          path, .append, .none, .uniform, ImageEncoding(), classNames: nil, threads: threads, takesOver: false
        )
      }, change)
    return try HDF5Store(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> HDF5Store {
    let path = try path.storePath()
    try HDF5Format().remove(indices, from: path, threads: threads, progress: progress)
    return try HDF5Store(at: path, threads: threads)
  }

  /// How a file like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    if isEncodedHere { return WriteOptions(layout: Layout.encoded.rawValue) }
    return WriteOptions(
      compression: isCompressed ? ((try? valueForms().level) == 1 ? .fast : .small) : Compression.none)
  }
}

extension HDF5Format {
  package var editable: (any EditableStore.Type)? { HDF5Store.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? HDF5Store)?.optionsOfSameKind ?? WriteOptions()
  }
}
