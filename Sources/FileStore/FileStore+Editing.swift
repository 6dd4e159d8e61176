public import ImageStoreCore
package import ImageStoreSupport

extension FileStore: EditableStore {
  @discardableResult
  public static func edit(
    _ path: some StorePath, threads: Int?, _ change: (_ store: FileStore) throws -> any ImageStore
  ) throws -> FileStore {
    let path = try path.storePath()
    try FileWriterSession.edit(
      path,
      begin: { () throws(StoreError) in
        try FileWriterSession.begin(
          path, .append, nil, ImageEncoding(), .fast, classNames: nil, threads: threads)
      }, change)
    return try FileStore(at: path, threads: threads)
  }

  @discardableResult
  public static func remove(
    _ indices: some Sequence<Int>, from path: some StorePath, threads: Int?,
    progress: (_ written: Int) -> Void
  ) throws(StoreError) -> FileStore {
    let path = try path.storePath()
    try FileFormat().remove(indices, from: path, threads: threads, progress: progress)
    return try FileStore(at: path, threads: threads)
  }

  /// How a folder like this one is written.
  fileprivate var optionsOfSameKind: WriteOptions {
    WriteOptions(layout: (contents.isEncoded ? .encoded : contents.paths.layout ?? .subfolders).rawValue)
  }
}

extension FileFormat {
  package var editable: (any EditableStore.Type)? { FileStore.self }

  package func optionsOfSameKind(as store: any ImageStore) -> WriteOptions {
    (store as? FileStore)?.optionsOfSameKind ?? WriteOptions()
  }
}
