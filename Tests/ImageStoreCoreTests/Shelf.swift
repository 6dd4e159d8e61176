import ImageStoreCore
import ImageStoreTesting
import Synchronization

/// Stands for a file system: finished in-memory stores under their paths.
final class Shelf: Sendable {
  private let stores = Mutex<[String: InMemoryStore]>([:])

  func store(at path: String) throws(StoreError) -> InMemoryStore {
    guard let store = stores.withLock({ $0[path] }) else {
      throw StoreError(.notFound, "there is no such store", path: path)
    }
    return store
  }

  fileprivate func put(_ store: InMemoryStore, at path: String) {
    stores.withLock { $0[path] = store }
  }

  /// Writes to memory and puts the store on the shelf when it is finished.
  struct Writer: ImageStoreWriter, ~Copyable {
    private var memory: InMemoryStore.Writer
    private let merge: ClassNameMerge
    private let countBefore: Int
    private var failure: StoreError?
    private let shelf: Shelf
    private let path: String

    init(_ shelf: Shelf, at path: String, mode: WriteMode, classNames: [String]?) throws(StoreError) {
      // Everything that can throw comes first: noncopyable properties are set all or none.
      var old: InMemoryStore?
      if let existing = try? shelf.store(at: path) {
        switch mode {
        case .create: throw StoreError(.alreadyExists, "there is a store already", path: path)
        case .replace, .replaceAnything: break
        case .append: old = existing
        }
      }
      let merge = try ClassNameMerge(classNames, onto: old?.classNames) { () throws(StoreError) in
        old?.labels()
      }
      var memory = InMemoryStore.Writer(classNames: merge.names)
      if let old { try memory.append(contentsOf: old) }
      countBefore = memory.count
      self.memory = memory
      self.merge = merge
      self.shelf = shelf
      self.path = path
    }

    var count: Int { memory.count - countBefore }

    mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try memory.append(pixels, layout: layout, labels: merge.translating(labels, first: memory.count))
      } catch {
        failure = error
        throw error
      }
    }

    consuming func finish() throws(StoreError) {
      if let failure { throw failure }
      let (shelf, path) = (shelf, path)
      shelf.put(try memory.finish(), at: path)
    }
  }
}

extension StoreFactory {
  /// Stores in memory, opened through `wrap`.
  static func shelf(
    _ name: String, wrap: @escaping @Sendable (InMemoryStore) throws -> any ImageStore = { $0 }
  ) -> StoreFactory {
    let shelf = Shelf()
    var capabilities = StoreCapabilities()
    capabilities.holdsMixedFormats = true
    capabilities.isFileBased = false
    return StoreFactory(
      name, capabilities: capabilities,
      write: { path, mode, plan in
        try plan.run(Shelf.Writer(shelf, at: path, mode: mode, classNames: plan.classNames))
      },
      open: { path in try wrap(try shelf.store(at: path)) })
  }
}

extension ClassNameMerge {
  /// Labels and columns, with the labels that the images get in the store.
  func translating(_ labels: ImageLabels, first: Int) throws(StoreError) -> ImageLabels {
    guard let given = labels.labels else { return labels }
    var labels = labels
    labels.labels = try translating(given, first: first)
    return labels
  }
}
