public import ImageStoreCore
package import ImageStoreSupport

extension LMDBStore: EditableStore {
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: LMDBStore) throws -> any ImageStore
  ) throws -> LMDBStore {
    let path = try path.storePath()
    try LMDBWriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        try LMDBWriterSession(path, .append, .automatic, ImageEncoding(), classNames: nil, threads: threads)
      }, change)
    return try LMDBStore(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> LMDBStore {
    let path = try path.storePath()
    try LMDBFormat().remove(indices, from: path, threads: threads, progress: progress)
    return try LMDBStore(at: path, threads: threads)
  }

  /// How an environment like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    let layout: Layout =
      contents.isEncoded ? .encoded : contents.hasBlocks || format == nil ? .automatic : .perImage
    return WriteOptions(layout: layout.rawValue)
  }
}

extension LMDBFormat {
  package var editable: (any EditableStore.Type)? { LMDBStore.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? LMDBStore)?.optionsOfSameKind ?? WriteOptions()
  }
}
