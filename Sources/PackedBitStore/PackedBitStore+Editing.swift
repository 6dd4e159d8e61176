public import ImageStoreCore
package import ImageStoreSupport

extension PackedBitStore: EditableStore {
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: PackedBitStore) throws -> any ImageStore
  ) throws -> PackedBitStore {
    let path = try path.storePath()
    try PackedBitWriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        try PackedBitWriterSession(
          path, .append, axis: .rows, threshold: nil, classNames: nil, threads: Workers.threadCount(threads))
      }, change)
    return try PackedBitStore(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> PackedBitStore {
    let path = try path.storePath()
    try PackedBitFormat().remove(indices, from: path, threads: threads, progress: progress)
    return try PackedBitStore(at: path, threads: threads)
  }

  /// How a folder like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    WriteOptions(layout: (layout?.axis ?? .rows).rawValue)
  }
}

extension PackedBitFormat {
  package var editable: (any EditableStore.Type)? { PackedBitStore.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? PackedBitStore)?.optionsOfSameKind ?? WriteOptions()
  }
}
