import ImageStoreCore
import ImageStoreTesting
import Synchronization

/// A writer with one fault, over stores in memory.
struct MutantWriter: ImageStoreWriter, ~Copyable {
  enum Fault: CaseIterable {
    case visibleBeforeFinish, keptWhenDropped, createReplaces, replaceAppends, appendReplaces
    case appendForgetsOld, countWrong, labelsUnchecked, failureForgotten, finishesAfterFailure
    case columnsDropped, secondRunDropped, replacesAtOnce
  }

  final class Shelf: Sendable {
    let stores = Mutex<[String: InMemoryStore]>([:])
  }

  private let fault: Fault
  private let shelf: Shelf
  private let path: String
  private var kept = ModelImages()
  private var runs = 0
  private var failure: StoreError?
  private(set) var count = 0

  init(_ fault: Fault, _ shelf: Shelf, at path: String, mode: WriteMode, classNames: [String]?) throws {
    self.fault = fault
    self.shelf = shelf
    self.path = path
    kept.classNames = classNames
    guard let old = shelf.stores.withLock({ $0[path] }) else { return }
    switch mode {
    case .create:
      guard fault == .createReplaces else { throw StoreError(.alreadyExists, "a store is there") }
    case .replace, .replaceAnything:
      if fault == .replacesAtOnce { shelf.stores.withLock { $0[path] = nil } }
      if fault == .replaceAppends { try keep(old) }
    case .append: if fault != .appendReplaces && fault != .appendForgetsOld { try keep(old) }
    }
    if fault == .appendForgetsOld && mode == .append && old.count > 1 { try keep(old.subset(1..<old.count)) }
    count = kept.count
  }

  private mutating func keep(_ old: any ImageStore) throws {
    for index in 0..<old.count {
      kept.append(try old.pixels(at: index), format: try old.format(at: index))
    }
    kept.labels = try old.labels()
    for name in old.columnNames { kept.columns[name] = try old.column(name) }
  }

  mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
  ) throws(StoreError) {
    if let failure, fault != .failureForgotten { throw failure }
    runs += 1
    do throws(StoreError) {
      try check(pixels, layout, labels)
    } catch {
      // A writer that forgets its failure takes the same images when they are appended again.
      if fault == .failureForgotten && failure != nil { return }
      failure = error
      throw error
    }
    let isLost = fault == .secondRunDropped && runs == 2
    if !isLost { keep(pixels, layout, labels) }
    count += layout.count + (fault == .countWrong ? 1 : 0)
    if fault == .visibleBeforeFinish || fault == .keptWhenDropped { try publish() }
  }

  consuming func finish() throws(StoreError) {
    if fault == .finishesAfterFailure || fault == .failureForgotten {
      return try publish()
    }
    if let failure { throw failure }
    try publish()
  }

  private func check(
    _ pixels: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels
  ) throws(StoreError) {
    guard pixels.byteCount == layout.byteCount else { throw StoreError(.invalidArgument, "pixels") }
    if fault == .labelsUnchecked { return }
    try labels.validate(count: layout.count)
    if kept.count > 0 && layout.count > 0 {
      var all = ImageLabels(labels: kept.labels, columns: kept.columns)
      try all.append(labels)
    }
  }

  private mutating func keep(_ pixels: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels) {
    let bytes = unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) }
    var more = ModelImages()
    for position in 0..<layout.count {
      more.append(Array(bytes[layout.byteRange(of: position)]), format: layout[position])
    }
    more.labels = labels.labels
    if fault != .columnsDropped { more.columns = labels.columns }
    kept.append(contentsOf: more)
  }

  private func publish() throws(StoreError) {
    let store = try InMemoryStore(copying: ModelStore(kept))
    shelf.stores.withLock { $0[path] = store }
  }
}
