public import ImageStoreCore
package import ImageStoreSupport

extension NPZStore: EditableStore {
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: NPZStore) throws -> any ImageStore
  ) throws -> NPZStore {
    let path = try path.storePath()
    try NPZWriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        try NPZWriterSession(
          path, .append, .small, nil, ImageEncoding(), classNames: nil, threads: Workers.threadCount(threads))
      }, change)
    return try NPZStore(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> NPZStore {
    let path = try path.storePath()
    try NPZFormat().remove(indices, from: path, threads: threads, progress: progress)
    return try NPZStore(at: path, threads: threads)
  }

  /// How an archive like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    if case .encoded = images { return WriteOptions(layout: Layout.encoded.rawValue) }
    guard case .entries(let entries) = images, count > 0, !entries.entry(0).isDeflated else {
      return WriteOptions()
    }
    return WriteOptions(compression: Compression.none)
  }
}

extension NPZFormat {
  package var editable: (any EditableStore.Type)? { NPZStore.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? NPZStore)?.optionsOfSameKind ?? WriteOptions()
  }
}
