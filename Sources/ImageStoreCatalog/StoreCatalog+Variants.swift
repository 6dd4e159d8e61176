public import ImageStoreCore
package import ImageStoreSupport

extension StoreCatalog {
  /// A kind of store in one of its layouts, for tools that try or measure all of them.
  public struct Variant: Sendable, CustomStringConvertible {
    /// The name, such as `npz-stored`.
    public let name: String
    /// The name of the kind, such as `npz`.
    public let kind: String
    /// The suffix of the last component of a path, such as `.npz`; empty for folders of files.
    public let suffix: String
    /// Whether it holds only masks: one channel of bools.
    public let holdsMasksAlone: Bool
    /// Whether it is for images that differ in height and width.
    public let isForMixedSizes: Bool

    package let format: any WritableStoreFormat
    package let variant: StoreVariant

    fileprivate init(_ format: any WritableStoreFormat, _ variant: StoreVariant) {
      name = variant.name
      kind = format.name
      suffix = format.suffixes.first ?? ""
      holdsMasksAlone = variant.images == .mask
      isForMixedSizes = variant.images == .mixed
      self.format = format
      self.variant = variant
    }

    /// The name.
    public var description: String { name }

    /// Writes all images of a store with their labels, columns and class names.
    ///
    /// - Parameters:
    ///   - source: any store whose images the kind holds.
    ///   - path: where to write.
    ///   - mode: whether to create, replace or append.
    ///   - threads: how many threads the writer may use; nil for one per processor.
    /// - Throws: what the kind's writer throws.
    public func write(
      _ source: any ImageStore, to path: some StorePath, mode: WriteMode = .create, threads: Int? = nil
    ) throws(StoreError) {
      var options = variant.options
      options.mode = mode
      options.threads = threads
      try format.write(source, to: path.storePath(), options)
    }

    /// Opens a written store.
    ///
    /// - Parameters:
    ///   - path: a store of this kind.
    ///   - threads: how many threads the store may use; nil for one per processor.
    /// - Throws: ``StoreError`` as the kind's store does.
    public func open(_ path: some StorePath, threads: Int? = nil) throws(StoreError) -> any ImageStore {
      let found = try format.open(path.storePath(), StoreDescription(), threads: threads)
      return found.count == 1 ? found[0].store : ConcatenatedStore(found.map(\.store))
    }
  }

  /// Every variant with code of its own, by kind, in the order in which tables list the kinds.
  public static let variants: [Variant] = writable.flatMap { format in
    format.variants.map { Variant(format, $0) }
  }
}
