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
    private let shelf: Shelf
    private let path: String

    init(_ shelf: Shelf, at path: String, mode: WriteMode, classNames: [String]?) throws(StoreError) {
      memory = InMemoryStore.Writer(classNames: classNames)
      self.shelf = shelf
      self.path = path
      guard let existing = try? shelf.store(at: path) else { return }
      switch mode {
      case .create: throw StoreError(.alreadyExists, "there is a store already", path: path)
      case .replace, .replaceAnything: break
      case .append: try memory.append(contentsOf: existing)
      }
    }

    var count: Int { memory.count }

    mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      try memory.append(pixels, layout: layout, labels: labels)
    }

    consuming func finish() throws(StoreError) {
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
